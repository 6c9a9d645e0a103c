"""What a request asks for: parameters and bodies, checked."""

import re
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from starlette.requests import HTTPConnection, Request

from mailcatcher.errors import Invalid
from mailcatcher.search.query import parse
from mailcatcher.search.tree import Query
from mailcatcher.store.base import Selector
from mailcatcher.web.problems import Unreadable, validated

T = TypeVar("T")

MAILBOX_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

MOST_IDS = 10_000


def number(asked: HTTPConnection, name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within its bounds. Raises Invalid."""
    text = asked.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or not lowest <= int(text) <= highest:
        raise Invalid(f"{name} is {text[:40]!r}", name, f"a whole number from {lowest} to {highest}")
    return int(text)


def seconds(asked: HTTPConnection, name: str, default: float, highest: float) -> float:
    """A number of seconds from 0 to its bound. Raises Invalid."""
    text = asked.query_params.get(name)
    if text is None:
        return default
    return bounded_seconds(text, name, highest)


def bounded_seconds(value: str | float, name: str, highest: float) -> float:
    """Seconds from 0 to `highest`. Raises Invalid."""
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= highest:
        raise Invalid(f"{name} is {str(value)[:40]!r}", name, f"a number of seconds from 0 to {highest:g}")
    return found


def flag(asked: HTTPConnection, name: str) -> bool:
    """A switch: `1`, `true` or nothing after the name, `0`, `false` or absent. Raises Invalid."""
    text = asked.query_params.get(name, "0").lower()
    if text not in ("0", "1", "", "true", "false"):
        raise Invalid(f"{name} is {text[:40]!r}", name, "1 or 0")
    return text in ("1", "", "true")


def choice(asked: HTTPConnection, name: str, choices: tuple[str, ...]) -> str:
    """One of some words, the first if absent. Raises Invalid."""
    text = asked.query_params.get(name, choices[0])
    if text not in choices:
        raise Invalid(f"{name} is {text[:40]!r}", name, f"one of {', '.join(choices)}")
    return text


def query(text: str | None) -> Query:
    """A parsed query, everything if there is none. Raises QueryError."""
    return parse(text or "", datetime.now(UTC))


def mailbox(asked: HTTPConnection) -> str | None:
    """The mailbox a request is confined to, None for all. Raises Invalid for what is no name."""
    name = asked.query_params.get("mailbox")
    if name is not None and not MAILBOX_NAME.fullmatch(name):
        hint = "lower-case letters, digits, dot, underscore and hyphen, at most 64, beginning with a letter or digit"
        raise Invalid(f"{name[:80]!r} is no name of a mailbox", "mailbox", hint)
    return name


def after(asked: HTTPConnection) -> int | None:
    """The event number a request continues from, None if it does not say."""
    if asked.query_params.get("after") is None:
        return None
    return number(asked, "after", 0, 0, 1 << 53)


async def body(request: Request, form: type[T]) -> T:
    """The JSON body in its form. Raises Unreadable for what is no JSON, Invalid with the field's path."""
    try:
        return msgspec.json.decode(await request.body(), type=form)
    except msgspec.ValidationError as error:
        raise validated(error) from error
    except msgspec.DecodeError as error:
        raise Unreadable(f"the body is not JSON: {error}", f"send a JSON object with {', '.join(_fields(form))}") from error


def selector(ids: list[str] | None, text: str | None, *, everything: bool, mailbox: str | None) -> Selector:
    """Which messages a change is for. Raises Invalid unless exactly one of the three says it."""
    if (ids is not None) + (text is not None) + everything != 1:
        raise Invalid("it is not said which messages are meant", "body", "exactly one of `ids`, `query` and `all: true`")
    if ids is not None:
        if not ids or len(ids) > MOST_IDS:
            raise Invalid(f"`ids` has {len(ids)} entries", "ids", f"1 to {MOST_IDS} ids")
        return Selector(ids=tuple(ids), mailbox=mailbox)
    if text is not None and not text.strip():
        raise Invalid("`query` is empty", "query", "`all: true` selects every message")
    return Selector(query=query(text), mailbox=mailbox)


def _fields(form: type) -> tuple[str, ...]:
    return tuple(f"`{field.encode_name}`" for field in msgspec.structs.fields(form))
