"""Encoded words (RFC 2047)."""

import binascii
import re

from mailcatcher.mail.charset import clean, codec, decode

# Blanks and question marks inside the text are not allowed, but blanks are sent; `*language` is RFC 2231 5.
_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")
_BREAKS = re.compile(r"[\r\n]+")


def decoded(value: str) -> tuple[str, bool]:
    """The value with its encoded words decoded, on one line; False if one of them is broken and was left as it is."""
    pieces: list[str] = []
    pending = bytearray()  # a character may be split over words of the same charset, against RFC 2047 5
    charset = ""
    position = 0
    good = True
    after_word = False
    for match in _WORD.finditer(value):
        gap = value[position : match.start()]
        data = _bytes(match[2], match[3]) if codec(match[1]) else None
        if data is None:
            good = False
            continue
        if not ((after_word and gap.isspace()) or not gap):
            _flush(pieces, pending, charset)
            pieces.append(gap)
        elif charset != match[1].lower():
            _flush(pieces, pending, charset)
        charset = match[1].lower()
        pending += data
        after_word = True
        position = match.end()
    _flush(pieces, pending, charset)
    pieces.append(value[position:])
    return clean(_BREAKS.sub(" ", "".join(pieces))), good


def _flush(pieces: list[str], pending: bytearray, charset: str) -> None:
    if pending:
        pieces.append(decode(bytes(pending), charset)[0])
        pending.clear()


def _bytes(encoding: str, text: str) -> bytes | None:
    if encoding in "qQ":
        return binascii.a2b_qp(text.encode("utf-8"), header=True)
    if _NOT_BASE64.search(text):
        return None
    try:
        return binascii.a2b_base64(text + "=" * (-len(text.strip()) % 4))
    except binascii.Error:
        return None
