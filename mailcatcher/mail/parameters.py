"""Parameters of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231)."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mailcatcher.mail.charset import clean, codec, decode
from mailcatcher.mail.encoded import decoded

Parameters = dict[str, str]

_PARAMETER = re.compile(r';\s*([^=;"\s]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"?|([^;]*))', re.S)
_SIMPLE = re.compile(r'([\w!#$&^.+-]+/[\w!#$&^.+-]+|[\w-]+)(?:;\s*([\w-]+)=(?:"([^"\\;=]*)"|([^\s"\\;=()]+)))?;?\s*')
_CONTINUED = re.compile(r"(.+?)(?:\*([0-9]{1,3}))?(\*)?")
_COMMENT = re.compile(r"\([^()]*\)")
_CACHED_LENGTH = 256


def parameters(value: str) -> tuple[str, Parameters]:
    """First word, lower-cased, and parameters by lower-case name, of a field such as Content-Type. The dict is shared: do not change it."""
    return _cached(value) if len(value) <= _CACHED_LENGTH else _read(value)


def _read(value: str) -> tuple[str, Parameters]:
    match = _SIMPLE.fullmatch(value)
    if match is None:
        return _read_fully(value)
    word, name, quoted, token = match.groups()
    if name is None:
        return word.lower(), {}
    return word.lower(), {name.lower(): token if quoted is None else quoted}


_cached = lru_cache(maxsize=512)(_read)


def _read_fully(value: str) -> tuple[str, Parameters]:
    head, _, _ = value.partition(";")
    if "(" in head:
        head = _COMMENT.sub("", head)
    word = "".join(head.split()).lower()
    plain: Parameters = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(value, len(value.partition(";")[0])):
        name = match[1].lower()
        text = match[3].strip() if match[2] is None else match[2].replace('\\"', '"').replace("\\\\", "\\")
        if match[2] is None and text.endswith(")"):
            text = _COMMENT.sub("", text).strip()
        split = _CONTINUED.fullmatch(name) if "*" in name else None
        if split is None or (split[2] is None and split[3] is None):
            plain.setdefault(name, decoded(text)[0] if "=?" in text else clean(text))
        else:
            pieces.setdefault(split[1], {}).setdefault(int(split[2] or 0), (split[3] is not None, text))
    # RFC 2231 forms win over the plain one, which is there for old readers (RFC 6266 4.3 says so for filename).
    plain.update((name, _joined(found)) for name, found in pieces.items())
    return word, plain


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    """The value of RFC 2231 3 and 4: pieces in order, up to the first gap, the first one naming the charset."""
    charset = "us-ascii"
    data = bytearray()
    for number in range(len(pieces)):
        if number not in pieces:
            break
        extended, text = pieces[number]
        if number == 0 and extended and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if extended else text.encode("utf-8", "replace")
    return clean(decode(bytes(data), charset if codec(charset) else "us-ascii")[0])
