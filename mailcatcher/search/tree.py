"""The tree of a query: what `query.parse` returns, `store` compiles to SQL and `matches` evaluates.

In a parsed tree `And` and `Or` hold two items or more, none of their own kind; `Not` holds no `Not`; `All` stands only
at the top. `conjunction`, `disjunction` and `negation` keep it so. Every text in it is folded (`words.fold`) except the
values of `Exact`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

ExactField = Literal["session", "user", "mailbox"]


class All(msgspec.Struct, frozen=True):
    """Every message."""


class And(msgspec.Struct, frozen=True):
    """Messages that match all items."""

    items: tuple["Query", ...]


class Or(msgspec.Struct, frozen=True):
    """Messages that match at least one item."""

    items: tuple["Query", ...]


class Not(msgspec.Struct, frozen=True):
    """Messages that do not match the item."""

    item: "Query"


class Words(msgspec.Struct, frozen=True):
    """The words follow each other in one of the columns (of `words.COLUMNS`); None means any column."""

    columns: tuple[str, ...] | None
    words: tuple[str, ...]
    prefix: bool = False  # the last word may be longer in the text


class Substring(msgspec.Struct, frozen=True):
    """One of the fields (of `document.SUBSTRINGS`) contains the needle: three characters or more, no line end."""

    fields: tuple[str, ...]
    needle: str


class WordStart(msgspec.Struct, frozen=True):
    """As `Substring` for a needle of one or two characters, but its first letter must begin a word.

    `word` is what the needle has of letters: every match has a word that starts with it, so an index of words finds
    the candidates; `words.starts_word` decides.
    """

    fields: tuple[str, ...]
    needle: str
    word: str


class Header(msgspec.Struct, frozen=True):
    """A header of that name (lower case) exists and, if there are words, they follow each other in its value.

    `words.words(name)` are never none, and stand in the column `headers` before those of the value.
    """

    name: str
    words: tuple[str, ...] = ()
    prefix: bool = False


class Has(msgspec.Struct, frozen=True):
    """The message has what the flag (of `document.FLAGS`) says."""

    flag: str


class Is(msgspec.Struct, frozen=True):
    """The message is in that state."""

    state: Literal["read", "unread"]


class Before(msgspec.Struct, frozen=True):
    """Received earlier than `at`."""

    at: datetime


class After(msgspec.Struct, frozen=True):
    """Received at `at` or later."""

    at: datetime


class Larger(msgspec.Struct, frozen=True):
    """The raw message has more bytes."""

    size_bytes: int


class Smaller(msgspec.Struct, frozen=True):
    """The raw message has fewer bytes."""

    size_bytes: int


class Exact(msgspec.Struct, frozen=True):
    """The field has this very value, upper and lower case told apart."""

    field: ExactField
    value: str


class NullSender(msgspec.Struct, frozen=True):
    """The envelope's sender is the null sender (RFC 5321 4.5.5)."""


Term: TypeAlias = Words | Substring | WordStart | Header | Has | Is | Before | After | Larger | Smaller | Exact | NullSender
Query: TypeAlias = All | And | Or | Not | Term


def conjunction(items: Sequence[Query]) -> Query:
    """What matches all of one item or more."""
    return items[0] if len(items) == 1 else And(_flat(items, And))


def disjunction(items: Sequence[Query]) -> Query:
    """What matches at least one of one item or more."""
    return items[0] if len(items) == 1 else Or(_flat(items, Or))


def negation(item: Query) -> Query:
    """What does not match the item."""
    return item.item if isinstance(item, Not) else Not(item)


def _flat(items: Sequence[Query], kind: type[And] | type[Or]) -> tuple[Query, ...]:
    flat: list[Query] = []
    for item in items:
        flat += item.items if isinstance(item, kind) else [item]
    return tuple(flat)
