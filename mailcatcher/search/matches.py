"""Whether one message matches a query: the pure counterpart of the store's SQL."""

from datetime import datetime
from typing import Protocol, assert_never

from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message
from mailcatcher.search.document import FLAGS, Document, flags
from mailcatcher.search.tree import (
    After,
    All,
    And,
    Before,
    Exact,
    Has,
    Header,
    Is,
    Larger,
    Not,
    NullSender,
    Or,
    Query,
    Smaller,
    Substring,
    Words,
    WordStart,
)
from mailcatcher.search.words import contains_words, starts_word


class Item(Protocol):
    """What a query is asked about: a stored message, or an arrival in one mailbox."""

    @property
    def message(self) -> Message:
        """The parsed mail."""
        ...

    @property
    def envelope(self) -> Envelope:
        """Its envelope."""
        ...

    @property
    def mailbox(self) -> str:
        """The mailbox it is in."""
        ...

    @property
    def received_at(self) -> datetime:
        """When it came in, aware."""
        ...

    @property
    def size_bytes(self) -> int:
        """The length of the raw message."""
        ...

    @property
    def read(self) -> bool:
        """Whether someone has read it."""
        ...

    @property
    def session_id(self) -> str | None:
        """The session it came in, None for one that came otherwise."""
        ...

    @property
    def user(self) -> str | None:
        """The user that authenticated, None without one."""
        ...


def matches(query: Query, item: Item, document: Document | None = None) -> bool:
    """True if the item matches. Pass its `document` to ask many queries about one item; it is made when needed."""
    return _Matcher(item, document or Document(item.message, item.envelope)).matches(query)


def header_matches(term: Header, headers: str) -> bool:
    """True if a line of the folded column `headers` is what the term asks for."""
    beginning = f"{term.name}:"
    for line in headers.split("\n"):
        if line.startswith(beginning) and (not term.words or contains_words(line[len(beginning) :], term.words, term.prefix)):
            return True
    return False


class _Matcher:
    def __init__(self, item: Item, document: Document) -> None:
        self._item = item
        self._document = document

    def matches(self, query: Query) -> bool:  # noqa: C901  # one case a kind of node
        match query:
            case All():
                return True
            case And(items):
                return all(map(self.matches, items))
            case Or(items):
                return any(map(self.matches, items))
            case Not(item):
                return not self.matches(item)
            case Words():
                return self._words(query)
            case Substring(fields, needle):
                return any(needle in text for text in self._substrings(fields))
            case WordStart(fields, needle):
                return any(starts_word(text, needle) for text in self._substrings(fields))
            case Header():
                return header_matches(query, self._document.columns()["headers"])
            case Has(flag):
                return bool(flags(self._item.message) >> FLAGS.index(flag) & 1)
            case Is(state):
                return self._item.read == (state == "read")
            case Before(at):
                return self._item.received_at < at
            case After(at):
                return self._item.received_at >= at
            case Larger(size_bytes):
                return self._item.size_bytes > size_bytes
            case Smaller(size_bytes):
                return self._item.size_bytes < size_bytes
            case Exact(field, value):
                return self._exact(field) == value
            case NullSender():
                return self._item.envelope.sender == ""
            case _:
                assert_never(query)

    def _words(self, term: Words) -> bool:
        texts = self._document.columns()
        return any(contains_words(texts[name], term.words, term.prefix) for name in term.columns or texts)

    def _substrings(self, fields: tuple[str, ...]) -> list[str]:
        texts = self._document.substrings()
        return [texts[name] for name in fields]

    def _exact(self, field: str) -> str | None:
        item = self._item
        return {"session": item.session_id, "user": item.user, "mailbox": item.mailbox}[field]
