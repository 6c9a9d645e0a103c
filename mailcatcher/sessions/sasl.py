"""SASL exchanges as values: a response in, a challenge or the credentials out. Base64 is the protocols' affair.

PLAIN   RFC 4616          one response: authzid NUL user NUL secret
LOGIN   draft-murchison   two responses, prompted for; an initial response is the name
"""

from dataclasses import dataclass, field
from typing import Protocol


class SaslError(ValueError):
    """A response that does not fit the mechanism; the text says what would."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client proved or claimed; the secret never shows in a representation."""

    mechanism: str
    user: str
    secret: bytes = field(repr=False)
    authzid: str = ""


class Exchange(Protocol):
    """One run of a mechanism."""

    def step(self, response: bytes | None) -> bytes | Credentials:
        """Take a response (None: no initial one) and return the next challenge, or the credentials.

        Raises SaslError if the response cannot be read.
        """
        ...


class Plain:
    """PLAIN (RFC 4616)."""

    def step(self, response: bytes | None) -> bytes | Credentials:
        """Return the empty challenge if there is no response yet, else the credentials."""
        if response is None:
            return b""
        parts = response.split(b"\0")
        if len(parts) != 3:
            raise SaslError("PLAIN wants authzid NUL user NUL secret")
        authzid, user, secret = parts
        return Credentials("PLAIN", _text(user), secret, _text(authzid))


class Login:
    """LOGIN (draft-murchison-sasl-login)."""

    def __init__(self) -> None:
        self._user: bytes | None = None

    def step(self, response: bytes | None) -> bytes | Credentials:
        """Ask for the name, then for the secret."""
        if response is None:
            return b"Username:"
        if self._user is None:
            self._user = response
            return b"Password:"
        return Credentials("LOGIN", _text(self._user), response)


def _text(value: bytes) -> str:
    """A name as valid text: what is no UTF-8, and NUL, becomes U+FFFD."""
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")
