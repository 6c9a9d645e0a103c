"""The handle of a test: its mail, and waiting for more."""

from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, overload

from pytest_mailcatcher import reporting
from pytest_mailcatcher.epochs import Epoch, News
from pytest_mailcatcher.mail import Mail
from pytest_mailcatcher.matching import Criteria, Match
from pytest_mailcatcher.settings import as_seconds

if TYPE_CHECKING:
    from typing import Unpack

    from pytest_mailcatcher.local import Server

SETTLE_SECONDS = 1.0
"""For an attempt that is under way; one on this machine takes milliseconds."""

MAX_REPR = 240
"""Where pytest cuts a representation."""


class MailCatcher(Sequence[Mail]):
    """This test's accepted mail, in order of arrival, and the server that accepts it."""

    def __init__(self, server: "Server", epoch: Epoch, *, timeout: float) -> None:
        self._server = server
        self._epoch = epoch
        self._timeout = timeout

    @property
    def host(self) -> str:
        """The address to send to."""
        return self._server.host

    @property
    def port(self) -> int:
        """The port to send to."""
        return self._server.port

    def find(self, **match: "Unpack[Match]") -> list[Mail]:
        """The mail that has arrived and matches."""
        __tracebackhide__ = True
        return Criteria(match, "find").among(self._mails())

    def one(self, **match: "Unpack[Match]") -> Mail:
        """The one mail that has arrived and matches. Fails if there is none, or more than one."""
        __tracebackhide__ = True
        criteria = Criteria(match, "one")
        found = criteria.among(self._mails())
        if len(found) != 1:
            raise self._failure(reporting.expectation("1 mail", criteria, found), criteria, found, missing=not found)
        return found[0]

    @overload
    def wait_for(self, *, timeout: float | None = None, **match: "Unpack[Match]") -> Mail: ...
    @overload
    def wait_for(self, *, count: int, timeout: float | None = None, **match: "Unpack[Match]") -> list[Mail]: ...
    @overload
    def wait_for(self, *, at_least: int, timeout: float | None = None, **match: "Unpack[Match]") -> list[Mail]: ...

    def wait_for(
        self, *, count: int | None = None, at_least: int | None = None, timeout: float | None = None, **match: "Unpack[Match]"
    ) -> Mail | list[Mail]:
        """Wait until a mail matches; or so many. Mail from earlier in the test counts.

        `count` (1 if no number is given) is exact: more matches fail at once. `at_least` returns all there are by then.
        Without `timeout`, in seconds, the setting holds; 0 only looks. Returns the mail; a list if a number was given.
        """
        __tracebackhide__ = True
        criteria = Criteria(match, "wait_for")
        seconds = self._timeout if timeout is None else as_seconds(timeout)
        enough, most = _numbers(count, at_least)
        with _Arrivals(self._epoch, criteria) as arrivals:
            self._mails()
            arrivals.look()
            if len(arrivals.found) < enough and seconds:
                self._server.require_waitable("wait_for")
                arrivals.wait(enough, self._server, seconds)
            if (
                most is not None
                and len(arrivals.found) == most
                and self._server.settle(self._epoch, SETTLE_SECONDS if self._server.may_block() else 0)
            ):
                arrivals.look()
            found = arrivals.found
        if len(found) < enough or (most is not None and len(found) > most):
            wanted = f"at least {_mails(enough)}" if most is None else _mails(most)
            first = reporting.expectation(wanted, criteria, found, within=seconds)
            raise self._failure(first, criteria, found, missing=len(found) < enough)
        return found[0] if count is None and at_least is None else found

    def assert_no_mail(self, *, within: float = 0.0, **match: "Unpack[Match]") -> None:
        """Fail if a mail matches: one that is here or on its way, or that arrives within so many seconds."""
        __tracebackhide__ = True
        criteria = Criteria(match, "assert_no_mail")
        seconds = as_seconds(within)
        with _Arrivals(self._epoch, criteria) as arrivals:
            self._mails()
            self._settle()
            arrivals.look()
            if not arrivals.found and seconds:
                self._server.require_waitable("assert_no_mail")
                arrivals.wait(1, self._server, seconds)
            found = arrivals.found
        if found:
            first = reporting.expectation("no mail", criteria, found, within=seconds)
            raise self._failure(first, criteria, found, missing=False)

    def clear(self) -> None:
        """Remove the mail that has arrived; what arrives later is seen as usual."""
        self._mails()
        self._server.clear(self._epoch)

    @overload
    def __getitem__(self, index: int) -> Mail: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mail]: ...

    def __getitem__(self, index: int | slice) -> Mail | list[Mail]:
        __tracebackhide__ = True
        mails = self._mails()
        if isinstance(index, slice):
            return mails[index]
        if not -len(mails) <= index < len(mails):
            raise IndexError(f"no mail [{index}]: {_mails(len(mails))} arrived in this test so far")
        return mails[index]

    def __len__(self) -> int:
        return len(self._epoch.mails)

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._mails())

    def __repr__(self) -> str:
        mails = self._epoch.mails
        listed = f": {reporting.listing(mails[:5])}" if mails else ""
        text = f"<MailCatcher {self.host}:{self.port}, {_mails(len(mails))}{listed}"
        return f"{text}>" if len(text) < MAX_REPR and len(mails) <= 5 else f"{text[: MAX_REPR - 2]}…>"

    def _mails(self) -> list[Mail]:
        """The mail that has arrived by now."""
        if self._epoch.is_over:
            raise RuntimeError("this mailcatcher belongs to a test that is over: ask for the fixture in every test that uses it")
        return self._epoch.mails.copy()

    def _settle(self) -> None:
        """Let what is under way come to an end. Raises AssertionError if it does not."""
        __tracebackhide__ = True
        if self._server.settle(self._epoch, 0):
            return
        self._server.require_waitable("assert_no_mail")
        if not self._server.settle(self._epoch, SETTLE_SECONDS):
            first = f"cannot tell that no mail comes: an attempt is still open after {SETTLE_SECONDS:g}s."
            raise AssertionError(reporting.unsettled(first, self._epoch))

    def _failure(self, first: str, criteria: Criteria, matching: Sequence[Mail], *, missing: bool) -> AssertionError:
        epochs, address = self._server.epochs, f"{self.host}:{self.port}"
        return AssertionError(
            reporting.failure(first, criteria, self._epoch, matching=matching, missing=missing, epochs=epochs, address=address)
        )


