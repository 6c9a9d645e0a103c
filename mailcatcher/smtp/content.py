"""The content behind DATA: where it ends, without its transparency dots, and what is odd about it (RFC 5321 4.5.2).

Each block is looked at once. What might begin the end, CR LF . CR LF, is carried over to the next block, so nothing that
matters ever lies across two of them. Only that very sequence ends the content (4.1.1.4).
"""

import re

from mailcatcher.mail.envelope import Options
from mailcatcher.mail.values import Defect
from mailcatcher.sessions.attempt import MAX_CONTENT_BYTES

MAX_TEXT_LINE_BYTES = 1000  # with CRLF: RFC 5321 4.5.3.1.6

_END = b"\r\n.\r\n"
END_BYTES = len(_END) - 2  # what is not part of the content
_DOT = b"\r\n."
_BEGINNINGS = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")  # of the end, longest first
_OVERLAP = 7  # longest false end less one
_LF_ONLY_END = b"\n.\n"

# What lax servers take for the end ("SMTP smuggling"): the dot between other line ends, or beside NULs.
_FALSE_END = re.compile(rb"(?:\r\n|\r|\n)\0?\.\0?(?=(\r\r\n|\r\n|\r|\n))")
_LINE_ENDS = (
    ("bare_lf", re.compile(rb"(?<!\r)\n")),
    ("bare_cr", re.compile(rb"\r(?!\n)")),
    ("nul", re.compile(rb"\0")),
)
_MAX_FALSE_ENDS = 100


def plain_content(data: bytes, start: int, limit: int) -> bytes | None:
    """The content at `start` if it is all there and has nothing that needs a second look; most of all mail is like that.

    It is followed by `END_BYTES` octets that end it. None says nothing: `ContentReader` finds out.
    """
    dot = data.find(_DOT, start)
    if dot < 0 or not data.startswith(_END, dot):
        return None
    raw = data[start : dot + 2]
    return raw if _is_plain(raw, limit) else None


def whole_content(data: bytes, limit: int) -> bytes | None:
    """`plain_content` of data that holds a content and nothing else. Searching from the right takes half the time."""
    if not data.endswith(_END) or data.rfind(_DOT, 0, -END_BYTES) >= 0:
        return None
    raw = data[:-END_BYTES]
    return raw if _is_plain(raw, limit) else None


def _is_plain(raw: bytes, limit: int) -> bool:
    """Whether nothing about a content, without transparency dots behind its first line, needs a second look."""
    size = len(raw)
    if not raw.isascii() or raw.find(0) >= 0 or raw.startswith(b".") or 0 < limit < size:
        return False
    lines = raw.splitlines()  # at CR LF, CR and LF
    if len(b"".join(lines)) + 2 * len(lines) != size:  # some line end has not two octets
        return False
    return size <= MAX_TEXT_LINE_BYTES or _has_short_lines(raw)


def _has_short_lines(raw: bytes) -> bool:
    """Whether no line of `raw`, which ends in CR LF, is over the limit: found by jumps of the limit."""
    start, size = 0, len(raw)
    while size - start > MAX_TEXT_LINE_BYTES:
        start = raw.rfind(b"\r\n", start, start + MAX_TEXT_LINE_BYTES) + 2
        if start == 1:
            return False
    return True


