"""What a parsed mail consists of; each value is also its JSON form."""

import msgspec


class Defect(msgspec.Struct, frozen=True):
    """What is wrong with the mail: a stable id, a plain sentence, the part it concerns (None: the whole mail)."""

    id: str
    text: str
    part: str | None = None


class Part(msgspec.Struct, frozen=True):
    """A node of the MIME tree.

    `part` is numbered as in IMAP (RFC 9051 6.4.5): a multipart at the root is `""` with children `1`, `2`, `2.1`; the only part
    of a mail without multipart is `1`; the multipart inside the message/rfc822 `2` is `2.TEXT`, and its children are `2.1`, `2.2`.
    """

    part: str
    content_type: str
    charset: str | None
    encoding: str | None
    disposition: str | None
    name: str | None
    cid: str | None
    location: str | None
    size_bytes: int  # decoded
    encoded_bytes: int
    defects: tuple[Defect, ...]
    parts: tuple["Part", ...]


class Attachment(msgspec.Struct, frozen=True):
    """A part which is not a body; `name` is generated when the mail gives none."""

    part: str
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    cid: str | None
    inline: bool


class Link(msgspec.Struct, frozen=True):
    """A URL of the mail with the text it is under (the URL itself in plain text)."""

    url: str
    text: str
    part: str


class Code(msgspec.Struct, frozen=True):
    """A one-time code: without separators, as one types it in; `context` is the line it stands in."""

    code: str
    context: str
    part: str


class Remote(msgspec.Struct, frozen=True):
    """A URL the mail would load; `kind` is image, stylesheet, font, media or other."""

    url: str
    kind: str


class Unsubscribe(msgspec.Struct, frozen=True):
    """List-Unsubscribe (RFC 2369) and whether List-Unsubscribe-Post asks for one click (RFC 8058)."""

    http: str | None
    mailto: str | None
    one_click: bool
