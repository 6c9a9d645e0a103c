"""Which parts are the bodies shown and which are attachments, and the bodies as text."""

from mailcatcher.mail.charset import clean, decode
from mailcatcher.mail.reading import Reading
from mailcatcher.mail.structure import Node
from mailcatcher.mail.transfer import IDENTITY, KNOWN, content, damaged

_USUAL_BYTES = 65_536  # above, a list of the lines would be large
_ASCII_COMPATIBLE = frozenset({"us-ascii", "utf-8", "iso-8859-1", "US-ASCII", "UTF-8", "ISO-8859-1"})
_SAMPLE = 1_200  # of an attachment only so much at both ends is looked at for defects on the way to the 250
_EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/xml": "xml", "application/xml": "xml", "application/json": "json", "application/pdf": "pdf", "application/zip": "zip",
    "application/ics": "ics", "application/gzip": "gz", "application/msword": "doc", "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls", "application/pgp-signature": "asc", "application/pgp-encrypted": "asc",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "message/rfc822": "eml", "message/global": "eml", "message/delivery-status": "txt", "message/disposition-notification": "txt",
    "text/rfc822-headers": "txt", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "image/svg+xml": "svg", "image/bmp": "bmp", "image/tiff": "tif", "audio/mpeg": "mp3", "audio/wav": "wav", "video/mp4": "mp4",
}  # fmt: skip
_CALENDAR = frozenset({"text/calendar", "application/ics"})


class Bodies:
    """The leaves of a tree, sorted into text, HTML and attachments (a message/rfc822 is one attachment, read in place or not)."""

    __slots__ = ("attachments", "html", "text")

    def __init__(self, root: Node) -> None:
        self.text: list[Node] = []
        self.html: list[Node] = []
        self.attachments: list[Node] = []
        stack = [root]
        if not root.children:
            self._sort(stack.pop())
        while stack:
            node = stack.pop()
            if node.is_multipart and node.children:
                stack.extend(reversed(node.children))
            else:
                self._sort(node)

    def _sort(self, node: Node) -> None:
        if node.content_type == "text/html":
            shown = self.html
        elif node.content_type == "text/plain" or node.is_multipart:
            shown = self.text
        else:
            self.attachments.append(node)
            return
        if node.disposition == "attachment" or (shown and not _continues(node, shown[-1])):
            self.attachments.append(node)
        else:
            shown.append(node)


def _continues(node: Node, body: Node) -> bool:
    """Whether a second text of the same type is shown after the first, as the footer of a mailing list is."""
    return node.name is None and not (node.parent is body.parent and _is_alternative(node))


def _is_alternative(node: Node) -> bool:
    return node.parent is not None and node.parent.content_type == "multipart/alternative"


def is_inline(node: Node) -> bool:
    """Whether an attachment is part of what is shown: the mail says so, or it says nothing and has a Content-ID or is an alternative."""
    if node.disposition:
        return node.disposition == "inline"
    return node.cid is not None or _is_alternative(node)


def is_invite(node: Node) -> bool:
    """Whether a part holds a calendar object (RFC 6047)."""
    return node.content_type in _CALENDAR or (node.name is not None and node.name.lower().endswith(".ics"))


def file_name(node: Node) -> str:
    """The name the mail gives, else `part-<number>.<extension>`."""
    return node.name or f"part-{node.part or 1}.{_EXTENSIONS.get(node.content_type, 'bin')}"


def body_text(reading: Reading, nodes: list[Node]) -> str | None:
    """The text of the nodes, one after the other, lines ending in LF; None without nodes."""
    if not nodes:
        return None
    if len(nodes) == 1:
        return _text(reading, nodes[0])
    return "\n".join([_text(reading, node) for node in nodes])


def _text(reading: Reading, node: Node) -> str:
    data = reading.raw[node.body : node.end]
    if len(data) > reading.text_bytes:
        data = data[: reading.text_bytes]
        reading.exhausted("text_bytes", node.part)
    reading.text_bytes -= len(data)
    charset = node.parameters.get("charset") or "us-ascii"
    if charset in _ASCII_COMPATIBLE and node.encoding in IDENTITY and len(data) < _USUAL_BYTES and data.isascii():
        text = _usual_text(data)
        if text is not None and (len(text) <= 998 or not reading.has_long_line(node.body, node.end)):
            return text
    lines = data.replace(b"\r\n", b"\n")
    _list_line_defects(reading, node, lines, len(data) - len(lines), node.end)
    encoding = node.encoding
    if encoding not in IDENTITY:
        data = _decoded(reading, node, lines)
    elif not charset.lower().startswith(("utf-16", "utf-32", "ucs", "utf16", "utf32")):
        data = lines
    text, problem = decode(data, charset)
    if problem is not None:
        reading.add(problem[0], *problem[1:], part=node.part)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return text if text.isascii() and "\0" not in text else clean(text)


def _usual_text(data: bytes) -> str | None:
    """A 7-bit text with LF for CRLF; None if another CR or LF or a NUL is in it. Half the time of replacing and counting."""
    lines = data.splitlines()
    if data.endswith(b"\n"):
        lines.append(b"")
    joined = b"\n".join(lines)
    if len(data) - len(joined) != len(lines) - 1 or data.endswith(b"\r"):  # a line end that is no CRLF has not lost a byte
        return None
    text = str(joined, "ascii")
    return None if "\0" in text else text


def _decoded(reading: Reading, node: Node, data: bytes) -> bytes:
    encoding = node.encoding
    if encoding not in KNOWN:
        reading.add("unknown_encoding", encoding[:64], part=node.part)
    elif damaged(data, encoding):
        reading.add(_damage(encoding), part=node.part)
    return content(data, encoding)


def _damage(encoding: str) -> str:
    return "bad_base64" if encoding == "base64" else "bad_quoted_printable"


def _list_line_defects(reading: Reading, node: Node, lines: bytes, line_ends: int, end: int) -> None:
    """`lines` is the part up to `end` with CRLF replaced by LF, which happened `line_ends` times."""
    if lines.count(b"\n") != line_ends:
        reading.add("bare_lf", part=node.part)
    if b"\r" in lines:
        reading.add("bare_cr", part=node.part)
    if b"\0" in lines:
        reading.add("nul", part=node.part)
    if len(lines) > 998 and reading.has_long_line(node.body, end):
        reading.add("long_line", part=node.part)


def list_attachment_defects(reading: Reading, node: Node) -> None:
    """List what is wrong with both ends of an attachment; the middle is not looked at on the way to the 250."""
    encoding = node.encoding
    if node.children or encoding == "binary":
        return
    raw, start, end = reading.raw, node.body, node.end
    head = raw[start : min(end, start + _SAMPLE)]
    tail = raw[max(end - _SAMPLE, start + _SAMPLE) : end]
    if encoding not in KNOWN:
        reading.add("unknown_encoding", encoding[:64], part=node.part)
    elif encoding not in IDENTITY and (damaged(head, encoding, cut=bool(tail)) or (tail and damaged(tail, encoding, cut=True))):
        reading.add(_damage(encoding), part=node.part)
    lines = head.replace(b"\r\n", b"\n")
    _list_line_defects(reading, node, lines.rstrip(b"\r"), len(head) - len(lines), start + len(head))