class _Arrivals:
    """The mail of an epoch that meets the criteria, as it arrives; tested in the thread that waits."""

    def __init__(self, epoch: Epoch, criteria: Criteria) -> None:
        self.found: list[Mail] = []
        self.news: News = SimpleQueue()
        self._epoch = epoch
        self._criteria = criteria
        self._seq = 0  # of the last mail that was looked at

    def __enter__(self) -> "_Arrivals":
        self._epoch.watchers.append(self.news)
        return self

    def __exit__(self, *_: object) -> None:
        self._epoch.watchers.remove(self.news)

    def look(self) -> None:
        """Take what has arrived."""
        for mail in self._epoch.mails.copy():
            self._take(mail)

    def wait(self, enough: int, server: "Server", seconds: float) -> None:
        """Take what arrives until so much is found, or the time is up."""
        cancel = server.deadline(seconds, self.news)
        try:
            while len(self.found) < enough and (mail := self.news.get()) is not None:
                self._take(mail)
        finally:
            cancel()

    def _take(self, mail: Mail) -> None:
        if mail.seq > self._seq:
            self._seq = mail.seq
            if self._criteria.met(mail):
                self.found.append(mail)


def _numbers(count: int | None, at_least: int | None) -> tuple[int, int | None]:
    """How many matches are enough, and how many the most."""
    if count is not None and at_least is not None:
        raise TypeError("wait_for() takes count= or at_least=, not both")
    number = at_least if at_least is not None else count if count is not None else 1
    if number < 1:
        raise ValueError("wait_for() waits for 1 mail or more; use assert_no_mail() to make sure that none comes")
    return number, None if at_least is not None else number


def _mails(number: int) -> str:
    return "1 mail" if number == 1 else f"{number} mails"
