"""Queries for hypothesis, over the words and texts of a corpus, and their canonical text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from hypothesis import strategies as st

from mailcatcher.search.document import FLAGS
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
    conjunction,
    disjunction,
    negation,
)
from mailcatcher.search.words import COLUMNS, flat, words

COLUMN_FIELDS = {
    None: "",
    ("text",): "text:",
    ("html",): "html:",
    ("text", "html"): "body:",
    ("attachments",): "attachment:",
}
SUBSTRING_FIELDS = {
    ("from",): "from:",
    ("to", "rcpt"): "to:",
    ("cc",): "cc:",
    ("bcc",): "bcc:",
    ("reply_to",): "reply-to:",
    ("subject",): "subject:",
    ("sender",): "sender:",
    ("rcpt",): "rcpt:",
    ("message_id",): "message-id:",
}


@dataclass(frozen=True)
class Vocabulary:
    """What queries are made of; every list needs at least one entry."""

    texts: Sequence[str]  # subjects, bodies, addresses: phrases and parts are cut out of them
    header_names: Sequence[str] = ("Subject", "X-Campaign")
    header_values: Sequence[str] = ("spring sale",)
    mailboxes: Sequence[str] = ("inbox",)
    sessions: Sequence[str] = ("s1",)
    users: Sequence[str] = ("app",)
    times: Sequence[datetime] = (datetime(2025, 1, 31, tzinfo=UTC),)
    sizes: Sequence[int] = (1000,)


def texts(vocabulary: Vocabulary) -> st.SearchStrategy[str]:
    """Query texts."""
    return trees(vocabulary).map(render)


def trees(vocabulary: Vocabulary) -> st.SearchStrategy[Query]:
    """Queries in the form that `parse` returns."""
    return st.just(All()) | st.recursive(
        terms(vocabulary),
        lambda inner: (
            st.lists(inner, min_size=2, max_size=3).map(conjunction)
            | st.lists(inner, min_size=2, max_size=3).map(disjunction)
            | inner.map(negation)
        ),
        max_leaves=8,
    )


def terms(vocabulary: Vocabulary) -> st.SearchStrategy[Query]:
    """Single terms; half of them look for something that is in the texts."""
    return st.one_of(
        _words_terms(vocabulary),
        _parts(vocabulary),
        _headers(vocabulary),
        st.sampled_from([NullSender(), Is("read"), Is("unread"), *map(Has, FLAGS)]),
        st.sampled_from(vocabulary.mailboxes).map(lambda name: Exact("mailbox", name)),
        st.sampled_from(vocabulary.sessions).map(lambda name: Exact("session", name)),
        st.sampled_from(vocabulary.users).map(lambda name: Exact("user", name)),
        st.builds(lambda kind, at: kind(at), st.sampled_from([Before, After]), st.sampled_from(vocabulary.times)),
        st.builds(lambda kind, size: kind(size), st.sampled_from([Larger, Smaller]), st.sampled_from(vocabulary.sizes)),
    )


@st.composite
def _phrases(draw: st.DrawFn, sources: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Words that follow each other somewhere, and whether the last is cut short."""
    found = words(draw(st.sampled_from(sources))) or ["none"]
    start = draw(st.integers(0, len(found) - 1))
    sought = found[start : start + draw(st.integers(1, 3))]
    prefix = draw(st.booleans())
    if prefix:
        sought[-1] = sought[-1][: draw(st.integers(1, len(sought[-1])))]
    return tuple(sought), prefix


def _words_terms(vocabulary: Vocabulary) -> st.SearchStrategy[Query]:
    return st.builds(
        lambda columns, phrase: Words(columns, *phrase),
        st.sampled_from(list(COLUMN_FIELDS)),
        _phrases(vocabulary.texts),
    )


def _headers(vocabulary: Vocabulary) -> st.SearchStrategy[Query]:
    names = st.sampled_from(vocabulary.header_names).map(flat)
    values = _phrases((*vocabulary.header_values, *vocabulary.texts))
    return names.map(Header) | st.builds(lambda name, phrase: Header(name, *phrase), names, values)


@st.composite
def _parts(draw: st.DrawFn, vocabulary: Vocabulary) -> Query:
    """A piece of some text, as a field that is searched by substrings takes it."""
    fields = draw(st.sampled_from(list(SUBSTRING_FIELDS)))
    text = draw(st.sampled_from(vocabulary.texts))
    start = draw(st.integers(0, max(0, len(text) - 1)))
    needle = flat(text[start : start + draw(st.integers(1, 12))])
    if len(needle) >= 3:
        return Substring(fields, needle)
    found = words(needle)
    return WordStart(fields, needle, found[0]) if found else Substring(fields, f"{needle:.<3}")


def render(query: Query) -> str:  # noqa: C901  # one case a kind of node
    """The text of a query in the form that `parse` returns."""
    match query:
        case All():
            return ""
        case And(items):
            return " ".join(f"({render(item)})" if isinstance(item, Or) else render(item) for item in items)
        case Or(items):
            return " OR ".join(map(render, items))
        case Not(item):
            return f"-({render(item)})" if isinstance(item, And | Or) else f"-{render(item)}"
        case Words(columns, sought, prefix):
            return COLUMN_FIELDS[columns] + _phrase(sought, prefix)
        case Substring(fields, needle) | WordStart(fields, needle):
            return SUBSTRING_FIELDS[fields] + _quoted(f"<{needle}>" if fields == ("message_id",) else needle)
        case Header(name, sought, prefix):
            return f"header:{name}" + (f"={_phrase(sought, prefix)}" if sought else "")
        case Has(flag):
            return f"has:{flag}"
        case Is(state):
            return f"is:{state}"
        case Before(at):
            return f"before:{at.isoformat()}"
        case After(at):
            return f"after:{at.isoformat()}"
        case Larger(size_bytes):
            return f"larger:{size_bytes}"
        case Smaller(size_bytes):
            return f"smaller:{size_bytes}"
        case Exact(field, value):
            return f"{field}:{_quoted(value)}"
        case NullSender():
            return 'sender:""'
        case _:
            assert_never(query)


def _phrase(sought: tuple[str, ...], prefix: bool) -> str:
    return _quoted(" ".join(sought)) + ("*" if prefix else "")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


assert all(set(columns) <= set(COLUMNS) for columns in COLUMN_FIELDS if columns)
