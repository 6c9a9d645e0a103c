"""Header blocks: found, cut into fields, unfolded (RFC 5322 2.2).

One regular expression reads the block of a well-formed mail; the line-by-line reader takes over as soon as its count of lines
does not add up, and lists what is wrong.
"""

import re

from mailcatcher.mail.charset import clean, guessed
from mailcatcher.mail.reading import Reading

Fields = list[tuple[str, str]]
"""Name as written and value, unfolded but not yet decoded, in wire order."""

_USUAL_FIELD = re.compile(r"^([!-9;-~]+): (\S.*\S)\r\n", re.M)  # nothing to strip
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]?(.*)\r\n", re.M)
_FOLDED_FIELD = re.compile(r"^([!-9;-~]+)[ \t]*:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n", re.M)
_LINE = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.S)
_EMPTY_LINE = re.compile(rb"\n\r?\n")


def fields(reading: Reading, start: int, end: int, part: str | None = None) -> tuple[Fields, int]:
    """The fields of the header block at `start`, and where the body begins (`end` if there is none)."""
    raw = reading.raw
    stop = raw.find(b"\r\n\r\n", start, end)
    if 0 <= stop - start < reading.header_bytes:
        block = raw[start : stop + 2]
        text = str(block, "ascii") if block.isascii() else ""
        found = well_formed(text)
        if found is not None:
            reading.header_bytes -= len(text)
            if "?" in text and "=?" in text:
                reading.encoded_words = True
            if len(text) > 998 and reading.has_long_line(start, stop + 2):
                reading.add("long_line", part=part)
            return found, stop + 4
    if raw.startswith(b"\r\n", start, end):
        return [], start + 2
    return _Lines(reading, start, end, part).read()


def well_formed(text: str) -> Fields | None:
    """The fields of a 7-bit block in which every line is a field or goes on with one; None for any other block."""
    if not text or "\0" in text:
        return None
    lines = text.count("\n")
    in_order = text.count("\r") == lines
    if in_order and "\t" not in text and "\r\n " not in text:
        found: Fields = _USUAL_FIELD.findall(text)
        if len(found) == lines:
            return found
    folded = text.count("\r\n ") + text.count("\r\n\t")
    found = (_FIELD if in_order and not folded else _FOLDED_FIELD).findall(text)
    if len(found) + folded != lines:
        return None
    return _unfolded(found) if folded or _has_outer_blanks(text) else found


def _has_outer_blanks(text: str) -> bool:
    return " \r\n" in text or ":  " in text or "\t" in text


def _unfolded(found: Fields) -> Fields:
    return [(name, value.replace("\r\n", "").strip(" \t")) for name, value in found]


class _Lines:
    """The header block line by line, for what is folded oddly, 8-bit, too long or broken."""

    def __init__(self, reading: Reading, start: int, end: int, part: str | None) -> None:
        self.reading = reading
        self.start = start
        self.end = end
        self.part = part
        self.found: Fields = []
        self.open = False  # a continuation may follow

    def read(self) -> tuple[Fields, int]:
        raw = self.reading.raw
        self.reading.encoded_words = True
        position, body, limit = self._extent()
        if self.reading.has_long_line(position, limit):
            self._defect("long_line")
        while position < limit:
            stop = raw.find(b"\n", position, limit)
            following = limit if stop < 0 else stop + 1
            line = raw[position:following]
            if not self._line(line) and not self._goes_on(following, limit):
                self._defect("missing_separator" if self.found else "no_header")
                return self.found, position
            position = following
        self.reading.header_bytes -= limit - self.start
        return self.found, body

    def _extent(self) -> tuple[int, int, int]:
        """Where the fields begin, where the body begins, and how far the header may be read."""
        raw = self.reading.raw
        start = self.start
        if raw.startswith(b"\n", start, self.end):
            return start, start + 1, start
        if self.part is None and raw.startswith(b"From ", start, self.end) and raw.find(b"\n", start, self.end) >= 0:
            self._defect("mbox_from")
            start = raw.find(b"\n", start, self.end) + 1
        match = _EMPTY_LINE.search(raw, start, self.end)
        stop, body = (self.end, self.end) if match is None else (match.start() + 1, match.end())
        if stop - start > self.reading.header_bytes:
            self.reading.exhausted("header_bytes", self.part)
            stop = start + self.reading.header_bytes
            stop = raw.rfind(b"\n", start, stop) + 1 or stop
        return start, body, stop

    def _line(self, line: bytes) -> bool:
        """Take one line; False if it is neither a field nor a continuation."""
        text = self._text(line)
        if text[:1] in " \t" and self.open:
            name, value = self.found[-1]
            self.found[-1] = (name, value + text)
            return True
        match = _LINE.fullmatch(text)
        if match is None:
            return False
        self.found.append((match[1], match[2].rstrip(" \t")))
        self.open = True
        return True

    def _text(self, line: bytes) -> str:
        if line.endswith(b"\r\n"):
            line = line[:-2]
        elif line.endswith(b"\n"):
            self._defect("bare_lf")
            line = line[:-1]
        if b"\r" in line:
            self._defect("bare_cr")
        if b"\0" in line:
            self._defect("nul")
        if line.isascii():
            return clean(line.decode("ascii").replace("\r", " "))
        text, charset = guessed(line)
        self._defect("raw_utf8_header" if charset == "utf-8" else "raw_8bit_header")
        return clean(text.replace("\r", " "))

    def _goes_on(self, position: int, limit: int) -> bool:
        """Whether fields follow a line that is none; then only the line is bad, else the body has begun."""
        self.open = False
        line = self.reading.raw[position : min(position + 1_000, limit)].partition(b"\n")[0]
        if _LINE.match(line.decode("latin-1")) is None:
            return False
        self._defect("malformed_header")
        return True

    def _defect(self, identifier: str) -> None:
        self.reading.add(identifier, part=self.part)