class ContentReader:
    """Collects one content; holds no more than a small multiple of `limit` (0: no limit)."""

    too_large = False
    size_bytes = 0
    _carry = b"\r\n"  # as if the command's line end were the content's first
    _overlap = b""
    _first = True
    _has_crlf = False
    _wire_bytes = 0
    _line_bytes = 0  # of the line that is not complete
    _ascii = True

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] = []
        self._odd: dict[str, int] = {}  # defect id: offset of the first
        self._false_ends: dict[int, bytes] = {}  # by offset

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take `data` from `start` on; return where the content's end ends, or -1 if it has not come yet."""
        carry = self._carry
        seam = carry + data[start : start + len(_END) - 1]
        end = seam.find(_END) if carry else -1
        if end >= 0:
            self._finish(seam[: end + 2], dotted=False)
            return start + end + len(_END) - len(carry)
        dot = data.find(_DOT, start)  # one search is enough for a block without any
        dotted = dot >= 0 or _DOT in seam
        end = data.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self._finish(carry + data[start : end + 2], dotted)
            return end + len(_END)
        block = carry + data[start:]
        self._carry = next((part for part in _BEGINNINGS if block.endswith(part)), b"")
        if self._carry:
            block = block[: -len(self._carry)]
        if block:
            self._take(block, dotted)
            self._overlap = (self._overlap + block)[-_OVERLAP:]
        return -1

    @property
    def raw(self) -> bytes:
        """The content so far, exactly as sent but for transparency dots; a prefix if it is too large."""
        if self._carry and not self.too_large:
            tail = self._carry.removeprefix(b"\r\n") if self._first else self._carry
            return b"".join((*self._chunks, tail))
        return b"".join(self._chunks)

    @property
    def waits_for_lf_end(self) -> bool:
        """Whether the client seems to end lines with LF only, and to think that it has ended the content."""
        return not self._has_crlf and self._overlap.endswith(_LF_ONLY_END)

    def _finish(self, block: bytes, dotted: bool) -> None:
        self._carry = b""
        self._take(block, dotted)
        if 0 < self._limit < self.size_bytes:
            self.too_large = True

    def _take(self, block: bytes, dotted: bool) -> None:
        """Keep a block that ends before anything that could be part of the end."""
        crlf = block.count(b"\r\n")
        # Once something was odd, every block is looked at: a false end may lie across blocks that look sound.
        if self._odd or block.count(b"\n") != crlf or block.count(b"\r") != crlf or b"\0" in block:
            self._note_line_ends(block)
        if self._ascii and not block.isascii():
            self._ascii = False
        self._wire_bytes += len(block)
        kept = block.replace(_DOT, b"\r\n") if dotted else block
        if self._first:
            self._first = False
            kept = kept[2:]
            crlf -= 1
            self._wire_bytes -= 2
        if crlf:
            self._has_crlf = True
        if "long_line" not in self._odd and (self._line_bytes or len(kept) > MAX_TEXT_LINE_BYTES - 2):
            self._note_long_line(kept)
        elif not kept.endswith(b"\r\n"):
            self._line_bytes = len(kept) - kept.rfind(b"\r\n") - 2 if crlf else len(kept)
        self.size_bytes += len(kept)
        self._keep(kept)

    def _keep(self, kept: bytes) -> None:
        if not self.too_large:
            self._chunks.append(kept)
            # A dot that was added makes four octets of three at the most, so `limit` octets cannot take this many.
            if self._limit > 0 and self._wire_bytes > self._limit + self._limit // 3 + 2:
                self.too_large = True
                self._chunks = [b"".join(self._chunks)[:MAX_CONTENT_BYTES]]

    def _note_line_ends(self, block: bytes) -> None:
        """Note bare LF, bare CR, NUL and what could be smuggled, with offsets in the content as sent."""
        base = self._wire_bytes - (2 if self._first else 0)
        for name, pattern in _LINE_ENDS:
            found = pattern.search(block) if name not in self._odd else None
            if found:
                self._odd[name] = base + found.start()
        known = len(self._overlap)
        for found in _FALSE_END.finditer(self._overlap + block):
            if len(self._false_ends) == _MAX_FALSE_ENDS:
                break
            if found.end(1) > known:
                self._false_ends[max(base - known + found.start(), 0)] = found[0] + found[1]

    def _note_long_line(self, kept: bytes) -> None:
        """Look for a line over the limit by jumps of the limit: a CRLF must lie in every such stretch."""
        start = -self._line_bytes
        while len(kept) - start >= MAX_TEXT_LINE_BYTES - 1:
            end = kept.rfind(b"\r\n", max(start, 0), start + MAX_TEXT_LINE_BYTES)
            if end < 0:
                self._odd["long_line"] = self.size_bytes + start
                return
            start = end + 2
        last = kept.rfind(b"\r\n", max(start, 0))
        self._line_bytes = len(kept) - start if last < 0 else len(kept) - last - 2

    def defects(self, options: Options) -> list[Defect]:
        """What is odd about the complete content, given the parameters of its MAIL."""
        odd = self._odd
        defects = [Defect(name, f"{_TEXTS[name]}, first at octet {odd[name]}") for name in _TEXTS if name in odd]
        for offset, found in self._false_ends.items():
            defects.append(Defect("smuggling", f"{found!r} at octet {offset} is not the end of the content"))
        if not self._ascii:
            if (options.get("BODY") or "").upper() != "8BITMIME":
                defects.append(Defect("8bit_undeclared", "8-bit content without BODY=8BITMIME"))
            if "SMTPUTF8" not in options and not self.raw.partition(b"\r\n\r\n")[0].isascii():
                defects.append(Defect("utf8_header_undeclared", "8-bit header without SMTPUTF8"))
        return defects


_TEXTS = {
    "bare_lf": "LF without CR",
    "bare_cr": "CR without LF",
    "nul": "NUL",
    "long_line": "line over 998 octets",
}
