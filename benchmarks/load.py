"""SMTP load: a closed loop over so many connections, each sending its next mail when the last one was answered.

A process of its own, so that its work is not counted as the server's:
`python -m benchmarks.load --port 1025 --connections 50 --seconds 4 --pid 4711` prints one line of JSON, a `Result`.
Commands go one at a time, as smtplib sends them. Nothing but loopback is ever contacted.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import uvloop

from benchmarks.process import cpu_seconds
from benchmarks.text import Author, Mail

HOST = "127.0.0.1"
MODES = ("kept", "each")
KINDS = {"plain": 1024, "alternative": 3072, "attached": 100_000}
POOL_BYTES = 16_000_000  # as many different mails as fit, at most 10,000
GRACE_SECONDS = 30  # for what is under way when the time is over


@dataclass(frozen=True, slots=True)
class Result:
    """What one run gave. Latency is from writing the content to the reply to its final dot."""

    sent: int
    seconds: float
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    server_cpu_us: float | None  # a mail; None without a process to look at
    load_cpu_us: float
    errors: list[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail in the form the socket takes."""

    mail: bytes
    rcpt: bytes
    content: bytes

    @classmethod
    def of(cls, mail: Mail) -> "Ready":
        """The commands and the content with its final dot; the texts never begin a line with a dot."""
        content = mail.content + b".\r\n"
        return cls(f"MAIL FROM:<{mail.sender}>\r\n".encode(), f"RCPT TO:<{mail.recipient}>\r\n".encode(), content)


@dataclass(slots=True)
class Run:
    """The state the connections of one run share."""

    mails: Iterator[Ready]
    count: int  # at most so many mails
    seconds: float
    mode: str
    port: int
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    started: int = 0
    until: float = 0.0
    last: float = 0.0

    def next(self) -> Ready | None:
        """The next mail to send; None when count or time is reached or something failed."""
        if self.started >= self.count or self.errors or time.perf_counter() >= self.until:
            return None
        self.started += 1
        return next(self.mails)


class Client(asyncio.Protocol):
    """One connection. The table below names, for each state, the code expected and what is done then."""

    def __init__(self, run: Run) -> None:
        loop = asyncio.get_running_loop()
        self._run = run
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._buffer = b""
        self._expected, self._then = b"220", self._ehlo
        self._mail: Ready | None = None
        self._dot = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._expected != b"221":
            self._fail(f"connection lost: {exc}")
        for future in (self.greeted, self.closed):
            if not future.done():
                future.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        line = data.rfind(b"\n", 0, -2) + 1
        if data[-2:] != b"\r\n" or data[line + 3 : line + 4] == b"-":
            self._buffer = data
            return
        self._buffer = b""
        if data[line : line + 3] != self._expected:
            self._fail(f"expected {self._expected.decode()}, got {data[:200]!r}")
            self._transport.abort()
            return
        self._then()

    def begin(self) -> None:
        """Send the first mail."""
        self._next()

    def quit(self) -> None:
        """End the session in good order."""
        self._send(b"QUIT\r\n", b"221", self._transport.close)

    def _fail(self, text: str) -> None:
        if len(self._run.errors) < 5:
            self._run.errors.append(text)

    def _send(self, data: bytes, expected: bytes, then: object) -> None:
        self._expected = expected
        self._then = then  # type: ignore[assignment]
        self._transport.write(data)

    def _ehlo(self) -> None:
        self._send(b"EHLO load.example.com\r\n", b"250", self._ready)

    def _ready(self) -> None:
        self.greeted.set_result(None)
        if self._run.mode == "each":
            self._next()

    def _next(self) -> None:
        self._mail = self._run.next()
        if self._mail is None:
            self.quit()
        else:
            self._send(self._mail.mail, b"250", self._rcpt)

    def _rcpt(self) -> None:
        assert self._mail is not None
        self._send(self._mail.rcpt, b"250", self._data)

    def _data(self) -> None:
        self._send(b"DATA\r\n", b"354", self._content)

    def _content(self) -> None:
        assert self._mail is not None
        self._dot = time.perf_counter()
        self._send(self._mail.content, b"250", self._stored)

    def _stored(self) -> None:
        now = time.perf_counter()
        self._run.latencies.append(now - self._dot)
        self._run.last = now
        if self._run.mode == "each":
            self.quit()
        else:
            self._next()


