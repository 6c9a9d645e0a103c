"""The pytest plugin: hooks and fixtures. Imported in every run of pytest, so it imports nothing heavy until a test needs it."""

import os
import sys
from collections.abc import Callable, Generator
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_mailcatcher import settings

if TYPE_CHECKING:
    from pytest_mailcatcher.epochs import Epoch
    from pytest_mailcatcher.handle import MailCatcher
    from pytest_mailcatcher.local import Server

T = TypeVar("T")

NAME = "mailcatcher-run"
"""The name under which the state of a run is registered as a plugin."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare flags and ini keys."""
    settings.register(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, and begin."""
    try:
        values = settings.read(config)
    except settings.SettingError as error:
        problem = str(error)
    else:
        config.pluginmanager.register(Run(values), NAME)
        return
    raise pytest.UsageError(problem)


@pytest.fixture
def mailcatcher(request: pytest.FixtureRequest) -> "MailCatcher":
    """A running SMTP server, and the mail that this test sends to it."""
    run = request.config.pluginmanager.get_plugin(NAME)
    assert isinstance(run, Run)
    return run.handle(request.node)


class Run:
    """The state of one run of pytest: its server, once a test has asked for it, and the epoch of the running test."""

    # The clock stands in a default argument, taken when pytest starts: freezegun replaces the names of modules.
    def __init__(self, values: settings.Settings, clock: Callable[[], float] = perf_counter) -> None:
        self.settings = values
        self._clock = clock
        self._server: Server | None = None

    def handle(self, item: pytest.Item) -> "MailCatcher":
        """The handle of a test; the first one starts the server."""
        start = _starter()
        server = self._running
        if server is None:
            server = self._server = _or_fail(partial(start, self.settings.host, self.settings.port, clock=self._clock))
            epoch = self._open(server, item)
        else:
            _or_fail(server.require_sockets)
            epoch = item.stash.get(_EPOCH, None) or self._open(server, item)
        from pytest_mailcatcher.handle import MailCatcher

        return MailCatcher(server, epoch, timeout=self.settings.timeout)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Open the test's epoch before any fixture is set up; there is none to open while there is no server."""
        server = self._running
        if server is not None:
            self._open(server, item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Close the epoch when the test's own code is done."""
        try:
            return (yield)
        finally:
            self._close(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Drop the mail of a test when all of it is over, reports included."""
        try:
            return (yield)
        finally:
            self._close(item)
            self._drop(item)

    def pytest_unconfigure(self) -> None:
        """Stop the server."""
        server, self._server = self._running, None
        if server is not None:
            server.stop()

    @property
    def _running(self) -> "Server | None":
        """The server of this process: a forked child has none until it needs one."""
        server = self._server
        return server if server is not None and server.pid == os.getpid() else None

    def _open(self, server: "Server", item: pytest.Item) -> "Epoch":
        self._drop(item)
        epoch = item.stash[_EPOCH] = server.open_epoch()
        return epoch

    def _close(self, item: pytest.Item) -> None:
        epoch, server = item.stash.get(_EPOCH, None), self._running
        if epoch is not None and server is not None:
            server.close_epoch(epoch)

    def _drop(self, item: pytest.Item) -> None:
        epoch, server = item.stash.get(_EPOCH, None), self._running
        if epoch is not None:
            del item.stash[_EPOCH]
            if server is not None:
                server.drop_epoch(epoch)


_EPOCH = pytest.StashKey["Epoch"]()


def _starter() -> "type[Server]":
    """The server's class; fails the test when `mailcatcher` is somebody else's."""
    try:
        from pytest_mailcatcher.local import Server
    except ImportError as error:
        problem = _foreign(error)
    else:
        return Server
    pytest.fail(problem, pytrace=False)


def _foreign(error: ImportError) -> str:
    found = sys.modules.get("mailcatcher")
    if not (error.name or "").startswith("mailcatcher") or found is None:
        raise error
    place = getattr(found, "__file__", None) or next(iter(getattr(found, "__path__", ["?"])))
    return f"'mailcatcher' is {place}, which is not the package of pymailcatcher: rename or remove it ({error})"


def _or_fail(call: Callable[[], T]) -> T:
    """What the call returns; a server that cannot be had fails the test in one line."""
    from mailcatcher.errors import MailcatcherError

    try:
        return call()
    except MailcatcherError as error:
        problem = str(error)
    pytest.fail(problem, pytrace=False)
