"""Bytes to text: what the mail says, else what works."""

import codecs
import re
from functools import lru_cache

LAX = {
    "gb2312": "gb18030",  # what is sent under the smaller name is often the larger set; WHATWG Encoding reads them alike
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "us-ascii",
    "unknown-8bit": "us-ascii",
    "default": "us-ascii",
    "8bit": "us-ascii",
    "binary": "us-ascii",
}
REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"})
"""Codecs of Python that are no charsets; punycode takes quadratic time."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_C1 = re.compile("[\x80-\x9f]")


def clean(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD, so that SQLite and JSON can hold it."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(LAX.get(name, name))
    except (LookupError, ValueError, UnicodeError):
        return None
    if found.name.replace("-", "_") in REFUSED or not getattr(found, "_is_text_encoding", True):
        return None
    return found.name


def codec(charset: str) -> str | None:
    """Python's name of a charset, None for an unknown one."""
    return _codec(charset) if len(charset) <= 64 else None


def guessed(data: bytes) -> tuple[str, str]:
    """Text of bytes whose charset is unknown, and what it was read as: UTF-8, else windows-1252."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return guessed_latin(data), "windows-1252"


def decode(data: bytes, charset: str) -> tuple[str, tuple[str, ...] | None]:
    """Text of the bytes (not yet `clean`), and how it went wrong: the id of a defect with its values, or None."""
    name = codec(charset)
    if name is None:
        text, used = guessed(data)
        return text, ("bad_charset", charset[:64], used)
    try:
        text = data.decode(name)
    except (UnicodeError, ValueError):
        return _mended(data, name)
    if name == "iso8859-1" and not text.isascii() and _C1.search(text):
        # C1 controls under this label are windows-1252 punctuation: WHATWG Encoding.
        text = guessed_latin(data)
    return text, None


def guessed_latin(data: bytes) -> str:
    """Text of windows-1252 bytes; ISO-8859-1 where that has no character."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _mended(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    if name == "utf-8":
        # A few damaged bytes are shown as such; text that is mostly something else is read as that.
        text = data.decode("utf-8", "replace")
        if text.count("\ufffd") * 20 <= len(text):
            return text, ("charset_mismatch", name, "utf-8 with replacements")
    if name in ("ascii", "utf-8"):
        text, used = guessed(data)
        return text, ("charset_mismatch", "us-ascii" if name == "ascii" else name, used)
    try:
        return data.decode("utf-8"), ("charset_mismatch", name, "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode(name, "replace"), ("charset_mismatch", name, f"{name} with replacements")
    except (UnicodeError, ValueError):
        text, used = guessed(data)
        return text, ("charset_mismatch", name, used)
