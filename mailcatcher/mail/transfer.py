"""Content-Transfer-Encodings (RFC 2045 6)."""

import binascii
import re

IDENTITY = frozenset({"7bit", "8bit", "binary"})
KNOWN = IDENTITY | {"base64", "quoted-printable"}

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BLANKS = b" \t\r\n"
_NOT_ALPHABET = bytes(set(range(256)) - set(_DIGITS))
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")


def content(data: bytes, encoding: str) -> bytes:
    """The decoded bytes, as far as they can be decoded; an unknown encoding leaves them."""
    if encoding == "base64":
        return _from_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def _from_base64(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        data = data.translate(None, _NOT_ALPHABET).rstrip(b"=")
        usable = len(data) - (len(data) % 4 == 1)  # six bits are no byte
        data = data[:usable]
        return binascii.a2b_base64(data + b"=" * (-usable % 4))


def damaged(data: bytes, encoding: str, *, cut: bool = False) -> bool:
    """Whether the encoded bytes break the rules of their encoding; `cut`: they are a piece of the part."""
    if encoding == "base64":
        compact = data.translate(None, _BLANKS)
        digits = compact.rstrip(b"=")
        padding = len(compact) - len(digits)
        return bool(digits.translate(None, _DIGITS)) or padding > 2 or (not cut and len(compact) % 4 != 0)
    return encoding == "quoted-printable" and _BAD_ESCAPE.search(data, 0, len(data) - 2 if cut else len(data)) is not None
