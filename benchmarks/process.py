"""Child processes of the bench, and what the kernel says about a process."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 10
LOOPBACK = "127.0.0.1"


def cpu_seconds(pid: int) -> float:
    """User and system time of the process so far, all threads, from /proc (resolution: a clock tick, mostly 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Resident memory in MB (1,000,000 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test that runs."""

    name: str
    pid: int
    smtp_port: int
    http_port: int | None
    database: Path | None

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self.pid)


def python(*arguments: str) -> list[str]:
    """A command line for this interpreter."""
    return [sys.executable, *arguments]


def mailcatcher_command(database: Path) -> list[str]:
    """The command a user would give."""
    console_script = Path(sys.executable).with_name("mailcatcher")
    return [
        *(str(console_script), "--smtp", f"{LOOPBACK}:0", "--http", f"{LOOPBACK}:0"),
        *("--database", str(database), "--max-messages", "0", "--announce"),
    ]


@contextlib.contextmanager
def child(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process and the first line it wrote; stopped at the end, by SIGTERM, then by SIGKILL."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                process.wait(STOP_SECONDS)
                log.seek(0)
                raise RuntimeError(f"{command[0]} ended with {process.returncode}: {log.read()[-2000:]}")
            yield process, line
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextlib.contextmanager
def mailcatcher() -> Iterator[Server]:
    """mailcatcher with a new database file, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mailcatcher-bench-") as folder:
        database = Path(folder) / "mail.db"
        with child(mailcatcher_command(database)) as (process, line):
            said = json.loads(line)
            smtp = int(said["smtp"][0].rpartition(":")[2])
            http = int(said["http"].rpartition(":")[2])
            yield Server("mailcatcher", process.pid, smtp, http, database)


@contextlib.contextmanager
def aiosmtpd(loop: str) -> Iterator[Server]:
    """aiosmtpd with a handler that keeps nothing, on `asyncio` or `uvloop`."""
    with child(python("-m", "benchmarks.peers", loop)) as (process, line):
        yield Server(f"aiosmtpd, {loop}", process.pid, int(line), None, None)
