"""Address lists (RFC 5322 3.4 with the obsolete forms of 4.4, and what is really sent).

Groups are flattened; a comment is the name if there is no other (the form before RFC 822); `;` outside a group separates as well.
What is no address is kept as a name with an empty address, so nothing of the field is lost.
"""

import re
from functools import lru_cache

from mailcatcher.mail.address import Address
from mailcatcher.mail.encoded import decoded

_CACHED_LENGTH = 256
_SPECIAL = re.compile(r'["(:;\\\[=]')
_PLAIN = re.compile(r"([^<>@]*)<([^\s<>@]+@[^\s<>@]+)>")
_ONE = re.compile(r'([^"(:;\\\[=<>@,]*)<([^\s"(:;\\\[=<>@,]+@[^\s"(:;\\\[=<>@,]+)>')
_QUOTED = re.compile(r'"([^"\\]*)"\s*<([^\s"<>@()\[\],;:\\]+@[^\s"<>@()\[\],;:\\]+)>')
_TOKEN = re.compile(
    r'"([^"\\]*(?:\\.[^"\\]*)*)"?'  # 1: quoted string
    r"|<([^<>]*)>?"  # 2: angle address
    r"|(\[[^\[\]]*\]?)"  # 3: domain literal
    r"|(\s+)"  # 4
    r"|([,;:(])"  # 5
    r'|([^"<\[\s,;:(]+)',  # 6: anything else
    re.S,
)
_COMMENT = re.compile(r"[()]|\\.", re.S)
_OBSOLETE_BLANKS = re.compile(r"\s?([@.])\s?")
_ESCAPED = re.compile(r"\\(.)", re.S)


def addresses(value: str, limit: int) -> tuple[tuple[Address, ...], bool]:
    """The addresses of a field (unfolded, not yet decoded), at most `limit`; True if each of them really is one."""
    return _cached(value, limit) if len(value) <= _CACHED_LENGTH else _read(value, limit)


def _read(value: str, limit: int) -> tuple[tuple[Address, ...], bool]:
    one = _ONE.fullmatch(value)
    if one is not None and limit > 0:
        return (Address(_name(one[1]), one[2]),), True
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is not None and "=?" not in quoted[1]:
        return (Address(" ".join(quoted[1].split()), quoted[2]),), True
    if _SPECIAL.search(value) is None:
        fast = _plain(value, limit)
        if fast is not None:
            return fast, True
    found = _List(value, limit).read()
    return found, all(address.address for address in found)


_cached = lru_cache(maxsize=512)(_read)  # an application has few senders, and a test run few recipients


def _name(phrase: str) -> str:
    name = phrase.strip()
    return " ".join(name.split()) if "  " in name or "\t" in name else name


def _plain(value: str, limit: int) -> tuple[Address, ...] | None:
    """The addresses of a list without any quoting; None if it holds something unusual."""
    found = []
    for item in value.split(",", limit)[:limit]:
        item = item.strip()
        match = _PLAIN.fullmatch(item)
        if match is not None:
            found.append(Address(_name(match[1]), match[2]))
        elif "<" in item or ">" in item or item.count("@") != 1 or len(item.split()) != 1 or item[0] == "@" or item[-1] == "@":
            return None
        else:
            found.append(Address("", item))
    return tuple(found)


class _List:
    """One pass over the tokens; the attributes collect one element until it ends."""

    __slots__ = ("angle", "comment", "found", "in_group", "limit", "phrase", "value", "verbatim")

    def __init__(self, value: str, limit: int) -> None:
        self.value = value
        self.limit = limit
        self.found: list[Address] = []
        self.in_group = False
        self._clear()

    def _clear(self) -> None:
        self.phrase: list[str] = []  # as shown: without quotes
        self.verbatim: list[str] = []  # as an address: with quotes, without blanks
        self.comment = ""
        self.angle: str | None = None

    def read(self) -> tuple[Address, ...]:
        position = 0
        while position < len(self.value) and len(self.found) < self.limit:
            match = _TOKEN.match(self.value, position)
            if match is None:
                break
            if match.lastindex == 1 and len(match[0]) != len(match[1]) + 2:
                # A quote that never closes is no quote, and so are those after it.
                self.value = self.value[:position] + self.value[position + 1 :].replace('"', "")
                continue
            position = match.end()
            if match[5] == "(":
                position = self._comment(position)
            else:
                self._token(match)
        self._end()
        return tuple(self.found[: self.limit])

    def _token(self, match: re.Match[str]) -> None:
        kind = match.lastindex
        if kind == 5:
            self._separator(match[5])
        elif kind == 2:
            self.angle = match[2] if self.angle is None else self.angle
        elif kind == 4:
            self.phrase.append(" ")
            self.verbatim.append(" ")
        else:
            self.phrase.append(_ESCAPED.sub(r"\1", match[1]) if kind == 1 else match[0])
            self.verbatim.append(match[0])

    def _separator(self, character: str) -> None:
        if character == ":" and not self.in_group and "@" not in "".join(self.phrase):
            self._clear()
            self.in_group = True
        elif character == ":":
            self.phrase.append(":")
            self.verbatim.append(":")
        else:
            self._end()
            self.in_group = self.in_group and character != ";"

    def _comment(self, position: int) -> int:
        """Read a comment, which may nest; the position after it."""
        depth = 1
        start = position
        for match in _COMMENT.finditer(self.value, position):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0:
                self.comment = self.comment or self.value[start : match.start()]
                return match.end()
        self.comment = self.comment or self.value[start:]
        return len(self.value)

    def _end(self) -> None:
        phrase = "".join(self.phrase).strip()
        if self.angle is not None:
            self._add(phrase or self.comment, self._routed(self.angle))
        elif phrase:
            address = self._bare("".join(self.verbatim).strip())
            self._add(phrase if address is None else self.comment, address or "")
        self._clear()

    @staticmethod
    def _bare(text: str) -> str | None:
        """The address an element without angle brackets is, None if it is none. Blanks around `@` and `.` are obsolete, yet legal."""
        text = _OBSOLETE_BLANKS.sub(r"\1", text)
        local, at, domain = text.rpartition("@")
        if not (local and at and domain) or any(character.isspace() for character in domain):
            return None
        return text if local[0] == '"' or len(local.split()) == 1 else None

    @staticmethod
    def _routed(angle: str) -> str:
        """The address without source route (RFC 5322 4.4) and blanks around it."""
        angle = angle.strip()
        return angle.partition(":")[2].strip() if angle.startswith("@") and ":" in angle else angle

    def _add(self, name: str, address: str) -> None:
        name = " ".join(name.split())
        if "=?" in name:
            name = decoded(name)[0]
        self.found.append(Address(name, decoded(address)[0] if "=?" in address else address))
