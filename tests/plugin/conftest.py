"""Sending as a program does, and running pytest in a project of its own."""

import os
import smtplib
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from pytest_mailcatcher import MailCatcher

Post = Callable[..., None]


def composed(
    *, to: str = "ada@example.com", subject: str = "Confirm your email", text: str = "hello", sender: str = "Shop <no-reply@shop.example>"
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message.set_content(text)
    return message


@pytest.fixture
def post(mailcatcher: MailCatcher) -> Post:
    """Send one mail by smtplib: `message`, or one made of the keywords of `composed`; `rcpt` and `mail_from` override the envelope."""

    def send(
        message: EmailMessage | bytes | None = None, *, rcpt: list[str] | None = None, mail_from: str | None = None, **parts: str
    ) -> None:
        with smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example") as client:
            if isinstance(message, bytes):
                client.sendmail(mail_from or "app@shop.example", rcpt or ["ada@example.com"], message)
            else:
                client.send_message(message or composed(**parts), from_addr=mail_from, to_addrs=rcpt)

    return send


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Call a function in a thread after some seconds; every thread has ended when the test ends."""
    timers: list[threading.Timer] = []

    def call(seconds: float, function: Callable[..., object], *args: object, **kwargs: object) -> None:
        timers.append(threading.Timer(seconds, function, args, kwargs))
        timers[-1].start()

    yield call
    for timer in timers:
        timer.join()


@pytest.fixture
def client(mailcatcher: MailCatcher) -> Iterator[smtplib.SMTP]:
    """A connection that has said EHLO."""
    with smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example") as smtp:
        smtp.ehlo()
        yield smtp


@dataclass
class Outcome:
    code: int
    out: str

    def passed(self, number: int) -> bool:
        return self.code == 0 and f"{number} passed" in self.out


@dataclass
class Project:
    """A folder with tests; `run` runs pytest there in a process of its own."""

    path: Path

    def write(self, **files: str) -> "Project":
        """Write files; the name `pyproject_toml` is `pyproject.toml`."""
        for name, text in files.items():
            stem, _, suffix = name.rpartition("_") if name.endswith(("_toml", "_ini")) else (name, "", "py")
            (self.path / f"{stem}.{suffix}").write_text(textwrap.dedent(text), "utf-8")
        return self

    def run(self, *args: str, env: dict[str, str] | None = None, asyncio: bool = False) -> Outcome:
        plugin = ["-o", "asyncio_default_fixture_loop_scope=function"] if asyncio else ["-p", "no:asyncio"]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | (env or {})
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *plugin, *args]
        done = subprocess.run(command, cwd=self.path, env=variables, capture_output=True, text=True, timeout=60, check=False)
        return Outcome(done.returncode, done.stdout + done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
