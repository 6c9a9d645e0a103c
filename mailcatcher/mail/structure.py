"""The tree of parts as offsets into raw (RFC 2045, RFC 2046); nothing is decoded here but the parts' headers.

A stack takes the place of recursion. Each multipart searches its own range for its own boundary, so an outer boundary ends every
part inside it, and the work is bounded by bytes × `Budget.depth`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from mailcatcher.mail.headers import Fields, fields, well_formed
from mailcatcher.mail.parameters import Parameters, parameters
from mailcatcher.mail.reading import Reading
from mailcatcher.mail.transfer import IDENTITY

EMBEDDED = frozenset({"message/rfc822", "message/global"})
_COMMON_TYPES = frozenset({"text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"})
_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_LARGE = 8_192
Head = tuple[Fields, dict[str, str], str | None, bool, Parameters, str, str, Parameters]
"""What a header block says of its part, in the order of `_described`; shared between parts with the same block, so nobody changes it."""
_NOTHING: Parameters = {}
_SHORT = 256  # bytes of a header block which an application sends again and again
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")


class Node:
    """One part: `start` is where its header begins, `body` to `end` what follows it."""

    __slots__ = (
        "body", "children", "content_type", "depth", "disposition", "disposition_parameters", "encoding", "end", "fields",
        "is_embedded", "is_multipart", "named", "parameters", "parent", "part", "prefix", "start",
    )  # fmt: skip

    is_multipart: bool
    """Whether it has parts or should have."""
    is_embedded: bool
    """Whether it is a whole mail that can be read in place."""

    def __init__(self, reading: Reading, start: int, end: int, parent: "Node | None", part: str | None) -> None:
        self.start = start
        self.end = end
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: list[Node] = []
        self.part = "1" if part is None else part
        self.prefix = ""
        head, self.body = _head(reading, start, end, part)
        (
            self.fields, self.named, content_type, is_bad, self.parameters, self.encoding, self.disposition, self.disposition_parameters
        ) = head  # fmt: skip
        if is_bad:
            reading.add("bad_content_type", part=part)
        if content_type is None:
            content_type = "message/rfc822" if parent is not None and parent.content_type == "multipart/digest" else "text/plain"
        self.content_type: str = content_type
        self.is_multipart = content_type.startswith("multipart/")
        self.is_embedded = content_type in EMBEDDED and self.encoding in IDENTITY

    @property
    def name(self) -> str | None:
        """The file name the mail gives (RFC 2183 2.3, else the old `name` of RFC 1341)."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name") or None

    @property
    def cid(self) -> str | None:
        """Content-ID without its brackets (RFC 2045 7)."""
        value = self.named.get("content-id")
        return (value.strip().removeprefix("<").removesuffix(">") or None) if value else None

    @property
    def location(self) -> str | None:
        """Content-Location without blanks (RFC 2557 4)."""
        value = self.named.get("content-location")
        return ("".join(value.split()) or None) if value else None


def _head(reading: Reading, start: int, end: int, part: str | None) -> tuple[Head, int]:
    """The header block at `start` and where the body begins."""
    if part is not None:
        stop = reading.raw.find(b"\r\n\r\n", start, min(start + _SHORT, end))
        if 0 <= stop - start < reading.header_bytes:
            block = reading.raw[start : stop + 2]
            head = _usual_head(block)
            if head is not None:
                reading.header_bytes -= len(block)
                if b"=?" in block:
                    reading.encoded_words = True
                return head, stop + 4
    found, body = fields(reading, start, end, part)
    return _described(found), body


@lru_cache(maxsize=512)
def _usual_head(block: bytes) -> Head | None:
    found = well_formed(str(block, "ascii")) if block.isascii() else None
    return None if found is None else _described(found)


def _described(found: Fields) -> Head:
    """Fields; first value by lower-case name; Content-Type, if it is bad, its parameters; encoding; disposition, its parameters."""
    named: dict[str, str] = {}
    for name, value in reversed(found):
        named[name.lower()] = value
    content_type, is_bad, of_type, of_disposition = None, False, _NOTHING, _NOTHING
    if named.get("content-type"):
        content_type, of_type = parameters(named["content-type"])
        if content_type not in _COMMON_TYPES and _TYPE.fullmatch(content_type) is None:
            content_type = "text/html" if content_type == "html" else "text/plain"
            is_bad = True
    disposition = ""
    if named.get("content-disposition"):
        disposition, of_disposition = parameters(named["content-disposition"])
    encoding = _encoding(named["content-transfer-encoding"]) if "content-transfer-encoding" in named else "7bit"
    return found, named, content_type, is_bad, of_type, encoding, disposition, of_disposition


