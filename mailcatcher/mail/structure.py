"""The tree of parts as offsets into raw (RFC 2045, RFC 2046); nothing is decoded here but the parts' headers.

A stack takes the place of recursion. Each multipart searches its own range for its own boundary, so an outer boundary ends every
part inside it, and the work is bounded by bytes × `Budget.depth`.
"""

import re
from collections.abc import Iterator

from mailcatcher.mail.headers import Fields, fields
from mailcatcher.mail.parameters import Parameters, parameters
from mailcatcher.mail.reading import Reading
from mailcatcher.mail.transfer import IDENTITY

EMBEDDED = frozenset({"message/rfc822", "message/global"})
_COMMON_TYPES = frozenset({"text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"})
_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_LARGE = 8_192
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")


class Node:
    """One part: `start` is where its header begins, `body` to `end` what follows it."""

    __slots__ = (
        "body", "children", "content_type", "depth", "disposition", "disposition_parameters", "encoding", "end", "fields",
        "named", "parameters", "parent", "part", "prefix", "start",
    )  # fmt: skip

    def __init__(self, reading: Reading, start: int, end: int, parent: "Node | None", part: str | None) -> None:
        self.start = start
        self.end = end
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: list[Node] = []
        self.fields: Fields
        self.fields, self.body = fields(reading, start, end, part)
        self.named = named = {name.lower(): value for name, value in reversed(self.fields)}
        digest = parent is not None and parent.content_type == "multipart/digest"
        self.content_type: str = "message/rfc822" if digest else "text/plain"
        self.parameters: Parameters = {}
        value = named.get("content-type")
        if value:
            content_type, self.parameters = parameters(value)
            if content_type not in _COMMON_TYPES and _TYPE.fullmatch(content_type) is None:
                content_type = "text/html" if content_type == "html" else "text/plain"
                reading.add("bad_content_type", part=part)
            self.content_type = content_type
        self.encoding = _encoding(named.get("content-transfer-encoding"))
        value = named.get("content-disposition")
        self.disposition, self.disposition_parameters = parameters(value) if value else ("", {})
        self.part = "1" if part is None else part
        self.prefix = ""

    @property
    def is_multipart(self) -> bool:
        """Whether it has parts or should have."""
        return self.content_type.startswith("multipart/")

    @property
    def is_embedded(self) -> bool:
        """Whether it is a whole mail that can be read in place."""
        return self.content_type in EMBEDDED and self.encoding in IDENTITY

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


def _encoding(value: str | None) -> str:
    if value is None or value in IDENTITY:
        return value or "7bit"
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
        hit = _next(raw, needle, position, end)
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
    """Where the needle stands next. Base64 holds no hyphen, and looking for one byte is ten times faster than for more."""
    if end - position > _LARGE:
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
