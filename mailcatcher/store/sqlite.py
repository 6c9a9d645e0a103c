"""The SQLite store: one thread that owns the writing connection, readers beside it for a file.

Jobs run in the order in which they were queued. Deliveries that wait together share one transaction; a lone one is
committed at once. The index of words follows a little later, but before any job that could ask it. `:memory:` has one
connection, so its reads are jobs too (a shared cache would lock readers out).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

import apsw

from mailcatcher.errors import StoreError
from mailcatcher.schema import Summary
from mailcatcher.search.tree import All, Query
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Counts, Done, Filed, Kept, Page, Selector, Tell, Touched
from mailcatcher.store.changing import SLICE, Changer, Totals
from mailcatcher.store.database import Deadline, open_writer, opening, translated
from mailcatcher.store.index import LAG, WordIndex
from mailcatcher.store.maintenance import Maintenance
from mailcatcher.store.readers import Readers
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


class SqliteStore:
    """A store in a file or in memory; see `base.Store` for what its methods promise."""

    sqlite_version = apsw.sqlite_lib_version()

    def __init__(self, path: str = ":memory:", *, synchronous: str = "normal", max_messages: int = 0) -> None:
        self.path = path
        self._synchronous = synchronous
        self._max_messages = max_messages
        # Above this excess retention does not wait for silence: enough at once to be cheap, never a large overshoot.
        self._overshoot = min(500, max(1, max_messages // 10))
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._readers: Readers | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    # -- life -------------------------------------------------------------------------------------------------------

    def start(
        self,
        *,
        complete: Callable[[Arrival], None],
        finish: Callable[[list[Filed]], None],
        removed: Callable[[Touched], None],
    ) -> None:
        """Open the database and start the store thread; to be called on the loop."""
        self._loop = asyncio.get_running_loop()
        self._complete, self._finish, self._removed = complete, finish, removed
        self._connection = connection = open_writer(self.path, self._synchronous)
        with opening(connection, self.path):
            self._own_reader = Reader(connection, Deadline(connection))
            self._index = WordIndex(connection)
            self._writer = Writer(connection, self._index)
            self._totals = Totals(connection)
            self._changer = Changer(connection, self._own_reader, self._totals, self._index)
            self._maintenance = Maintenance(connection, self.path)
        if self.path != ":memory:":
            self._readers = Readers(self.path)
        self._thread = threading.Thread(target=self._run, name="mailcatcher-store", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finish what is queued, then close the database."""
        if self._thread is None:
            return
        self._closed = True
        if self._readers is not None:  # first: the last connection to close folds the log into the database, if it may write
            await asyncio.to_thread(self._readers.close)
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- what a store offers ----------------------------------------------------------------------------------------

    def submit(self, arrival: Arrival, done: Done) -> None:
        """Queue one arrival."""
        if self._closed:
            self._loop.call_soon(done, _closed())
        else:
            self._jobs.put(Filed(arrival, done, []))

    async def find(
        self,
        query: Query,
        *,
        mailbox: str | None,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        oldest_first: bool = False,
    ) -> Page:
        """One page of the messages that match."""
        return await self._search(
            query,
            lambda reader: reader.find(
                query, mailbox=mailbox, limit=limit, cursor=cursor, offset=offset, oldest_first=oldest_first,
                counts=self._totals.of(mailbox),
            ),
        )  # fmt: skip

    async def between(self, query: Query, *, mailbox: str | None, after_seq: int, up_to_seq: int, limit: int) -> tuple[list[Summary], int]:
        """The oldest matches with `seq` in (after, up to], and how many there are."""
        return await self._search(
            query, lambda reader: reader.between(query, mailbox=mailbox, after_seq=after_seq, up_to_seq=up_to_seq, limit=limit)
        )

    async def get(self, message_id: str) -> Kept:
        """One message."""
        return await self._read(lambda reader: reader.get(message_id))

    async def raw(self, message_id: str) -> bytes:
        """The bytes exactly as they came."""
        return await self._read(lambda reader: reader.raw(message_id))

    async def latest(self, query: Query, *, mailbox: str | None) -> str:
        """The id of the newest match."""
        return await self._search(query, lambda reader: reader.latest(query, mailbox=mailbox))

    @property
    def last_seq(self) -> int:
        """The greatest `seq` ever given to a message."""
        return self._writer.last_seq

    def counts(self, mailbox: str | None) -> Counts:
        """What a mailbox (all of them: None) holds now."""
        return self._totals.of(mailbox)

    async def mark(self, selector: Selector, *, read: bool, tell: Tell | None = None) -> Touched:
        """Set the read flag."""
        return await self._call(lambda: self._changer.mark(selector, read=read), tell, indexed=_searches(selector))

    async def delete(self, selector: Selector, *, keep_seconds: float, tell: Tell | None = None) -> Touched:
        """Hide messages at once and remove them later."""
        work = partial(self._changer.delete, selector, keep_seconds=keep_seconds)
        return await self._call(work, tell, indexed=_searches(selector))

    async def restore(self, token: str, *, tell: Tell | None = None) -> Touched:
        """Undo one deletion."""
        return await self._call(lambda: self._changer.restore(token), tell)

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _search(self, query: Query, question: Callable[[Reader], T]) -> T:
        """A question that may need the index of words, which is made complete first."""
        indexed = query != All()
        if self._readers is None:
            return await self._call(lambda: question(self._own_reader), indexed=indexed)
        if indexed and self._index.waiting:
            await self._call(lambda: None, indexed=True)
        return await self._read(question)

    async def _read(self, question: Callable[[Reader], T]) -> T:
        if self._readers is None:
            return await self._call(lambda: question(self._own_reader))
        if self._closed:
            raise _closed()
        return await self._readers.ask(question)

    async def _call(self, work: Callable[[], T], tell: Callable[[T], None] | None = None, *, indexed: bool = False) -> T:
        """Run a job in the store thread, behind everything queued before it; `indexed`: with a complete index of words."""
        if self._closed:
            raise _closed()
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

    # -- the store thread -------------------------------------------------------------------------------------------

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
            self._closed = True
            self._maintenance.finish()
            self._connection.close()
            self._refuse_rest()

    def _refuse_rest(self) -> None:
        """Answer what came too late; jobs find out by themselves that the connection is closed."""
        while not self._jobs.empty():
            job = self._jobs.get()
            if isinstance(job, Filed):
                job.error = _closed()
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

    _crowded = False
    _quiet = False

    def _upkeep_in(self) -> float | None:
        if not self._quiet:
            return QUIET_SECONDS
        return IDLE_SECONDS if self._maintenance.pending or self._changer.waiting else None

    def _keep_up(self, waited: float) -> None:
        self._quiet = True
        try:
            if waited < IDLE_SECONDS:
                self._flush()
                self._prune(0)
                self._purge()  # a slice, so that someone who looks every second does not put it off for ever
                return
            while self._jobs.empty() and (self._purge() or self._maintenance.idle()):
                pass
        except apsw.Error:
            logger.exception("upkeep of the database failed")
            self._maintenance.pending = False

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
        try:
            self._maintenance.after_batch(len(ready), sum(len(filed.arrival.raw) for filed in ready))
            if len(self._index.waiting) >= LAG:
                self._flush()
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
            self._writer.write(batch)
            for filed in batch:
                for mailbox, _ in filed.rows:
                    self._totals.add(mailbox, 1, 1, len(filed.arrival.raw))

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
        if self._max_messages and self._totals.all.messages > self._max_messages + overshoot:
            touched = self._changer.prune(self._max_messages)
            self._loop.call_soon_threadsafe(self._removed, touched)
            while self._purge():
                pass

    def _flush(self) -> None:
        if added := self._index.flush():
            self._maintenance.after_index(added)

    def _purge(self) -> bool:
        """One slice of what was deleted for good; it fills the log like a batch of mail."""
        purged = self._changer.purge()
        if purged:
            self._maintenance.after_batch(SLICE, 0)
            self._maintenance.after_index(SLICE)
        return purged


def _resolve(future: asyncio.Future[T], result: T, tell: Callable[[T], None] | None) -> None:
    if tell is not None:  # here and not by whoever waits: the next commit's events may follow before they run
        tell(result)
    if not future.done():  # else the caller gave up
        future.set_result(result)


def _reject(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _searches(selector: Selector) -> bool:
    return selector.query != All()


def _closed() -> StoreError:
    return StoreError("the store is closed")


EVERYTHING = Selector(query=All())
"""Selects every message."""
