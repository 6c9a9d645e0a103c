"""What a test asks of a mail: the keywords of `find`, `one`, `wait_for` and `assert_no_mail`."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, cast

from mailcatcher.mail.address import Address
from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message
from pytest_mailcatcher.mail import Mail
from pytest_mailcatcher.text import TextMatch, accepts, canonical, contains, decides, glob

AddressMatch = TextMatch
"""A string is the whole address, in any case; in header fields a pattern or a callable sees `Name <address>`."""


class Match(TypedDict, total=False):
    """What a mail must be; all keywords given must hold."""

    to: AddressMatch | Collection[AddressMatch]  # recipients of the envelope; of a collection each must be among them
    sender: AddressMatch  # of the envelope; "" is the null sender
    from_: AddressMatch  # header fields
    cc: AddressMatch
    reply_to: AddressMatch
    bcc: AddressMatch  # a recipient of the envelope in no To or Cc
    subject: TextMatch  # decoded; a string is the whole subject
    text: TextMatch  # a string is contained
    html: TextMatch  # contained in the source, or in its words
    body: TextMatch  # either of the two
    header: Mapping[str, TextMatch | None]  # None: there is no such field
    attachment: str | re.Pattern[str]  # a file name; a string is a glob
    query: str  # the query language
    where: Callable[[Mail], bool]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a mail must be; `values` is what the mail has there, `accepts` judges one of them."""

    name: str
    expected: object
    values: Callable[[Mail], tuple[str, ...]]
    accepts: Callable[[str], bool]
    manner: str  # in which a string is compared: equal, contained, glob, absent

    def met(self, mail: Mail) -> bool:
        """Whether the mail meets it."""
        values = self.values(mail)
        return not values if self.manner == "absent" else any(map(self.accepts, values))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A criterion that judges the mail as a whole: `query` and `where`."""

    name: str
    expected: object
    judge: Callable[[Mail], bool]

    def met(self, mail: Mail) -> bool:
        """Whether the mail meets it."""
        return bool(self.judge(mail))


class Criteria:
    """All that is asked of a mail."""

    def __init__(self, given: Match, method: str) -> None:
        """Raises TypeError for a keyword that does not exist or a value of the wrong kind, QueryError for a wrong query."""
        __tracebackhide__ = True
        self.given = cast("dict[str, Any]", given)
        unknown = next((name for name in self.given if name not in Match.__annotations__), None)
        if unknown is not None:
            raise TypeError(f"{method}() got an unexpected keyword argument {unknown!r}. Keywords are: {', '.join(Match.__annotations__)}")
        self.all = tuple(criterion for name, expected in self.given.items() for criterion in _criteria(name, expected))

    def met(self, mail: Mail) -> bool:
        """Whether the mail meets all of them."""
        return all(criterion.met(mail) for criterion in self.all)

    def among(self, mails: Iterable[Mail]) -> list[Mail]:
        """The mails that meet all of them, in order."""
        return [mail for mail in mails if self.met(mail)]


def _criteria(name: str, expected: Any) -> Iterator[Criterion | Verdict]:
    """What one keyword asks for. Raises TypeError for a value of the wrong kind."""
    __tracebackhide__ = True
    fits, kinds = _VALUES.get(name, (_is_match, "a string, a pattern or a callable"))
    if not fits(expected):
        raise TypeError(f"{name}={expected!r}: expected {kinds}")
    if name == "to" and not _is_match(expected):
        for one in expected:
            yield from _criteria(name, one)
    elif name == "header":
        for field, value in expected.items():
            yield _header(field, value)
    elif name == "query":
        yield _query(expected)
    elif name == "where":
        yield Verdict(name, expected, expected)
    else:
        values, compare, manner = _KINDS[name]
        yield Criterion(name, expected, values, lambda text: compare(expected, text), manner)


def _is_match(expected: object) -> bool:
    return isinstance(expected, (str, re.Pattern)) or callable(expected)


def _is_recipients(expected: object) -> bool:
    return _is_match(expected) or (isinstance(expected, Collection) and all(map(_is_match, expected)))


def _is_fields(expected: object) -> bool:
    return isinstance(expected, Mapping) and all(value is None or _is_match(value) for value in expected.values())


def _header(field: str, expected: TextMatch | None) -> Criterion:
    name = f"header {field}"
    if expected is None:
        return Criterion(name, None, lambda mail: tuple(mail.headers.get_all(field)), bool, "absent")
    return Criterion(name, expected, lambda mail: tuple(mail.headers.get_all(field)), lambda text: accepts(expected, text), "equal")


def _query(text: str) -> Verdict:
    from mailcatcher.search.matches import matches  # not needed by most tests
    from mailcatcher.search.query import parse

    __tracebackhide__ = True
    tree = parse(text, datetime.now(UTC))
    return Verdict("query", text, lambda mail: matches(tree, _Item(mail)))


class _Item:
    """A mail as the query language sees it."""

    read = False

    def __init__(self, mail: Mail) -> None:
        self.message: Message = mail.parsed
        self.envelope: Envelope = mail.envelope
        self.mailbox = mail.mailbox
        self.received_at = mail.received_at
        self.size_bytes = mail.size_bytes
        self.session_id = mail.arrival.session_id
        self.user = mail.arrival.user


def _is_address(expected: AddressMatch, text: str) -> bool:
    return canonical(expected) == canonical(text) if isinstance(expected, str) else decides(expected, text)


def _is_field_address(expected: AddressMatch, text: str) -> bool:
    if not isinstance(expected, str):
        return decides(expected, text)
    address = text[text.rfind("<") + 1 : -1] if text.endswith(">") else text
    return canonical(expected) in (canonical(address), canonical(text))


def _is_file_name(expected: str | re.Pattern[str], text: str) -> bool:
    return glob(expected, text) if isinstance(expected, str) else decides(expected, text)


def _fields(addresses: tuple[Address, ...]) -> tuple[str, ...]:
    return tuple(map(str, addresses))


def _html(mail: Mail) -> tuple[str, ...]:
    return () if mail.html is None else (mail.html, mail.html_as_text)


def _text(mail: Mail) -> tuple[str, ...]:
    return () if mail.text is None else (mail.text,)


_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "to": (_is_recipients, "a string, a pattern, a callable or a collection of them"),
    "header": (_is_fields, "a mapping of names to strings, patterns, callables or None"),
    "attachment": (lambda expected: isinstance(expected, (str, re.Pattern)), "a string (a glob) or a pattern"),
    "query": (lambda expected: isinstance(expected, str), "a string in the query language"),
    "where": (callable, "a callable that takes the mail"),
}
_Kind = tuple[Callable[[Mail], tuple[str, ...]], Callable[[Any, str], bool], str]
_KINDS: dict[str, _Kind] = {
    "to": (lambda mail: mail.envelope.addresses, _is_address, "equal"),
    "sender": (lambda mail: (mail.envelope.sender,), _is_address, "equal"),
    "from_": (lambda mail: _fields(mail.parsed.from_), _is_field_address, "equal"),
    "cc": (lambda mail: _fields(mail.cc), _is_field_address, "equal"),
    "reply_to": (lambda mail: _fields(mail.reply_to), _is_field_address, "equal"),
    "bcc": (lambda mail: mail.bcc, _is_address, "equal"),
    "subject": (lambda mail: (mail.subject,), accepts, "equal"),
    "text": (_text, contains, "contained"),
    "html": (_html, contains, "contained"),
    "body": (lambda mail: (*_text(mail), *_html(mail)), contains, "contained"),
    "attachment": (lambda mail: tuple(part.filename for part in (*mail.attachments, *mail.inline)), _is_file_name, "glob"),
}
