"""How long after the event a waiting request is answered.

A GET /api/wait is open, then a mail arrives. The event is published just before the 250 is written, so the wake-up is the time
from the 250 to the HTTP answer, both as seen by the client; where the answer comes first, it is taken as 0.
"""

import asyncio
import time

import uvloop

from benchmarks.load import Ready, Run, connect, quantile
from benchmarks.process import LOOPBACK, Server, mailcatcher
from benchmarks.report import Gate, Report, Row, figure
from benchmarks.text import Author

SETTLE_SECONDS = 0.003  # until the request has surely been read and waits
ANSWER_SECONDS = 5.0


async def wake_ups(server: Server, count: int) -> list[float]:
    """Milliseconds from the 250 to the answer, one a mail."""
    author, found = Author(23), []
    reader, writer = await asyncio.open_connection(LOOPBACK, server.http_port)
    for number in range(count):
        mail = author.plain()
        subject = f"bench{number}x"
        content = mail.content.replace(b"Subject: ", f"Subject: {subject} ".encode(), 1)
        run = Run(iter([Ready.of(mail.__class__(mail.sender, mail.recipient, content))]), 1, 30.0, "kept", server.smtp_port)
        client = await connect(run)
        run.until = time.perf_counter() + 30
        request = f"GET /api/wait?query=subject:{subject}&timeout=10 HTTP/1.1\r\nHost: {LOOPBACK}:{server.http_port}\r\n\r\n"
        writer.write(request.encode())
        await asyncio.sleep(SETTLE_SECONDS)
        client.begin()
        answered = await asyncio.wait_for(_answer(reader), ANSWER_SECONDS)
        await client.closed
        if run.errors or not run.latencies:
            raise RuntimeError(f"the mail was not stored: {run.errors}")
        found.append(max(0.0, 1000 * (answered - run.last)))
    writer.close()
    return sorted(found)


async def _answer(reader: asyncio.StreamReader) -> float:
    head = await reader.readuntil(b"\r\n\r\n")
    at = time.perf_counter()
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the wait failed: {head!r}")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return at


def measure(report: Report, *, quick: bool) -> None:
    """One server, so many waits one after the other."""
    with mailcatcher() as server:
        values = uvloop.run(wake_ups(server, 50 if quick else 400))
    p50, p95 = quantile(values, 0.5), quantile(values, 0.95)
    text = f"p50 {figure(p50)}, p95 {figure(p95)}, max {figure(values[-1])} ms"
    report.add(Row("wake-up of a wait: 250 → HTTP answer", text, "", p95, " ms", Gate(5, at_least=False, unit=" ms")))
