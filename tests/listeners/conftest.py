"""A listener on a loop of its own, so that tests may block on sockets; on asyncio and on uvloop."""

import asyncio
import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mailcatcher.config import Smtp
from mailcatcher.errors import StoreError
from mailcatcher.listeners.smtp import SmtpListener, Stored
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.sessions.session import Session

TIMEOUT = 10  # of everything that is expected to happen
BEGIN = b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"


class WatchedSessions(Sessions):
    """Sessions whose end another thread may wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()

    def close(self, session: Session) -> None:
        with self.changed:
            super().close(session)
            self.changed.notify_all()


class FakeMailroom:
    """Keeps arrivals; `hold` defers the answers, `error` makes them failures, `broken` raises."""

    def __init__(self) -> None:
        self.hold = False
        self.broken = False
        self.error: StoreError | None = None
        self.arrivals: list[Arrival] = []
        self._held: list[tuple[Callable[[Stored], None], Stored]] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)

    def mailbox(self, session) -> str:
        return "inbox"

    def prepare(self, envelope, raw, *, session, attempt) -> Arrival:
        if self.broken:
            raise RuntimeError("a mistake of ours")
        now = datetime.now(UTC)
        return Arrival(
            envelope, raw, received_at=now, mailboxes=(attempt.mailbox,), session_id=session.id, attempt_id=attempt.id,
            user=session.user,
        )  # fmt: skip

    def submit(self, arrival, done) -> None:
        result: Stored = self.error or (f"M{next(self._numbers)}",)
        with self._changed:
            self.arrivals.append(arrival)
            self._held.append((done, result))
            self._changed.notify_all()
        if not self.hold:
            self.release()

    def release(self) -> None:
        """Answer what is held; on the loop."""
        held, self._held = self._held, []
        for done, result in held:
            done(result)

    def wait_for(self, count: int) -> list[bytes]:
        """The raw of all arrivals, once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.arrivals) >= count, TIMEOUT), f"{len(self.arrivals)} of {count}"
        return [arrival.raw for arrival in self.arrivals]


class RunningListener:
    """A started listener, and how to reach into its loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: SmtpListener,
        mailroom: FakeMailroom,
        sessions: WatchedSessions,
    ) -> None:
        self.loop = loop
        self.listener = listener
        self.mailroom = mailroom
        self.sessions = sessions
        self.port = listener.addresses[0][1]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT)

    def call(self, function: Callable[[], Any]) -> Any:
        async def inside() -> Any:
            return function()

        return self.run(inside())

    def connect(self) -> "Client":
        return Client(self.port)

    def ended_session(self) -> Session:
        """The latest session that is over, once none is running."""
        with self.sessions.changed:
            assert self.sessions.changed.wait_for(lambda: not self.sessions.running(), TIMEOUT)
        return self.sessions.sessions()[-1]


class Client:
    """A blocking SMTP client that sends what it is told."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> bytes:
        """The last line of the next reply."""
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        return line

    def command(self, line: bytes) -> bytes:
        self.send(line + b"\r\n")
        return self.reply()

    def begin(self) -> None:
        """Go up to the content."""
        self.send(BEGIN)
        assert [self.reply()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]

    def rest(self) -> bytes:
        """All that comes until the server closes."""
        return self.file.read()

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Send RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    if kind == "uvloop":
        return pytest.importorskip("uvloop").new_event_loop()
    return asyncio.new_event_loop()


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_thread(request) -> Iterator[asyncio.AbstractEventLoop]:
    loop = new_loop(request.param)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(TIMEOUT)
    loop.close()


@pytest.fixture
def listen(loop_thread) -> Iterator[Callable[..., RunningListener]]:
    """Start a listener; keywords are settings."""
    with contextlib.ExitStack() as stack:

        def start(*, sockets: list[socket.socket] | None = None, **settings: Any) -> RunningListener:
            mailroom, sessions = FakeMailroom(), WatchedSessions()
            settings = {"listen": ("127.0.0.1:0",), **settings}
            listener = SmtpListener(replace(Smtp(), **settings), mailroom, sessions, sockets=sockets)
            asyncio.run_coroutine_threadsafe(listener.start(), loop_thread).result(TIMEOUT)
            running = RunningListener(loop_thread, listener, mailroom, sessions)
            stack.callback(lambda: running.run(listener.stop(0)))
            return running

        yield start
