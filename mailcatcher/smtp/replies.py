"""Replies: the texts, and how a reply looks on the wire (RFC 5321 4.2, RFC 2034).

Texts are constants; a value put into one passes `WIRE`, which lets no control character out.
"""

import re
from functools import lru_cache

from mailcatcher.errors import MailcatcherError
from mailcatcher.sessions.reply import Reply

MAX_LINE_BYTES = 512  # with CRLF: RFC 5321 4.5.3.1.5
_ONE_LINE_BYTES = 256  # of text that fits into one line for sure
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class SmtpError(MailcatcherError):
    """A command cannot be obeyed; `reply` is the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


OK = Reply(250, "2.0.0", "Ok")
SENDER_OK = Reply(250, "2.1.0", "Ok")
RECIPIENT_OK = Reply(250, "2.1.5", "Ok")
START_CONTENT = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
BYE = Reply(221, "2.0.0", "Bye")
CANNOT_VERIFY = Reply(252, "2.0.0", "Cannot verify, but every recipient is accepted")
AUTHENTICATED = Reply(235, "2.7.0", "Authentication successful")

SHUTTING_DOWN = Reply(421, "4.3.2", "Service is shutting down, closing connection")
TOO_MANY_SESSIONS = Reply(421, "4.3.2", "Too many connections, try again later")
IDLE = Reply(421, "4.4.2", "Idle for too long, closing connection")
HTTP = Reply(421, "4.7.0", "This is an SMTP server, not HTTP")
TOO_MANY_MESSAGES = Reply(421, "4.7.0", "Too many messages in one session, closing connection")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors, closing connection")
NOT_STORED = Reply(451, "4.3.0", "Message could not be stored, try again later")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients")

UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognized")
BAD_SYNTAX = Reply(500, "5.5.2", "Command line is empty or begins with a space")
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line is too long")
BARE_LF = Reply(500, "5.5.2", "Command line contains a bare LF; lines must end with CR LF")
CLIENT_SPEAKS_TLS = Reply(500, "5.5.2", "Client speaks TLS, but this port does not")
AUTH_LINE_TOO_LONG = Reply(500, "5.5.6", "Authentication line is too long")
HELO_NEEDS_NAME = Reply(501, "", "Name of the client is missing or malformed")
BAD_ARGUMENT = Reply(501, "5.5.4", "Argument contains a control character or invalid UTF-8")
NO_ARGUMENT_ALLOWED = Reply(501, "5.5.4", "No argument allowed")
ARGUMENT_NEEDED = Reply(501, "5.5.4", "Argument missing")
AUTH_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
BAD_BASE64 = Reply(501, "5.5.2", "Invalid base64")
BDAT_SIZE_UNREADABLE = Reply(501, "5.5.4", "BDAT size is unreadable, closing connection")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
SEND_HELO_FIRST = Reply(503, "5.5.1", "Send EHLO or HELO first")
SEND_EHLO_FIRST = Reply(503, "5.5.1", "Send EHLO first")
SEND_MAIL_FIRST = Reply(503, "5.5.1", "Send MAIL first")
SEND_RCPT_FIRST = Reply(503, "5.5.1", "Send RCPT first")
NESTED_MAIL = Reply(503, "5.5.1", "MAIL inside a transaction; send RSET first")
AUTH_IN_TRANSACTION = Reply(503, "5.5.1", "AUTH inside a transaction; send RSET first")
ALREADY_AUTHENTICATED = Reply(503, "5.5.1", "Already authenticated")
UNKNOWN_MECHANISM = Reply(504, "5.5.4", "Authentication mechanism not supported")
BAD_CREDENTIALS = Reply(535, "5.7.8", "Authentication credentials invalid")
LF_ONLY = Reply(550, "5.5.2", "Lines must end with CR LF; the end of the message cannot be seen")
TOO_LARGE = Reply(552, "5.3.4", "Message is too large")
NO_VALID_RECIPIENT = Reply(554, "5.5.1", "No valid recipients")


@lru_cache(maxsize=64)
def greeting(hostname: str) -> Reply:
    """The first reply of a session; it has no enhanced code (RFC 2034 4)."""
    return _kept(Reply(220, "", f"{hostname} ESMTP mailcatcher"))


def queued(message_ids: tuple[str, ...]) -> Reply:
    """The reply to content that is stored; names the first message."""
    return Reply(250, "2.0.0", f"Ok: queued as {message_ids[0]}" if message_ids else "Ok: queued")


@lru_cache(maxsize=64)
def ehlo(hostname: str, extensions: tuple[str, ...]) -> Reply:
    """The reply to EHLO: the host's name, then one extension a line (RFC 5321 4.1.1.1)."""
    return _kept(Reply(250, "", "\n".join((hostname, *extensions))))


class Wire(dict[Reply, bytes]):
    """The bytes of replies; those of constants are kept."""

    def __missing__(self, reply: Reply) -> bytes:
        """Encode a reply that is no constant."""
        return encoded(reply)


def _kept(reply: Reply) -> Reply:
    """The same reply, encoded once for all."""
    WIRE[reply] = encoded(reply)
    return reply


def encoded(reply: Reply) -> bytes:
    """The bytes of a reply that is no constant."""
    text = reply.text
    prefix = f"{reply.enhanced} " if reply.enhanced else ""
    if len(text) <= _ONE_LINE_BYTES and text.isascii() and text.isprintable():
        return f"{reply.code} {prefix}{text}\r\n".encode("ascii")
    room = MAX_LINE_BYTES - 6 - len(prefix)  # code, space or hyphen, CRLF
    lines = [piece for line in text.split("\n") for piece in _pieces(_UNPRINTABLE.sub("?", line), room)]
    last = len(lines) - 1
    return "".join(f"{reply.code}{' ' if number == last else '-'}{prefix}{line}\r\n" for number, line in enumerate(lines)).encode("ascii")


def _pieces(line: str, room: int) -> list[str]:
    return [line[start : start + room] for start in range(0, len(line), room)] or [""]


WIRE = Wire({reply: encoded(reply) for reply in list(globals().values()) if isinstance(reply, Reply)})
"""How any reply looks on the wire."""
