"""Mails that can be told apart, and made again to compare."""

import hashlib

from mailcatcher.mail.envelope import Envelope, Recipient


def word(number: int) -> str:
    """A word that stands in one mail only."""
    return f"unique{number:07d}"


def raw(number: int) -> bytes:
    """The mail: one in 40 is large, all hold bytes that nobody may change."""
    noise = hashlib.sha256(str(number).encode()).digest()
    body = f"{word(number)} of many\r\n".encode() + noise.replace(b"\n", b"") * (600 if number % 40 == 0 else 5)
    return f"Subject: Number {number}\r\nX-Number: {number}\r\n\r\n".encode() + body + b"\r\n"


def envelope(number: int) -> Envelope:
    """Its envelope."""
    return Envelope(f"sender{number % 7}@example.org", (Recipient(f"rcpt{number}@example.net"),))
