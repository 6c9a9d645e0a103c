"""A real server, a real sender and Debian's Chromium, for tests that look at the page.

Playwright's synchronous API keeps a loop running in this thread, which no asyncio test may find: these tests run last.
"""

import contextlib
import json
import os
import select
import shutil
import smtplib
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILT = ROOT / "mailcatcher" / "web" / "_ui"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1440, 900), "narrow": (800, 900), "phone": (390, 844), "small": (320, 640)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


def missing(reason: str) -> None:
    """Skip for want of a tool, or fail where everything must run."""
    if os.environ.get("MAILCATCHER_NO_SKIP") == "1":
        pytest.fail(f"{reason} (MAILCATCHER_NO_SKIP=1 forbids to skip)")
    pytest.skip(f"NOT TESTED: {reason}")


@dataclass(frozen=True)
class Served:
    """The server under test, over its own API."""

    url: str
    smtp: tuple[str, int]

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def clear(self) -> None:
        self.call("DELETE", "api/messages", {"all": True})

    def send(self, message: EmailMessage | bytes, recipients: list[str] | None = None) -> str:
        """Send over SMTP; the id of the stored message."""
        raw = message if isinstance(message, bytes) else message.as_bytes()
        with smtplib.SMTP(*self.smtp, timeout=10) as smtp:
            smtp.sendmail("shop@example.org", recipients or ["ada@example.org"], raw)
        return self.call("GET", "api/messages?limit=1")["messages"][0]["id"]

    def send_many(self, count: int, subject: str = "number") -> None:
        """Many small messages over one connection, two round trips each."""
        with socket.create_connection(self.smtp, 30) as line, line.makefile("rb") as replies:
            replies.readline()
            line.sendall(b"HELO test\r\n")
            replies.readline()
            for number in range(count):
                line.sendall(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n")
                assert [replies.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
                line.sendall(f"Subject: {subject} {number}\r\n\r\nbody {number}\r\n.\r\n".encode())
                assert replies.readline().startswith(b"250")


@pytest.fixture(scope="session")
def mail() -> Callable[..., EmailMessage]:
    """Makes a message."""
    return composed


def composed(subject: str, text: str = "Hello Ada", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <shop@example.org>", "Ada <ada@example.org>", subject
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def started(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A server process and what it announced."""
    command = [sys.executable, "-m", "mailcatcher", "--announce", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 20)
    line = process.stdout.readline() if ready else ""
    if not line:
        process.kill()
        _, errors = process.communicate()
        pytest.fail(f"the server did not start:\n{errors}")
    assert process.stderr is not None
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, json.loads(line)


def stopped(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    finally:
        process.kill()
        process.wait(10)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="session")
def built() -> Path:
    """The built page."""
    if not (BUILT / "index.html").is_file():
        missing("the page is not built (pip install -e .)")
    return BUILT


@pytest.fixture(scope="session")
def shared_server(built: Path) -> Iterator[Served]:
    process, announced = started("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
    host, _, port = announced["smtp"][0].rpartition(":")
    yield Served(announced["url"], (host, int(port)))
    stopped(process)


@pytest.fixture
def served(shared_server: Served) -> Served:
    """The server, empty."""
    shared_server.clear()
    return shared_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("there is no Chromium on PATH")
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
    yield launched
    launched.close()
    playwright.stop()


@dataclass
class Look:
    """Opens pages; each fails its test if a script of ours throws or the page's policy is violated."""

    browser: Any
    url: str
    problems: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def at(self, path: str = "", size: str = "wide", scheme: str = "light", **options: Any) -> Any:
        width, height = SIZES[size]
        viewport = {"width": width, "height": height}
        context = self.browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        context.set_default_timeout(5_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        page.goto(self.url + path)
        return page

    def _heard(self, message: Any) -> None:
        ours = message.location.get("url", "").startswith(f"{self.url}assets/")
        if message.type == "error" and (ours or "Refused to apply inline style" in message.text):
            self.problems.append(message.text)


@pytest.fixture
def look(served: Served, browser: Any) -> Iterator[Look]:
    looking = Look(browser, served.url)
    yield looking
    for context in looking.contexts:
        context.close()
    assert looking.problems == []


@pytest.fixture
def page(look: Look) -> Any:
    """The page of an empty server, wide, connected."""
    opened = look.at()
    opened.get_by_role("status").filter(has_text="Live").wait_for()
    return opened


class Listener:
    """A loopback port that notes who connects and what for."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), line:
                line.settimeout(2)
                asked = line.recv(4096).split(b"\r\n")[0].decode("latin-1")
                with self.changed:
                    self.seen.append(asked)
                    self.changed.notify_all()
                line.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def wait_for(self, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: any(text in asked for asked in self.seen), 10), self.seen

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


class Servers:
    """Servers of the test's own."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}

    def __call__(self, *arguments: str) -> Served:
        process, announced = started(*arguments)
        self._running[announced["url"]] = process
        host, _, port = announced["smtp"][0].rpartition(":")
        return Served(announced["url"], (host, int(port)))

    def stop(self, served: Served) -> None:
        stopped(self._running.pop(served.url))

    def close(self) -> None:
        for process in self._running.values():
            stopped(process)


@pytest.fixture
def new_server() -> Iterator[Servers]:
    """Starts and stops servers."""
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, as its one file."""
    path = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        missing("axe-core is not installed (npm --prefix ui ci)")
    return path.read_text("utf-8")