def pool(kind: str, size_bytes: int, count: int, seed: int) -> list[Ready]:
    """The mails of a run: as many different ones as are needed and fit."""
    author = Author(seed)
    number = max(3, min(count, 10_000, POOL_BYTES // size_bytes))
    return [Ready.of(getattr(author, kind)(size_bytes)) for _ in range(number)]


async def connect(run: Run) -> Client:
    """A connection on which the server has answered EHLO (or failed)."""
    _, client = await asyncio.get_running_loop().create_connection(lambda: Client(run), HOST, run.port)
    await client.greeted
    return client


async def _kept(run: Run, connections: int) -> float:
    clients = [await connect(run) for _ in range(connections)]
    began = time.perf_counter()
    run.until = began + run.seconds
    for client in clients:
        client.begin()
    await asyncio.gather(*(client.closed for client in clients))
    return began


async def _each(run: Run, connections: int) -> float:
    began = time.perf_counter()
    run.until = began + run.seconds

    async def worker() -> None:
        while run.started < run.count and not run.errors and time.perf_counter() < run.until:
            client = await connect(run)
            await client.closed

    await asyncio.gather(*(worker() for _ in range(connections)))
    return began


def quantile(values: list[float], part: float) -> float:
    """The value below which that part of the sorted values lies; 0 when there are none."""
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0.0


async def measure(run: Run, connections: int, pid: int | None) -> Result:
    """Run to the end and sum up."""
    cpu, own = cpu_seconds(pid) if pid else 0.0, time.process_time()
    drive = _kept if run.mode == "kept" else _each
    try:
        began = await asyncio.wait_for(drive(run, connections), run.seconds + GRACE_SECONDS)
    except (TimeoutError, OSError) as error:
        run.errors.append(f"{type(error).__name__}: {error}")
        began = run.until - run.seconds
    spent = cpu_seconds(pid) - cpu if pid else None
    sent, seconds = len(run.latencies), max(run.last - began, 1e-9)
    latencies = sorted(run.latencies)
    p50, p99, worst = (1000 * quantile(latencies, part) for part in (0.5, 0.99, 1.0))
    return Result(
        sent=sent,
        seconds=seconds,
        rate=sent / seconds,
        p50_ms=p50,
        p99_ms=p99,
        max_ms=worst,
        server_cpu_us=None if spent is None else 1e6 * spent / max(sent, 1),
        load_cpu_us=1e6 * (time.process_time() - own) / max(sent, 1),
        errors=run.errors,
    )


def arguments() -> argparse.ArgumentParser:
    """The command line of this process."""
    parser = argparse.ArgumentParser(prog="benchmarks.load", description="SMTP load on a port of this machine.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--mode", choices=MODES, default="kept")
    parser.add_argument("--kind", choices=tuple(KINDS), default="plain")
    parser.add_argument("--size", type=int, help="bytes; default: 1 kB, 3 kB or 100 kB by kind")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pid", type=int, help="the server's process, to read its CPU time")
    return parser


def main() -> int:
    """Run once and print the result."""
    options = arguments().parse_args()
    mails = itertools.cycle(pool(options.kind, options.size or KINDS[options.kind], min(options.count, 10_000), options.seed))
    run = Run(mails, options.count, options.seconds, options.mode, options.port)
    result = uvloop.run(measure(run, options.connections, options.pid))
    print(json.dumps(asdict(result)))
    return 1 if result.errors else 0


if __name__ == "__main__":
    sys.exit(main())
