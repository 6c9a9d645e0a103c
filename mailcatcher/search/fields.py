"""The fields of the language, one table, and what each makes of its value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from mailcatcher.errors import QueryError
from mailcatcher.search import quantity
from mailcatcher.search.document import FLAGS
from mailcatcher.search.tree import (
    After,
    Before,
    Exact,
    ExactField,
    Has,
    Header,
    Is,
    Larger,
    NullSender,
    Smaller,
    Substring,
    Term,
    Words,
    WordStart,
)
from mailcatcher.search.words import flat, words

MAX_WORD = 8_000
"""Characters of one word: FTS5 cuts words after 32,768 bytes, and would then find what only begins alike."""

_MIN_SUBSTRING = 3  # the index of substrings is one of trigrams
_STARRED = re.compile(r"\w\*$")  # in quotes; outside them the parser takes the star away
_MAILBOX = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  # as config and mailroom spell it: design, "Mailboxes"
_HEADER_NAME = re.compile(r"[^\s:*]+")  # RFC 5322 2.2, and what lies beyond ASCII


@dataclass(frozen=True, slots=True)
class Value:
    """What follows a field, or stands alone: without its quotes, escapes and the `*` at its end."""

    text: str
    position: int  # where it begins, in characters of the query
    quoted: bool = False
    prefix: bool = False  # it had a `*` at its end
    key: "Value | None" = None  # of a keyed field: what stands before `=`; without `=` the text is empty

    def error(self, message: str, hint: str) -> QueryError:
        """The error to raise about this value."""
        return QueryError(message, self.position, hint)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it finds, an example, and how a value of it becomes a term (`now` is what `-10m` counts from)."""

    name: str
    text: str
    example: str
    term: Callable[[Value, datetime], Term]
    keyed: bool = False  # written name:key=value


def words_term(value: Value, columns: tuple[str, ...] | None = None) -> Words:
    """The term of a bare word or phrase, or of a field that is searched by words. Raises QueryError without a word."""
    found = tuple(words(value.text))
    if not found:
        raise value.error(f"no word in {value.text!r}", "search for letters or digits")
    if max(map(len, found)) > MAX_WORD:
        raise value.error("a word is too long", f"at most {MAX_WORD:,} characters are one word")
    return Words(columns, found, value.prefix or bool(_STARRED.search(value.text)))


def unknown_field(name: str, position: int, term: str) -> QueryError:
    """The error about a field that does not exist, in the term as it was written."""
    near = get_close_matches(name.lower(), FIELDS, n=1)
    hint = f"did you mean {near[0]}:? " if near else ""
    hint += f'To find the text itself write it in quotes: "{term}". Fields: {", ".join(FIELDS)}'
    return QueryError(f"unknown field {name!r}", position, hint)


def _by_words(*columns: str) -> Callable[[Value, datetime], Term]:
    return lambda value, _: words_term(value, columns)


def _by_part(*fields: str) -> Callable[[Value, datetime], Term]:
    return lambda value, _: _substring(fields, value.text, value)


def _substring(fields: tuple[str, ...], text: str, value: Value) -> Term:
    needle = flat(text)
    if len(needle) >= _MIN_SUBSTRING:
        return Substring(fields, needle)
    found = words(needle)
    if not found:
        raise value.error(
            f"nothing to search for in {value.text!r}",
            f"write a letter or a digit, or {_MIN_SUBSTRING} characters or more",
        )
    return WordStart(fields, needle, found[0])


def _sender(value: Value, _: datetime) -> Term:
    if value.text in {"", "<>"}:
        return NullSender()
    return _substring(("sender",), value.text, value)


def _message_id(value: Value, _: datetime) -> Term:
    text = value.text.strip()
    return _substring(("message_id",), text.removeprefix("<").removesuffix(">") or text, value)


def _exact(field: ExactField) -> Callable[[Value, datetime], Term]:
    return lambda value, _: Exact(field, _whole(value))


def _mailbox(value: Value, _: datetime) -> Term:
    name = _whole(value).lower()
    if not _MAILBOX.fullmatch(name):
        hint = "a name is letters, digits, '.', '_' and '-', such as inbox"
        raise value.error(f"{value.text!r} is no mailbox name", hint)
    return Exact("mailbox", name)


