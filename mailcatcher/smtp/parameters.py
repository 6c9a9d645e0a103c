"""Parameters of MAIL and RCPT (RFC 5321 4.1.2): syntax first, then what each extension allows."""

import re
from collections.abc import Callable

from mailcatcher.mail.envelope import Options
from mailcatcher.sessions.reply import Reply
from mailcatcher.smtp.replies import TOO_LARGE, SmtpError

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f-\x9f]+))?")
_SIZE = re.compile(r"[0-9]{1,20}")  # RFC 1870 4
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")  # RFC 3461 4
_BODIES = ("7BIT", "8BITMIME")  # RFC 6152 2

MALFORMED = Reply(501, "5.5.4", "Malformed parameter")
REPEATED = Reply(501, "5.5.4", "Parameter given twice")
BAD_VALUE = Reply(501, "5.5.4", "Bad value of a parameter")
TOO_MANY = Reply(501, "5.5.4", "Too many parameters")
UNKNOWN = Reply(555, "5.5.4", "Parameter not recognized")


def parse_parameters(text: str, limit: int) -> Options:
    """The parameters in `text` by upper-case keyword, values as sent.

    Raises SmtpError 501 for bad syntax, a keyword that comes twice, and more than `limit`.
    """
    words = text.split(" ")
    options: Options = {}
    for word in words:
        if not word:
            continue
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise SmtpError(MALFORMED)
        keyword = match.group(1).upper()
        if keyword in options:
            raise SmtpError(REPEATED)
        if len(options) == limit:
            raise SmtpError(TOO_MANY)
        options[keyword] = match.group(2)
    return options


def is_parameter(word: str) -> bool:
    """Whether a word has the form of a parameter."""
    return _PARAMETER.fullmatch(word) is not None


def check_mail(options: Options, max_message_bytes: int) -> None:
    """Check the parameters of MAIL.

    Raises SmtpError 555 for an unknown keyword, 501 for a bad value, 552 for a size over the limit.
    """
    for keyword, value in options.items():
        check = _MAIL.get(keyword)
        if check is None:
            raise SmtpError(UNKNOWN)
        if not check(value):
            raise SmtpError(BAD_VALUE)
    if 0 < max_message_bytes < declared_size(options):
        raise SmtpError(TOO_LARGE)  # RFC 1870 6.1


def check_rcpt(options: Options) -> None:
    """Check the parameters of RCPT. Raises SmtpError 555: no extension that is offered has any."""
    if options:
        raise SmtpError(UNKNOWN)


def declared_size(options: Options) -> int:
    """The value of SIZE; 0 if the client did not say."""
    return int(options.get("SIZE") or 0)


def _is_auth(value: str | None) -> bool:
    # RFC 4954 5: a mailbox in xtext, or "<>"
    return value is not None and (value == "<>" or _XTEXT.fullmatch(value) is not None)


_MAIL: dict[str, Callable[[str | None], bool]] = {
    "SIZE": lambda value: value is not None and _SIZE.fullmatch(value) is not None,
    "BODY": lambda value: value is not None and value.upper() in _BODIES,
    "SMTPUTF8": lambda value: value is None,
    "AUTH": _is_auth,
}
