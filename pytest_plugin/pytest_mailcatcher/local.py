"""The server of a test run: a catcher on a loop of its own, in a daemon thread of this process."""

import asyncio
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from inspect import currentframe
from queue import SimpleQueue
from types import FrameType
from typing import Any
from weakref import WeakSet

from mailcatcher.catcher import Catcher
from mailcatcher.config import Smtp
from mailcatcher.errors import MailcatcherError
from mailcatcher.mailroom.mailboxes import INBOX
from mailcatcher.net.binding import bind
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Selector
from mailcatcher.store.sqlite import SqliteStore
from pytest_mailcatcher.epochs import Epoch, Epochs, News

PASSES = 6
"""Turns of the loop from a connection in the kernel's queue to its first bytes read: accept, task, made, reader, select, read."""

STOP_SECONDS = 2.0
"""For the loop's thread to end; an ordinary stop takes milliseconds."""

BLOCKED = "sockets are blocked (pytest-socket): add --allow-hosts=127.0.0.1,::1 or mark the test with @pytest.mark.enable_socket"


class Loop(asyncio.SelectorEventLoop):
    """A loop with a clock that no test can stop: freezegun and time-machine replace time.monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        super().__init__()

    def time(self) -> float:
        """Seconds, only ever forward."""
        return self._clock()


class Server:
    """Accepts mail for the tests of this process. Its methods are called from the tests' threads."""

    def __init__(self, host: str, port: int, *, clock: Callable[[], float]) -> None:
        """Start it. Raises ConfigError for an address that cannot be had, MailcatcherError if sockets are blocked."""
        self.require_sockets()
        self.pid = os.getpid()
        self.host = host
        self.sockets = _bound(host, port)
        self.port: int = self.sockets[0].getsockname()[1]
        self.epochs = Epochs()
        self._loop = Loop(clock)
        settings = Smtp(listen=())
        self._catcher = Catcher(SqliteStore(":memory:", max_messages=0), settings, sockets=self.sockets, sessions=self.epochs)
        self._catcher.mailroom.watch(self._file)
        self._tasks: set[asyncio.Task[object]] = set()
        started = SimpleQueue[BaseException | None]()
        self._thread = threading.Thread(target=self._run, args=(started,), name="mailcatcher", daemon=True)
        self._thread.start()
        error = started.get()
        if error is not None:
            raise error
        _servers.add(self)

    def stop(self) -> None:
        """Cut every connection and end the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)

    def abandon(self) -> None:
        """In a forked child: close the listening sockets, else clients of the parent could wait here for an answer for ever.

        The loop itself is left alone: its selector is the parent's too.
        """
        for sock in self.sockets:
            sock.close()
        _abandoned.append(self)

    def require_sockets(self) -> None:
        """Raise MailcatcherError if the test may not use sockets."""
        if socket.socket.__module__ == "pytest_socket":
            raise MailcatcherError(BLOCKED)

    # -- epochs -----------------------------------------------------------------------------------------------------

    def open_epoch(self) -> Epoch:
        """File what begins now in a new mailbox."""
        epoch = self.epochs.begin_epoch()
        self._catcher.mailroom.mailboxes.current = epoch.mailbox
        return epoch

    def close_epoch(self, epoch: Epoch) -> None:
        """File what begins now in the inbox; attempts that are under way still belong to the epoch."""
        mailboxes = self._catcher.mailroom.mailboxes
        if mailboxes.current == epoch.mailbox:
            mailboxes.current = INBOX
        self.epochs.end_epoch(epoch)

    def drop_epoch(self, epoch: Epoch) -> None:
        """Let go of the mail of an epoch, also of what is still to come."""
        if epoch.attempts:
            self._delete(Selector(mailbox=epoch.mailbox))
        self.epochs.forget_epoch(epoch)

    def clear(self, epoch: Epoch) -> None:
        """Delete the mail that an epoch has now."""
        mails, epoch.mails = epoch.mails, []
        if mails:
            self._delete(Selector(ids=tuple(mail.id for mail in mails)))

    # -- waiting ----------------------------------------------------------------------------------------------------

    def deadline(self, seconds: float, news: News) -> Callable[[], None]:
        """Put None into `news` after so many seconds, by the server's clock; returns what takes it back."""
        timers: list[asyncio.TimerHandle] = []
        self._loop.call_soon_threadsafe(lambda: timers.append(self._loop.call_later(seconds, news.put, None)))

        def cancel() -> None:
            self._loop.call_soon_threadsafe(lambda: timers.pop().cancel())

        return cancel

    def settle(self, epoch: Epoch, seconds: float) -> bool:
        """Let the loop read what has arrived, then wait until no attempt is open; False if one still is after `seconds`."""
        self._require_own_process()
        settled = SimpleQueue[bool]()
        self._loop.call_soon_threadsafe(self._settle, epoch, settled, PASSES, seconds)
        return settled.get()

    def may_block(self) -> bool:
        """Whether this thread may wait: not if a loop runs in it, which may be what sends the awaited mail."""
        return not _blocks_a_loop()

    def require_waitable(self, name: str) -> None:
        """Raise RuntimeError where the method `name` must not wait."""
        self._require_own_process()
        if not self.may_block():
            raise RuntimeError(
                f"{name}() would block the event loop that runs in this thread, and whatever sends the mail with it: "
                f"use `await asyncio.to_thread(mailcatcher.{name}, ...)`"
            )

    def _require_own_process(self) -> None:
        if os.getpid() != self.pid:
            raise RuntimeError("this process was forked: the server is in its parent, which sees the mail; wait there")

    def _settle(self, epoch: Epoch, settled: "SimpleQueue[bool]", passes: int, seconds: float | None) -> None:
        """Let the loop turn so often, then tell; after the end of an attempt again, since a client may have sent the next one with it."""
        if passes:
            self._loop.call_soon(self._settle, epoch, settled, passes - 1, seconds)
        elif not epoch.open:
            settled.put(True)
        else:
            epoch.settlers.append(partial(self._settle, epoch, settled, PASSES, None))
            if seconds is not None:
                self._loop.call_later(seconds, settled.put, False)

    # -- on the loop ------------------------------------------------------------------------------------------------

    def _run(self, started: "SimpleQueue[BaseException | None]") -> None:
        loop = self._loop
        try:
            loop.run_until_complete(self._catcher.start())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for the start
            loop.close()
            started.put(error)
            return
        started.put(None)
        try:
            loop.run_forever()
            loop.run_until_complete(self._end())
        finally:
            loop.close()

    async def _end(self) -> None:
        await self._catcher.stop(grace_seconds=0)
        for task in self._tasks:
            task.cancel()
        await asyncio.get_running_loop().shutdown_default_executor()

    def _file(self, arrivals: list[Arrival]) -> None:
        late = self.epochs.file(arrivals)
        if late:
            self._start_deletion(Selector(ids=tuple(late)))

    def _delete(self, selector: Selector) -> None:
        self._loop.call_soon_threadsafe(self._start_deletion, selector)

    def _start_deletion(self, selector: Selector) -> None:
        task = self._loop.create_task(self._catcher.mailroom.delete(selector))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _bound(host: str, port: int) -> list[socket.socket]:
    return bind(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _blocks_a_loop() -> bool:
    """Whether a loop that is marked as running in this thread stands below the caller.

    The sync API of Playwright leaves a loop marked that runs on another greenlet, where blocking does no harm.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return "greenlet" not in sys.modules or any(frame.f_globals.get("__name__", "").startswith("asyncio.") for frame in _frames())


def _frames() -> Iterator[FrameType]:
    """The frames below the caller, those of the greenlets below its own included."""
    greenlet: Any = sys.modules["greenlet"]
    frame = currentframe()
    current = greenlet.getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        if current.parent is None:
            return
        current = current.parent
        frame = current.gr_frame


_servers: "WeakSet[Server]" = WeakSet()
_abandoned: list[Server] = []  # never collected: closing their loops would change the selector they share with the parent


def _abandon_servers() -> None:
    for server in _servers:
        server.abandon()
    _servers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_servers)

# Sessions are logged at INFO; a test that counts log records must not find ours among them.
if logging.getLogger("mailcatcher").level == logging.NOTSET:
    logging.getLogger("mailcatcher").setLevel(logging.WARNING)