def _has(value: Value, _: datetime) -> Term:
    return Has(_one_of(value, FLAGS, "has"))


def _is(value: Value, _: datetime) -> Term:
    return Is("read" if _one_of(value, ("read", "unread"), "is") == "read" else "unread")


def _one_of(value: Value, known: tuple[str, ...], field: str) -> str:
    name = value.text.lower()
    if name not in known or value.prefix:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {field}:{near[0]}? " if near else ""
        raise value.error(f"unknown value {value.text!r} of {field}:", f"{hint}Known: {', '.join(known)}")
    return name


def _time(value: Value, now: datetime) -> datetime:
    text = _whole(value)  # outside of the try: its QueryError is a ValueError too
    try:
        return quantity.time(text, now)
    except ValueError as error:
        hint = "write 2025-01-31, 2025-01-31T18:00:00Z, or how long ago: -90s, -10m, -2h, -7d, -2w"
        raise value.error(f"{value.text!r} is no time", hint) from error


def _size(value: Value) -> int:
    text = _whole(value)
    try:
        return quantity.size_bytes(text)
    except ValueError as error:
        raise value.error(f"{value.text!r} is no size", "write bytes, or 10k, 5M, 1G") from error


def _whole(value: Value) -> str:
    if value.prefix:
        raise value.error("'*' has no meaning here", "write the whole value")
    return value.text


def _header(value: Value, _: datetime) -> Term:
    name = value.key or value
    if not _HEADER_NAME.fullmatch(name.text) or not words(name.text):
        raise name.error(f"{name.text!r} is no header name", "write header:Name or header:Name=value")
    if not value.text:
        return Header(flat(name.text))
    sought = words_term(value)
    return Header(flat(name.text), sought.words, sought.prefix)


_TABLE = (
    Field("from", "part of the From field", "from:shop@example.org", _by_part("from")),
    Field("to", "part of the To field or of a recipient of the envelope", "to:ada", _by_part("to", "rcpt")),
    Field("cc", "part of the Cc field", 'cc:"Ada Lovelace"', _by_part("cc")),
    Field("bcc", "part of the Bcc field or of a recipient in neither To nor Cc", "bcc:audit@", _by_part("bcc")),
    Field("reply-to", "part of the Reply-To field", "reply-to:support", _by_part("reply_to")),
    Field("subject", "part of the subject", 'subject:"your order"', _by_part("subject")),
    Field("text", "words of the plain text", "text:welcome", _by_words("text")),
    Field("html", "words of the HTML as it reads", 'html:"sign in"', _by_words("html")),
    Field("body", "words of the plain text or of the HTML", "body:refund", _by_words("text", "html")),
    Field("header", "a header by its name, or words of its value", 'header:X-Campaign="spring sale"', _header, keyed=True),
    Field("attachment", "words of an attachment's file name", "attachment:invoice", _by_words("attachments")),
    Field("sender", 'part of the envelope\'s sender; sender:"" is the null sender', "sender:bounces@", _sender),
    Field("rcpt", "part of a recipient of the envelope", "rcpt:@example.org", _by_part("rcpt")),
    Field("message-id", "part of the Message-ID", "message-id:<42@example.org>", _message_id),
    Field("mailbox", "the mailbox, by its name", "mailbox:inbox", _mailbox),
    Field("session", "the SMTP session, by its id", "session:01JC4Y3M8V6Z0T2N9QK5R7W1XD", _exact("session")),
    Field("user", "the user that authenticated", "user:app", _exact("user")),
    Field("has", f"what is in it: {', '.join(FLAGS)}", "has:attachment", _has),
    Field("is", "its state: read, unread", "is:unread", _is),
    Field("before", "received earlier than a time", "before:2025-01-31", lambda value, now: Before(_time(value, now))),
    Field("after", "received at a time or later", "after:-10m", lambda value, now: After(_time(value, now))),
    Field("larger", "more bytes than", "larger:100k", lambda value, _: Larger(_size(value))),
    Field("smaller", "fewer bytes than", "smaller:5M", lambda value, _: Smaller(_size(value))),
)
FIELDS = {field.name: field for field in _TABLE}
"""Every field by its name."""
