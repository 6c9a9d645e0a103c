"""The store thread: owns the writing connection, takes jobs in the order in which they were queued.

Deliveries that wait together share one transaction; a lone one is committed at once. The index of words follows a little
later, but before any job that could ask it. Between jobs, and when it is quiet, the database is kept in shape.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

import apsw

from mailcatcher.errors import StoreError
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Done, Filed, Touched
from mailcatcher.store.changing import SLICE, Changer, Totals
from mailcatcher.store.database import Deadline, open_writer, opening, translated
from mailcatcher.store.index import WordIndex
from mailcatcher.store.lock import FileLock
from mailcatcher.store.maintenance import Maintenance
from mailcatcher.store.reading import Reader
from mailcatcher.store.writing import Writer

logger = logging.getLogger(__name__)
T = TypeVar("T")

BATCH = 256
"""Most deliveries in one transaction, so that the first of them does not wait too long."""

COMPANY_SECONDS = 0.0001
"""After a batch of more than two: how long to wait for others before the next, so that batches stay large."""

QUIET_SECONDS = 0.01
"""Silence after which retention is made exact."""

IDLE_SECONDS = 1.0
"""Silence after which the index is merged and the log is truncated."""

Job = Filed | Callable[[], None]


class StoreThread:
    """Opens the database and starts; to be made on the loop. See `base.Store.start` for the functions it is given."""

    def __init__(
        self,
        path: str,
        *,
        synchronous: str,
        max_messages: int,
        complete: Callable[[Arrival], None],
        finish: Callable[[list[Filed]], None],
        removed: Callable[[Touched], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._complete, self._finish, self._removed = complete, finish, removed
        self._max_messages = max_messages
        # Above this excess retention does not wait for silence: enough at once to be cheap, never a large overshoot.
        self._overshoot = min(500, max(1, max_messages // 10))
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._crowded = False  # the last batch had company
        self._quiet = False  # nothing was done since the last upkeep
        self.closed = False
        self._lock = None if path == ":memory:" else FileLock(path)
        try:
            self._open(path, synchronous)
        except BaseException:
            self._unlock()
            raise
        self._thread = threading.Thread(target=self._run, name="mailcatcher-store", daemon=True)
        self._thread.start()

    def _open(self, path: str, synchronous: str) -> None:
        self.connection = connection = open_writer(path, synchronous)
        with opening(connection, path):
            self.reader = Reader(connection, Deadline(connection))
            self.index = WordIndex(connection)
            self.writer = Writer(connection)
            self.searchable_seq = 0  # up to which searches find everything; the loop compares it with `writer.last_seq`
            self.totals = Totals(connection)
            self.changer = Changer(connection, self.reader, self.totals, self.index)
            self.maintenance = Maintenance(connection, path)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def submit(self, arrival: Arrival, done: Done) -> None:
        """Queue one arrival."""
        if self.closed:
            self._loop.call_soon(done, closed_error())
        else:
            self._jobs.put(Filed(arrival, done, []))

    async def call(self, work: Callable[[], T], tell: Callable[[T], None] | None = None, *, indexed: bool = False) -> T:
        """Run a job in the store thread, behind everything queued before it; `indexed`: with a complete index of words."""
        if self.closed:
            raise closed_error()
        future: asyncio.Future[T] = self._loop.create_future()

        def job() -> None:
            try:
                if indexed:
                    self._flush()
                result = work()
            except Exception as error:  # noqa: BLE001 - handed to the caller
                known = translated(error) if isinstance(error, apsw.Error) else error
                self._loop.call_soon_threadsafe(_reject, future, known)
            else:
                self._loop.call_soon_threadsafe(_resolve, future, result, tell)

        self._jobs.put(job)
        return await future

    def close(self) -> None:
        """Finish what is queued, then close the database; blocks until that is done."""
        self.closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (jobs := self._next_jobs()) is not None:
                self._carry_out(jobs)
            self._flush()  # else the next start would have to parse what waits
        except apsw.Error:
            logger.exception("the index could not be completed, the next start will do it")
        except Exception:
            logger.exception("the store thread died")
            raise
        finally:
            self.closed = True
            self.maintenance.finish()
            self.connection.close()
            self._unlock()
            self._refuse_rest()

    def _refuse_rest(self) -> None:
        """Answer what came too late; jobs find out by themselves that the connection is closed."""
        while not self._jobs.empty():
            job = self._jobs.get()
            if isinstance(job, Filed):
                job.error = closed_error()
                self._loop.call_soon_threadsafe(self._finish, [job])
            elif job is not None:
                job()

    def _next_jobs(self) -> list[Job] | None:
        """All that is queued, at most BATCH; None to stop. Quiet moments are used for upkeep."""
        job = self._wait()
        if job is None:
            return None
        jobs = [job]
        if self._crowded:
            time.sleep(COMPANY_SECONDS)
        try:
            while len(jobs) < BATCH:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)
                    break
                jobs.append(job)
        except Empty:
            pass
        return jobs

    def _wait(self) -> Job | None:
        while True:
            timeout = self._upkeep_in()
            try:
                return self._jobs.get(timeout=timeout)
            except Empty:
                self._keep_up(timeout or 0.0)

    def _upkeep_in(self) -> float | None:
        if not self._quiet:
            return QUIET_SECONDS
        return IDLE_SECONDS if self.maintenance.pending or self.changer.waiting else None

    def _keep_up(self, waited: float) -> None:
        self._quiet = True
        try:
            if waited < IDLE_SECONDS:
                self._flush()
                self._prune(0)
                self._purge()  # a slice, so that someone who looks every second does not put it off for ever
                return
            while self._jobs.empty() and (self._purge() or self.maintenance.idle()):
                pass
        except apsw.Error:
            logger.exception("upkeep of the database failed")
            self.maintenance.pending = False

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        self._quiet = False
        batch: list[Filed] = []
        for job in jobs:
            if isinstance(job, Filed):
                batch.append(job)
                continue
            self._store(batch)
            batch = []
            job()
        self._store(batch)

    def _store(self, batch: list[Filed]) -> None:
        self._crowded = len(batch) > 2
        if not batch:
            return
        ready = [filed for filed in batch if self._completed(filed)]
        try:
            self._write(ready)
        except Exception as error:  # noqa: BLE001 - one mail that cannot be stored must not cost the others
            logger.warning("a batch of %d could not be stored (%s): trying one at a time", len(ready), error)
            for filed in ready:
                self._write_alone(filed)
        self._loop.call_soon_threadsafe(self._finish, batch)
        # The clients have their answers: what searches need is made while they are writing the next mail.
        for filed in ready:
            if filed.error is None:
                self.index.add(filed.arrival)
        try:
            self.maintenance.after_batch(len(ready), sum(len(filed.arrival.raw) for filed in ready))
            if added := self.index.flush_blocks():
                self.maintenance.after_index(added)
            self._prune(self._overshoot)
        except apsw.Error:
            logger.exception("upkeep of the database failed")

    def _completed(self, filed: Filed) -> bool:
        """Parse and file one arrival; what goes wrong costs only this one."""
        try:
            self._complete(filed.arrival)
        except Exception:
            logger.exception("a message could not be prepared")
            filed.error = StoreError("the message could not be prepared")
            return False
        return True

    def _write(self, batch: list[Filed]) -> None:
        if batch:
            self.writer.write(batch)
            for filed in batch:
                for mailbox, _ in filed.rows:
                    self.totals.add(mailbox, 1, 1, len(filed.arrival.raw))

    def _write_alone(self, filed: Filed) -> None:
        try:
            self._write([filed])
        except apsw.Error as error:
            filed.rows.clear()
            filed.error = translated(error)
            logger.error("a message could not be stored: %s", filed.error)  # noqa: TRY400 - the text says it all
        except Exception:
            filed.rows.clear()
            filed.error = StoreError("the message could not be stored")
            logger.exception("a message could not be stored")

    def _prune(self, overshoot: int) -> None:
        if self._max_messages and self.totals.all.messages > self._max_messages + overshoot:
            touched = self.changer.prune(self._max_messages)
            self._loop.call_soon_threadsafe(self._removed, touched)
            while self._purge():
                pass

    def _flush(self) -> None:
        if added := self.index.flush():
            self.maintenance.after_index(added)
        self.searchable_seq = self.writer.last_seq

    def _purge(self) -> bool:
        """One slice of what was deleted for good; it fills the log like a batch of mail."""
        purged = self.changer.purge()
        if purged:
            self.maintenance.after_batch(SLICE, 0)
            self.maintenance.after_index(SLICE)
        return purged


def _resolve(future: asyncio.Future[T], result: T, tell: Callable[[T], None] | None) -> None:
    if tell is not None:  # here and not by whoever waits: the next commit's events may follow before they run
        tell(result)
    if not future.done():  # else the caller gave up
        future.set_result(result)


def _reject(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def closed_error() -> StoreError:
    """What those get who come too late."""
    return StoreError("the store is closed")