def _encoding(value: str) -> str:
    if value in IDENTITY:
        return value
    value = value.lower().strip("\"' \t;")
    return value.partition("(")[0].strip() if "(" in value else value or "7bit"


def tree(reading: Reading) -> Node:
    """The root of the mail's tree."""
    root = Node(reading, 0, len(reading.raw), None, None)
    if root.is_multipart:
        root.part = ""
    elif not root.is_embedded:
        return root
    root.prefix = "" if root.is_multipart else "1."
    stack = [root]
    while stack and not reading.late():
        node = stack.pop()
        if node.depth >= reading.budget.depth:
            reading.exhausted("depth")
            continue
        _grow(reading, node)
        stack.extend(child for child in reversed(node.children) if child.is_multipart or child.is_embedded)
    return root


def _grow(reading: Reading, node: Node) -> None:
    """Give a node its children."""
    if node.is_embedded:
        _embed(reading, node)
        return
    if node.encoding not in IDENTITY:
        reading.add("encoded_multipart", node.encoding[:64], part=node.part)
    for number, (start, end) in enumerate(_split(reading, node), 1):
        part = f"{node.prefix}{number}"
        child = Node(reading, start, end, node, part)
        child.prefix = part + "."
        node.children.append(child)


def _embed(reading: Reading, node: Node) -> None:
    if reading.parts <= 0:
        reading.exhausted("parts")
        return
    reading.parts -= 1
    child = Node(reading, node.body, node.end, node, f"{node.part}.1")
    if child.is_multipart:
        child.part = f"{node.part}.TEXT"
        child.prefix = f"{node.part}."
    else:
        child.prefix = child.part + "."
    node.children.append(child)


def _split(reading: Reading, node: Node) -> list[tuple[int, int]]:
    """Start and end of each part between the boundary lines (RFC 2046 5.1.1)."""
    boundary = node.parameters.get("boundary", "").rstrip(" \t").encode("utf-8", "replace")
    found: list[tuple[int, int]] = []
    opened = -1
    for line, following, closes in _delimiters(reading, node, boundary) if boundary else ():
        if opened >= 0:
            found.append((opened, max(opened, line)))
            reading.parts -= 1
        if closes:
            return found
        if reading.parts <= 0:
            reading.exhausted("parts")
            return found
        opened = following
    if opened < 0:
        reading.add("missing_boundary", part=node.part)
        return found
    reading.add("unterminated_multipart", part=node.part)
    found.append((opened, node.end))
    reading.parts -= 1
    return found


def _delimiters(reading: Reading, node: Node, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each boundary line: where the text before it ends, where the next line begins, whether it closes the multipart.

    The whole line must match: a boundary that begins with another one is common, though RFC 2046 5.1.1 asks for a prefix only.
    """
    raw, end = reading.raw, node.end
    needle = b"\n--" + boundary
    position = node.body - 1  # the line feed before the body; a body at offset 0 has no header and so is no multipart
    while True:
        hit = _next(raw, needle, position, end) if end - position > _LARGE else raw.find(needle, position, end)
        if hit < 0:
            return
        position = hit + len(needle)
        if raw.startswith(b"\r\n", position, end):
            following, closes = position + 2, False
        else:
            match = _AFTER_BOUNDARY.match(raw, position, end)
            if match is None:
                reading.boundaries -= 1
                if reading.boundaries < 0:
                    reading.exhausted("boundaries")
                    return
                continue
            following, closes = match.end(), match[1] is not None
        yield (hit - 1 if raw[hit - 1] == 13 else hit), following, closes
        position = following - 1


def _next(raw: bytes, needle: bytes, position: int, end: int) -> int:
    """Where the needle stands next in much. Base64 holds no hyphen, and looking for one byte is ten times faster than for more."""
    head = raw.find(b"\r\n\r\n", position, position + _LARGE)
    if head >= 0:
        hit = raw.find(needle, position, head + 3)
        if hit >= 0:
            return hit
        hyphen = raw.find(b"-", head, end)
        if hyphen < 0:
            return -1
        position = max(position, hyphen - 1)
    return raw.find(needle, position, end)
