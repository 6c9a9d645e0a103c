"""The command line as a user runs it: processes of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

COMMAND = (sys.executable, "-m", "mailcatcher")


def environment(**more: str) -> dict[str, str]:
    """The environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAILCATCHER_")} | more


class Process:
    """A running server, announced."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.popen = subprocess.Popen(
            [*COMMAND, *arguments, "--announce"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env or environment()
        )
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line:
            _, errors = self.popen.communicate(timeout=10)
            raise AssertionError(f"the server did not start: {errors}")
        self.announced = json.loads(line)
        self.url = self.announced["url"]
        host, _, port = self.announced["smtp"][0].rpartition(":")
        self.smtp = (host.strip("[]"), int(port))

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """End it; exit code, rest of stdout, stderr."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        out, errors = self.popen.communicate(timeout=10)
        return self.popen.returncode, out, errors


@pytest.fixture
def serve() -> Iterator[Callable[..., Process]]:
    """Starts servers on free ports, and ends what is left."""
    started: list[Process] = []

    def start(*arguments: str, env: dict[str, str] | None = None) -> Process:
        listen = () if any("--smtp" in argument for argument in arguments) else ("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
        started.append(Process(*listen, *arguments, env=env))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.communicate()


def run(*arguments: str, env: dict[str, str] | None = None, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run one command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, env=env or environment(), input=stdin, timeout=30, check=False)
