"""Paths of MAIL and RCPT (RFC 5321 4.1.2, RFC 6531 3.3).

    path     = "<" [ route ":" ] mailbox ">"     route = "@" domain *( "," "@" domain )
    mailbox  = local "@" ( domain / "[" literal "]" )
    local    = dot-string / quoted-string

A path that a careful client would not send, but whose meaning is plain, is accepted with a defect: spaces and comments
inside the brackets, spaces before them, no brackets, `_` in a domain, dots at the wrong place of a local part, a local part
without a domain, UTF-8 that was not announced, too great a length. The text stays exactly as sent.
"""

import re
import socket

import msgspec

from mailcatcher.mail.values import Defect
from mailcatcher.smtp.parameters import is_parameter

MAX_LOCAL_BYTES = 64  # RFC 5321 4.5.3.1.1
MAX_DOMAIN_BYTES = 255  # RFC 5321 4.5.3.1.2
MAX_PATH_BYTES = 256  # RFC 5321 4.5.3.1.3, with punctuation

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
PLAIN = rf"<([{_ATEXT}]++(?:\.[{_ATEXT}]++)*+@[A-Za-z0-9]++(?:(?:\.|-++)[A-Za-z0-9]++)*+)>"
"""An ordinary path; its group is the address."""
# UTF-8 (RFC 6531 3.3) is what these classes leave over: compiling a class that names it takes milliseconds at start.
_UATEXT = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f-\x9f]"
_LOCAL = re.compile(rf"(?:{_UATEXT}|\.)+")
_DOT_STRING = re.compile(rf"{_UATEXT}+(?:\.{_UATEXT}+)*")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
_LETTER = r"[^\x00-/:-@\[-^`{-\x9f]"
_LABEL = rf"{_LETTER}(?:(?:{_LETTER}|-)*{_LETTER})?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_GENERAL_LITERAL = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]:[\x21-\x5a\x5e-\x7e]+")
_BARE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^ "])*')


class PathError(ValueError):
    """A path that has no plain meaning; the text says what is wrong."""


class Path(msgspec.Struct, frozen=True):
    """The mailbox as sent (`""`: the null path), what stood before it as a source route, and what was odd."""

    address: str
    route: str = ""
    defects: tuple[Defect, ...] = ()


def parse_path(text: str) -> tuple[Path, str]:
    """The path at the beginning of `text`, and what follows it. Control characters are excluded by the caller.

    Raises PathError.
    """
    oddities: list[str] = []
    path = text.lstrip(" ")
    if path != text:
        oddities.append("space before the path")
    inner, rest = _bracketed(path) if path.startswith("<") else _bare(path, oddities)
    if rest and not rest.startswith(" "):
        raise PathError("a space is missing behind the path")
    mailbox = _without_comments(inner, oddities)
    if mailbox != mailbox.strip(" "):
        oddities.append("space inside the angle brackets")
        mailbox = mailbox.strip(" ")
    route, mailbox = _route(mailbox)
    defects = [Defect("path_syntax", oddity) for oddity in oddities]
    if route:
        defects.append(Defect("source_route", f"source route {route}"))
    if mailbox:
        _check_mailbox(mailbox, defects)
    elif route:
        raise PathError("a source route without a mailbox")
    if len(inner.encode()) + 2 > MAX_PATH_BYTES:
        defects.append(Defect("path_length", f"path is longer than {MAX_PATH_BYTES} octets"))
    return Path(mailbox, route, tuple(defects)), rest


def _bracketed(text: str) -> tuple[str, str]:
    """What stands between `<` and its `>`, and what follows; quoted strings may hold a `>`."""
    quoted = False
    position = 1
    while position < len(text):
        character = text[position]
        if character == "\\" and quoted:
            position += 1
        elif character == '"':
            quoted = not quoted
        elif character == ">" and not quoted:
            return text[1:position], text[position + 1 :]
        position += 1
    raise PathError("the closing > is missing")


