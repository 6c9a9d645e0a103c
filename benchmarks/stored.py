"""A full store: searches of every kind, lists and single messages, and the memory it takes.

Every search asks for the newest 50 with the exact `total` and `unread`, as the page does.
"""

import itertools
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks.http import Http, search
from benchmarks.load import quantile
from benchmarks.process import LOOPBACK, ROOT, Server, mailcatcher, python, resident_mb
from benchmarks.report import Gate, Report, Row, figure
from benchmarks.smtp import Scenario, load
from benchmarks.text import RECIPIENTS, Author

FULL, QUICK = 100_000, 20_000
WRITERS = 20
IDLE_CONNECTIONS = 500
SETTLE_SECONDS = 4.0  # merging and the checkpoint of the idle time
FILL_SECONDS = 240.0

Ask = Callable[[], str]


class Asker:
    """Draws queries as people would ask them, from the same vocabulary as the mails."""

    def __init__(self, seed: int = 7) -> None:
        self._author = Author(seed)
        self._random = random.Random(seed)
        self._misses = itertools.count(1)

    def word(self) -> str:
        """A word by its frequency in the mails, so mostly common ones; every tenth is in no mail."""
        if self._random.random() < 0.1:
            return f"zzq{next(self._misses)}"
        return self._author.words(1)[0]

    def field(self) -> str:
        """A word in one field."""
        return f"{self._random.choice(('text', 'body', 'attachment'))}:{self.word()}"

    def phrase(self) -> str:
        """Two words that may follow one another."""
        first, second = self._author.words(2)
        return f'"{first} {second}"'

    def both(self) -> str:
        """AND and OR of two words in turn."""
        first, second = self._author.words(2)
        return f"{first} {second}" if self._random.random() < 0.5 else f"{first} OR {second}"

    def address(self) -> str:
        """A recipient, whole."""
        who = self._random.randrange(RECIPIENTS)
        return f"to:{self._author.vocabulary[who % 7_000]}.{who}@example.org"

    def prefix(self) -> str:
        """The first one to three letters of a word."""
        return f"{self._author.words(1)[0][: self._random.randrange(1, 4)]}*"

    def substring(self) -> str:
        """Three to six letters from inside a word, in subject or address; every tenth time something that is in every mail."""
        field = self._random.choice(("subject", "from", "to"))
        if self._random.random() < 0.1:
            return "from:shop.example"
        word = self._author.vocabulary[self._random.randrange(100, 5_000)]
        return f"{field}:{word[1 : 1 + self._random.randrange(3, 7)]}"


def kinds(asker: Asker) -> tuple[tuple[str, Ask, float], ...]:
    """Name, question, and p99 allowed in ms."""
    return (
        ("word", asker.word, 20),
        ("word in a field", asker.field, 20),
        ("phrase", asker.phrase, 20),
        ("AND, OR", asker.both, 20),
        ("address", asker.address, 20),
        ("prefix of 1 to 3 letters", asker.prefix, 60),
        ("substring of subject or address", asker.substring, 20),
    )


@contextmanager
def full(count: int, say: Callable[[str], None]) -> Iterator[Server]:
    """A server with so many mails of 1 kB, after its idle work."""
    with mailcatcher() as server:
        began = time.perf_counter()
        result = load(server, Scenario("filling", 50), FILL_SECONDS, count=count, seed=11)
        say(f"filled with {result.sent} mails in {time.perf_counter() - began:.0f} s ({figure(result.rate)}/s)")
        if result.sent < count:
            raise RuntimeError(f"only {result.sent} of {count} mails were stored in {FILL_SECONDS:.0f} s")
        yield server


def latencies(report: Report, server: Server, *, quick: bool, count: int) -> None:
    """Searches, then list, message and raw: alone and beside writers."""
    assert server.http_port is not None
    number = 60 if quick else 300
    where = f"at {count:,}"
    with Http(server.http_port) as http:
        total = http.json("/api/messages?limit=1")["total"]
        if total != count:
            raise RuntimeError(f"{count} mails were acknowledged, {total} are listed")
        for name, ask, limit in kinds(Asker()):
            values = sorted(http.milliseconds(search(ask())) for _ in range(number))
            report.add(row(f"search {where}: {name}", values, limit))
        alone(report, http, f"{where}, no writers", number, gated=False)
        with writers(server):
            alone(report, http, f"{where}, {WRITERS} writers", number, gated=True)


def alone(report: Report, http: Http, where: str, number: int, *, gated: bool) -> None:
    """List of 50, one message, its raw."""
    chance = random.Random(3)
    ids: list[str] = []
    for offset in range(0, 10_000, 2_000):
        ids += [message["id"] for message in http.json(f"/api/messages?limit=100&offset={offset}")["messages"]]
    asks: Sequence[tuple[str, Ask]] = (
        ("list of 50", lambda: "/api/messages?limit=50"),
        ("message by id", lambda: f"/api/messages/{chance.choice(ids)}"),
        ("raw by id", lambda: f"/api/messages/{chance.choice(ids)}/raw"),
    )
    for name, ask in asks:
        values = sorted(http.milliseconds(ask()) for _ in range(number))
        report.add(row(f"{name} {where}", values, 5 if gated else None))


def row(name: str, values: list[float], limit: float | None) -> Row:
    """p50, p99 and maximum; the gate is on p99."""
    p50, p99 = quantile(values, 0.5), quantile(values, 0.99)
    gate = None if limit is None else Gate(limit, at_least=False, unit=" ms")
    return Row(name, f"p50 {figure(p50)}, p99 {figure(p99)}, max {figure(values[-1])} ms", "", p99 if gate else None, " ms", gate)


@contextmanager
def writers(server: Server) -> Iterator[None]:
    """Connections that send without a pause while the block runs."""
    command = python("-m", "benchmarks.load", "--port", str(server.smtp_port), "--connections", str(WRITERS), "--seconds", "60")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        before = _messages(server)
        while _messages(server) == before and process.poll() is None:  # it writes its mails first
            time.sleep(0.05)
        yield
        if process.poll() is not None:
            raise RuntimeError("the writers ended before the readers did")
    finally:
        process.kill()
        process.wait()


def _messages(server: Server) -> int:
    assert server.http_port is not None
    with Http(server.http_port) as http:
        return int(http.json("/api/info")["messages"])


def memory(report: Report, server: Server, count: int) -> None:
    """Resident memory of a full store, then with idle connections as well."""
    time.sleep(SETTLE_SECONDS)
    filled = resident_mb(server.pid)
    report.add(
        Row(f"resident memory after {count:,} × 1 kB", f"{figure(filled)} MB", "", filled, " MB", Gate(80, at_least=False, unit=" MB"))
    )
    with ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((LOOPBACK, server.smtp_port), 10))
            connection.recv(512)
            connection.sendall(b"EHLO idle.example.com\r\n")
            connection.recv(2048)
        idle = resident_mb(server.pid)
    report.add(
        Row(
            f"the same with {IDLE_CONNECTIONS} idle connections",
            f"{figure(idle)} MB",
            "",
            idle,
            " MB",
            Gate(110, at_least=False, unit=" MB"),
        )
    )
    assert server.database is not None
    size = sum(path.stat().st_size for path in server.database.parent.iterdir()) / 1e6
    report.add(Row(f"database files with {count:,} × 1 kB", f"{figure(size)} MB"))


def measure(report: Report, *, quick: bool, api: bool = True) -> None:
    """Fill once; measure memory, then the answers."""
    count = QUICK if quick else FULL
    with full(count, report.say) as server:
        memory(report, server, count)
        if api:
            latencies(report, server, quick=quick, count=count)
