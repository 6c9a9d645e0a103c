"""Arguments of commands: from bytes to values, or to the reply that refuses them."""

import re

from mailcatcher.mail.envelope import Options
from mailcatcher.mail.values import Defect
from mailcatcher.sessions.defects import note
from mailcatcher.sessions.reply import Reply
from mailcatcher.smtp.parameters import parse_parameters
from mailcatcher.smtp.path import MAX_LOCAL_BYTES, PLAIN, PathError, parse_path
from mailcatcher.smtp.replies import BAD_ARGUMENT, NO_ARGUMENT_ALLOWED, SmtpError

BAD_SENDER = Reply(501, "5.1.7", "Malformed sender address")
BAD_RECIPIENT = Reply(501, "5.1.3", "Malformed recipient address")
NULL_RECIPIENT = Reply(501, "5.1.3", "The null path is no recipient")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")
_PLAIN_SENDER = re.compile(rf"(?i:FROM):{PLAIN}(| [\x20-\x7e]*+)".encode())
_PLAIN_RECIPIENT = re.compile(rf"(?i:TO):{PLAIN}(| [\x20-\x7e]*+)".encode())
_BRACKETED = re.compile(rb"<([^<>]*)>")
_MAX_SHOWN = 512


def is_text(argument: bytes) -> bool:
    """Whether an argument is valid UTF-8 without control characters."""
    if _PRINTABLE.fullmatch(argument):
        return True
    try:
        return _CONTROL.search(argument.decode()) is None
    except UnicodeDecodeError:
        return False


def text(argument: bytes, bad: Reply = BAD_ARGUMENT) -> str:
    """An argument as text. Raises SmtpError with `bad` for a control character or invalid UTF-8."""
    if not is_text(argument):
        raise SmtpError(bad)
    return argument.decode()


def shown(argument: bytes) -> str:
    """What to record of a path that was refused: what stands in its brackets, else all, as valid text."""
    match = _BRACKETED.search(argument)
    value = match.group(1) if match else argument
    return value[:_MAX_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")


def refuse_argument(argument: bytes) -> None:
    """Raise SmtpError 501 unless there is no argument (RFC 5321 4.1.1)."""
    if argument and argument.strip(b" "):
        raise SmtpError(NO_ARGUMENT_ALLOWED)


def sender(argument: bytes, defects: list[Defect]) -> tuple[str, str]:
    """The address of `FROM:<address> parameters` and the text behind it. Raises SmtpError."""
    plain = _PLAIN_SENDER.fullmatch(argument)
    if plain is not None:
        address, rest = plain.groups()
        if len(address) <= MAX_LOCAL_BYTES:
            return address.decode(), rest.decode() if rest else ""
    return _path(argument, b"FROM:", BAD_SENDER, defects)


def recipient(argument: bytes, defects: list[Defect]) -> tuple[str, str]:
    """The address of `TO:<address> parameters` and the text behind it. Raises SmtpError."""
    plain = _PLAIN_RECIPIENT.fullmatch(argument)
    if plain is not None:
        address, rest = plain.groups()
        if len(address) <= MAX_LOCAL_BYTES:
            return address.decode(), rest.decode() if rest else ""
    path, parameters = _path(argument, b"TO:", BAD_RECIPIENT, defects)
    if not path:
        raise SmtpError(NULL_RECIPIENT)
    return path, parameters


def parameters(rest: str, limit: int, helo_verb: str, defects: list[Defect]) -> Options:
    """The parameters behind a path. Raises SmtpError."""
    if not rest:
        return {}
    options = parse_parameters(rest, limit)
    if options and helo_verb == "HELO":
        note(defects, Defect("parameters_after_helo", "ESMTP parameters after HELO"))
    return options


def note_utf8(options: Options, defects: list[Defect]) -> None:
    """Note an address that needs SMTPUTF8, unless MAIL announced it (RFC 6531 3.5)."""
    if "SMTPUTF8" not in options:
        note(defects, Defect("utf8_path_undeclared", "UTF-8 in a path without SMTPUTF8"))


def _path(argument: bytes, prefix: bytes, bad: Reply, defects: list[Defect]) -> tuple[str, str]:
    start = len(prefix)
    if argument[:start] != prefix and argument[:start].upper() != prefix:
        text(argument, bad)
        raise SmtpError(Reply(501, "5.5.4", f"Syntax: {prefix.decode()}<address>"))
    try:
        path, rest = parse_path(text(argument, bad)[start:])
    except PathError as error:
        raise SmtpError(Reply(501, bad.enhanced, f"{bad.text}: {error}")) from error
    for defect in path.defects:
        note(defects, defect)
    return path.address, rest