def _bare(text: str, oddities: list[str]) -> tuple[str, str]:
    """A path without brackets: up to the first space outside quotes."""
    match = _BARE.match(text)
    end = match.end() if match else 0
    if end == 0:
        raise PathError("the path is missing")
    word = text[end:].strip(" ").partition(" ")[0]
    if "@" in word and not is_parameter(word):  # MAIL FROM:a b@c
        raise PathError("space inside the path")
    oddities.append("no angle brackets around the path")
    return text[:end], text[end:]


def _without_comments(text: str, oddities: list[str]) -> str:
    """The text without `(comments)` (RFC 5322 3.2.2), which belong into header fields only."""
    if "(" not in text:
        return text
    kept: list[str] = []
    depth, quoted, position = 0, False, 0
    while position < len(text):
        character = text[position]
        step = 2 if character == "\\" and (quoted or depth) else 1
        if character == '"' and not depth:
            quoted = not quoted
        if not quoted and character == "(":
            depth += 1
        elif not quoted and depth and character == ")":
            depth -= 1
        elif not depth:
            kept.append(text[position : position + step])
        position += step
    if depth:
        raise PathError("a comment is not closed")
    if len(kept) != len(text):
        oddities.append("comment inside the path")
    return "".join(kept)


def _route(text: str) -> tuple[str, str]:
    """The source route with its colon (RFC 5321 appendix C), if there is one, and the mailbox."""
    if not text.startswith("@"):
        return "", text
    route, colon, mailbox = text.partition(":")
    if not colon:
        raise PathError("the local part is missing")
    for hop in route.split(","):
        if not hop.startswith("@"):
            raise PathError("malformed source route")
        _check_domain(hop[1:], [])
    return route + colon, mailbox


def _check_mailbox(mailbox: str, defects: list[Defect]) -> None:
    quoted = _QUOTED.match(mailbox)
    if quoted:
        local, at = quoted.group(), mailbox[quoted.end() : quoted.end() + 1]
        domain = mailbox[quoted.end() + 1 :]
        if at not in ("", "@"):
            raise PathError("text behind a quoted local part")
    else:
        local, at, domain = mailbox.partition("@")
        _check_local(local, defects)
    if at:
        _check_domain(domain, defects)
    elif mailbox.lower() != "postmaster":  # RFC 5321 4.5.1
        defects.append(Defect("no_domain", "local part without a domain"))
    if len(local.encode()) > MAX_LOCAL_BYTES:
        defects.append(Defect("path_length", f"local part is longer than {MAX_LOCAL_BYTES} octets"))


def _check_local(local: str, defects: list[Defect]) -> None:
    if not _LOCAL.fullmatch(local):
        raise PathError("malformed local part")
    if not _DOT_STRING.fullmatch(local):
        defects.append(Defect("path_syntax", "dot at the wrong place of the local part"))


def _check_domain(domain: str, defects: list[Defect]) -> None:
    if domain.startswith("["):
        _check_literal(domain)
        return
    if not _DOMAIN.fullmatch(domain):
        raise PathError("malformed domain")
    if "_" in domain:
        defects.append(Defect("path_syntax", "underscore in the domain"))
    if len(domain.encode()) > MAX_DOMAIN_BYTES:
        defects.append(Defect("path_length", f"domain is longer than {MAX_DOMAIN_BYTES} octets"))


def _check_literal(domain: str) -> None:
    """Check an address literal (RFC 5321 4.1.3)."""
    literal = domain[1:-1]
    if not domain.endswith("]"):
        raise PathError("address literal is not closed")
    if literal[:5].lower() == "ipv6:":
        family, address = socket.AF_INET6, literal[5:]
    elif ":" in literal:
        if not _GENERAL_LITERAL.fullmatch(literal):
            raise PathError("malformed address literal")
        return
    else:
        family, address = socket.AF_INET, literal
    try:
        socket.inet_pton(family, address)
    except (OSError, ValueError) as error:
        raise PathError("malformed address literal") from error
