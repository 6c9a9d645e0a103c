"""Storing: messages a second, latency of the reply to the final dot, and CPU of the server, beside aiosmtpd that keeps nothing."""

import json
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median

from benchmarks.load import GRACE_SECONDS, Result
from benchmarks.process import ROOT, Server, aiosmtpd, mailcatcher, python
from benchmarks.report import Gate, Report, Row, figure, spread

START_SECONDS = 30  # of the load generator: it writes its mails first


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load, and what is asked of it: ratio of the rates, p99 in ms, ratio of the CPU."""

    name: str
    connections: int
    mode: str = "kept"
    kind: str = "plain"
    size: int | None = None
    rate: float = 1.0
    p99_ms: float | None = None
    cpu: float | None = None
    quick: bool = True


SCENARIOS = (
    Scenario("1 kB, 10 connections", 10, rate=1.4, p99_ms=3.2),
    Scenario("1 kB, 50 connections", 50, rate=1.6, p99_ms=10, cpu=0.85),
    Scenario("1 kB, 500 connections", 500, rate=2.0, p99_ms=60),
    Scenario("1 kB, one connection a mail, 10 at once", 10, mode="each", rate=1.7),
    Scenario("1 kB, one connection a mail, 50 at once", 50, mode="each", rate=2.2, quick=False),
    Scenario("3 kB text and HTML, 10 connections", 10, kind="alternative", rate=0.6),
    Scenario("100 kB with attachment, 10 connections", 10, kind="attached", rate=0.5),
    Scenario("5 MB with attachment, 4 connections", 4, kind="attached", size=5_000_000, rate=5.0),
)

Make = Callable[[], AbstractContextManager[Server]]
OURS, PEER, PLAIN = "mailcatcher", "aiosmtpd, uvloop", "aiosmtpd, asyncio"
SERVERS: dict[str, Make] = {OURS: mailcatcher, PEER: lambda: aiosmtpd("uvloop"), PLAIN: lambda: aiosmtpd("asyncio")}


def load(server: Server, scenario: Scenario, seconds: float, *, count: int | None = None, seed: int = 1) -> Result:
    """Run the load generator against a server. Raises RuntimeError when it met an error."""
    command = python(*("-m", "benchmarks.load", "--port", str(server.smtp_port), "--pid", str(server.pid)))
    command += ["--connections", str(scenario.connections), "--mode", scenario.mode, "--kind", scenario.kind]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    if scenario.size is not None:
        command += ["--size", str(scenario.size)]
    if count is not None:
        command += ["--count", str(count)]
    limit = seconds + GRACE_SECONDS + START_SECONDS
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode:
        raise RuntimeError(f"{server.name}, {scenario.name}: {done.stdout}{done.stderr[-2000:]}")
    return Result(**json.loads(done.stdout))


def rounds(scenario: Scenario, count: int, seconds: float, names: tuple[str, ...]) -> dict[str, list[Result]]:
    """Rounds A B A B, each server new in each round, so that none is measured fuller than the others."""
    results: dict[str, list[Result]] = {name: [] for name in names}
    for number in range(count):
        for name in names:
            with SERVERS[name]() as server:
                load(server, scenario, seconds / 4, seed=100 + number)  # warms up, counts for nothing
                results[name].append(load(server, scenario, seconds, seed=1 + number))
    return results


def measure(report: Report, *, quick: bool) -> None:
    """All scenarios."""
    for scenario in SCENARIOS:
        if quick and not scenario.quick:
            continue
        names = (OURS, PEER) if quick else (OURS, PEER, PLAIN)
        results = rounds(scenario, 1 if quick else 3, 1.2 if quick else 4.0, names)
        for row in rows(scenario, results):
            report.add(row)


def rows(scenario: Scenario, results: dict[str, list[Result]]) -> list[Row]:
    """The lines of one scenario: rate, latency, CPU."""
    ours, peer = results[OURS], results[PEER]
    ratio = median(r.rate for r in ours) / median(r.rate for r in peer)
    beside = spread([r.rate for r in peer])
    if PLAIN in results:
        beside += f"; asyncio {spread([r.rate for r in results[PLAIN]])}"
    lines = [
        Row(
            f"{scenario.name}: stored/s", spread([r.rate for r in ours]), beside, ratio, " ×", Gate(scenario.rate, at_least=True, unit=" ×")
        )
    ]
    p99 = Gate(scenario.p99_ms, at_least=False, unit=" ms") if scenario.p99_ms else None
    lines.append(
        Row(
            f"{scenario.name}: final dot → 250",
            f"p50 {spread([r.p50_ms for r in ours])}, p99 {spread([r.p99_ms for r in ours])} ms",
            f"p50 {figure(median(r.p50_ms for r in peer))}, p99 {figure(median(r.p99_ms for r in peer))} ms",
            median(r.p99_ms for r in ours) if p99 else None,
            " ms",
            p99,
        )
    )
    mine, theirs = ([r.server_cpu_us or 0.0 for r in some] for some in (ours, peer))
    cpu = Gate(scenario.cpu, at_least=False, unit=" ×") if scenario.cpu else None
    share = median(mine) / max(median(theirs), 1e-9) if cpu else None
    lines.append(Row(f"{scenario.name}: server CPU a mail", f"{spread(mine)} µs", f"{spread(theirs)} µs", share, " ×", cpu))
    return lines
