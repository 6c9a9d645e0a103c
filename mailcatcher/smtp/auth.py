"""The AUTH command (RFC 4954 4): base64, cancelling, and the mechanisms that are offered."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable

from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.sasl import Credentials, Exchange, Login, Plain, SaslError
from mailcatcher.smtp.replies import AUTH_CANCELLED, BAD_BASE64, UNKNOWN_MECHANISM, SmtpError

MECHANISMS: dict[str, Callable[[], Exchange]] = {"PLAIN": Plain, "LOGIN": Login}


class Authentication:
    """One AUTH command, until its exchange has credentials."""

    def __init__(self, mechanism: str) -> None:
        """Raises SmtpError 504 for a mechanism that is not offered."""
        exchange = MECHANISMS.get(mechanism.upper())
        if exchange is None:
            raise SmtpError(UNKNOWN_MECHANISM)
        self._exchange = exchange()

    def begin(self, initial: str) -> Reply | Credentials:
        """Start with the initial response, `""` if there is none; `=` is an empty one. Raises SmtpError 501."""
        if not initial:
            return self._step(None)
        if initial == "*":
            raise SmtpError(AUTH_CANCELLED)
        return self._step(b"" if initial == "=" else _decoded(initial.encode()))

    def respond(self, line: bytes) -> Reply | Credentials:
        """Take the client's answer to a challenge. Raises SmtpError 501."""
        if line == b"*":
            raise SmtpError(AUTH_CANCELLED)
        return self._step(_decoded(line))

    def _step(self, response: bytes | None) -> Reply | Credentials:
        try:
            result = self._exchange.step(response)
        except SaslError as error:
            raise SmtpError(Reply(501, "5.5.2", str(error))) from error
        if isinstance(result, Credentials):
            return result
        return Reply(334, "", b64encode(result).decode("ascii"))


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise SmtpError(BAD_BASE64) from error
