"""Parts of the mail as `data:` URIs, for what the HTML names by Content-ID or Content-Location (RFC 2392, RFC 2557)."""

import base64
import re
from urllib.parse import unquote

from mailcatcher.mail.message import Message
from mailcatcher.mail.structure import Node

PART_BYTES = 5_242_880  # of one part
TOTAL_BYTES = 20_971_520  # encoded, of all parts of a document; a part counts each time it is shown

_MEDIA_TYPE = re.compile(r"(?:image|font|audio|video|application)/[\w.+-]{1,100}")
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"),
    (b"wOFF", "font/woff"), (b"wOF2", "font/woff2"),
)  # fmt: skip


class Embedding:
    """The parts the HTML may name, found by exact lookup: nothing of a Content-ID is ever a pattern or a path."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.left = TOTAL_BYTES
        self.by_cid: dict[str, Node] = {}
        self.by_location: dict[str, Node] = {}
        for node in message.related():
            if node.cid:
                self.by_cid.setdefault(node.cid, node)
            if node.location:
                self.by_location.setdefault(node.location, node)

    def __bool__(self) -> bool:
        return bool(self.by_cid or self.by_location)

    def named(self, url: str) -> Node | None:
        """The part a URL names."""
        if url[:4].lower() == "cid:":
            return self.by_cid.get(url[4:]) or self.by_cid.get(unquote(url[4:]))
        return self.by_location.get(url) if url and self.by_location else None

    def data(self, url: str) -> str | None:
        """The part a URL names as data: URI; None if it names none, empty if the part is too large."""
        node = self.named(url)
        if node is None:
            return None
        encoded_bytes = node.end - node.body
        size = encoded_bytes if node.encoding == "base64" else encoded_bytes * 4 // 3
        if size > PART_BYTES * 4 // 3 or size > self.left:
            return ""
        self.left -= size
        content = self.message.content(node.part)
        return f"data:{_media_type(node, content)};base64,{base64.b64encode(content).decode('ascii')}"


def _media_type(node: Node, content: bytes) -> str:
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return node.content_type if _MEDIA_TYPE.fullmatch(node.content_type) else "application/octet-stream"
