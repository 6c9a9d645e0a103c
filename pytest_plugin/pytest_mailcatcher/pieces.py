"""What a mail consists of, as a test handles it: headers, links, codes and attachments."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mailcatcher.mail.charset import decode
from mailcatcher.mail.message import Message
from mailcatcher.mail.values import Attachment as Kept

_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class Link(str):
    """A URL of the mail: the text it is under, and the part it stands in."""

    __slots__ = ("part", "text")
    text: str
    part: str

    def __new__(cls, url: str, text: str, part: str) -> "Link":
        """A link."""
        link = super().__new__(cls, url)
        link.text, link.part = text, part
        return link


class Code(str):
    """A one-time code as one types it in: the line it stands in, and the part (empty: the subject)."""

    __slots__ = ("context", "part")
    context: str
    part: str

    def __new__(cls, code: str, context: str, part: str) -> "Code":
        """A code."""
        made = super().__new__(cls, code)
        made.context, made.part = context, part
        return made


class Headers(Mapping[str, str]):
    """The header fields, decoded; names in any case, and of several fields of a name the first, unless all are asked for."""

    __slots__ = ("_fields",)

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self._fields: dict[str, list[tuple[str, str]]] = {}
        for name, value in fields:
            self._fields.setdefault(name.lower(), []).append((name, value))

    def get_all(self, name: str) -> list[str]:
        """The values of all fields of that name, in order; none is an empty list."""
        return [value for _, value in self._fields.get(name.lower(), ())]

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][0][1]

    def __iter__(self) -> Iterator[str]:
        return (fields[0][0] for fields in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


class Attachment:
    """A part that is not a body; `filename` is made up when the mail gives none."""

    __slots__ = ("_kept", "_message")

    def __init__(self, message: Message, kept: Kept) -> None:
        self._message = message
        self._kept = kept

    @property
    def filename(self) -> str:
        """The name the mail gives; do not trust it as a path."""
        return self._kept.name

    @property
    def content_type(self) -> str:
        """Such as `application/pdf`, lower case."""
        return self._kept.content_type

    @property
    def content(self) -> bytes:
        """The content, decoded."""
        return self._message.content(self._kept.part)

    @property
    def size_bytes(self) -> int:
        """The length of `content`."""
        return self._kept.size_bytes

    @property
    def sha256(self) -> str:
        """Of `content`, in hexadecimal."""
        return self._kept.sha256

    @property
    def cid(self) -> str | None:
        """The Content-ID, without angle brackets."""
        return self._kept.cid

    def text(self, encoding: str | None = None) -> str:
        """The content as text: in the encoding given, else in the charset the mail names, else as UTF-8."""
        if encoding is not None:
            return self.content.decode(encoding)
        return decode(self.content, self._message.part(self._kept.part).charset or "utf-8")[0]

    def json(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)

    def save(self, path: "str | Path") -> Path:
        """Write the content to a file; in a directory, under the attachment's name made harmless. The path of the file."""
        target = Path(path)
        if target.is_dir():
            target /= _UNSAFE.sub("_", self.filename).strip(". ")[:200] or "attachment"
        target.write_bytes(self.content)
        return target

    def __repr__(self) -> str:
        return f"<Attachment {self.filename!r} {self.content_type} {self.size_bytes} bytes>"
