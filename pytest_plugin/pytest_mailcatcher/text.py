"""Comparing and showing texts: what a string, a pattern and a callable mean, and how hostile text is printed."""

import re
import unicodedata
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache

TextMatch = str | re.Pattern[str] | Callable[[str], bool]
"""A string is the whole text, a pattern is searched for, a callable decides."""

PatternMatch = str | re.Pattern[str]
"""A regular expression, searched for."""

MAX_SHOWN = 120
"""Characters shown of one value."""


def collapsed(text: str) -> str:
    """The text with every run of blanks as one space, none at the ends."""
    return " ".join(text.split())


def accepts(expected: TextMatch, text: str) -> bool:
    """Whether the text is what is expected; a string is compared with blanks collapsed."""
    if isinstance(expected, str):
        return collapsed(expected) == collapsed(text)
    return decides(expected, text)


def contains(expected: TextMatch, text: str) -> bool:
    """As `accepts`, but a string need only be contained."""
    if isinstance(expected, str):
        return collapsed(expected) in collapsed(text)
    return decides(expected, text)


def decides(expected: re.Pattern[str] | Callable[[str], bool], text: str) -> bool:
    """What a pattern or a callable says of the text."""
    if isinstance(expected, re.Pattern):
        return expected.search(text) is not None
    return bool(expected(text))


def searches(pattern: PatternMatch, text: str) -> bool:
    """Whether the regular expression is found in the text."""
    return re.search(pattern, text) is not None


def glob(pattern: str, name: str) -> bool:
    """Whether the shell pattern fits the name, in any case."""
    return fnmatchcase(name.casefold(), pattern.casefold())


@lru_cache(maxsize=1024)
def canonical(address: str) -> str:
    """The form in which equal addresses are equal: in any case, and an A-label (`xn--…`, RFC 5890 2.3.2.1) as its U-label."""
    local, at, domain = address.strip().rpartition("@")
    labels = [_unicode_label(label) for label in domain.casefold().split(".")]
    return unicodedata.normalize("NFC", f"{local.casefold()}{at}{'.'.join(labels)}").casefold()


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def shown(text: str, limit: int = MAX_SHOWN) -> str:
    """The text on one line, at most `limit` characters; what cannot be printed, or changes the direction of writing, is escaped."""
    looked_at = text[: limit * 8]
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in collapsed(looked_at))
    return line if len(line) <= limit and looked_at == text else f"{line[: limit - 1]}…"
