"""The parsed mail: what the store and every list need is read at once, the rest when it is asked for."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from mailcatcher.errors import NotFound
from mailcatcher.mail import codes as code_scan
from mailcatcher.mail import links as link_scan
from mailcatcher.mail import structure
from mailcatcher.mail.address import Address
from mailcatcher.mail.bodies import Bodies, body_text, file_name, is_inline, is_invite, list_attachment_defects
from mailcatcher.mail.budget import DEFAULT_BUDGET, Budget
from mailcatcher.mail.dates import moment
from mailcatcher.mail.encoded import decoded
from mailcatcher.mail.fields import address_field, decoded_fields, list_duplicates
from mailcatcher.mail.plain import plain_words, snippet
from mailcatcher.mail.reading import Reading
from mailcatcher.mail.structure import Node
from mailcatcher.mail.transfer import content
from mailcatcher.mail.values import Attachment, Code, Defect, Link, Part, Remote, Unsubscribe

__all__ = [
    "DEFAULT_BUDGET",
    "Address",
    "Attachment",
    "Budget",
    "Code",
    "Defect",
    "Link",
    "Message",
    "Part",
    "Remote",
    "Unsubscribe",
    "parse",
]


class Message:
    """A mail as it came in and what it says; made by `parse`, never changed afterwards.

    Every text is valid Unicode without NUL (replaced by U+FFFD); lines of text end in LF.
    """

    __slots__ = (
        "_attachments", "_bodies", "_named", "_nodes", "_tree", "attachment_names", "attachments_count", "bcc", "cc", "code", "date",
        "defects", "from_", "has_code", "has_invite", "has_link", "headers", "html", "html_text", "message_id", "raw", "reply_to",
        "snippet", "subject", "text", "to",
    )  # fmt: skip

    raw: bytes
    headers: tuple[tuple[str, str], ...]
    """Every field in wire order: name as written, value unfolded and decoded."""
    subject: str
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date: datetime | None
    message_id: str
    """Without angle brackets; empty if there is none."""
    text: str | None
    html: str | None
    html_text: str
    """The words of `html` on one line, by a cheap scan."""
    snippet: str
    code: str | None
    """The likeliest one-time code."""
    attachment_names: tuple[str, ...]
    """Of the attachments that are not inline."""
    attachments_count: int
    has_link: bool
    has_code: bool
    has_invite: bool
    defects: tuple[Defect, ...]

    def __init__(self, reading: Reading) -> None:
        self.raw = reading.raw
        self._tree: Part | None = None
        self._attachments: tuple[Attachment, ...] | None = None
        root = structure.tree(reading)
        self._nodes: Node = root
        self._named = root.named
        self._read_header(reading, root)
        bodies = Bodies(root)
        self._bodies = bodies
        self._read_bodies(reading, bodies)
        self._list_attachments(reading, bodies)
        self.defects = tuple(reading.found.values())

    def _read_header(self, reading: Reading, root: Node) -> None:
        named = self._named
        if not root.fields:
            reading.add("no_header")
        self.headers = decoded_fields(reading, root.fields) if reading.encoded_words else tuple(root.fields)
        subject = named.get("subject", "")
        self.subject = decoded(subject)[0] if "=?" in subject else subject
        self.from_ = address_field(reading, "from", named["from"]) if "from" in named else ()
        self.to = address_field(reading, "to", named["to"]) if "to" in named else ()
        self.cc = address_field(reading, "cc", named["cc"]) if "cc" in named else ()
        self.bcc = address_field(reading, "bcc", named["bcc"]) if "bcc" in named else ()
        self.reply_to = address_field(reading, "reply-to", named["reply-to"]) if "reply-to" in named else ()
        date = named.get("date")
        self.date = moment(date) if date else None
        message_id = named.get("message-id", "")
        self.message_id = message_id.strip().removeprefix("<").removesuffix(">")
        if not (self.date and self.from_ and self.message_id):
            self._list_missing(reading)
        if len(named) != len(root.fields):
            list_duplicates(reading, root.fields)

    def _list_missing(self, reading: Reading) -> None:
        if not self.from_:
            reading.add("no_from")
        if self.date is None:
            reading.add("bad_date" if self._named.get("date") else "no_date")
        if not self.message_id:
            reading.add("no_message_id")

    def _read_bodies(self, reading: Reading, bodies: Bodies) -> None:
        self.text = text = body_text(reading, bodies.text)
        self.html = source = body_text(reading, bodies.html)
        self.html_text = plain_words(source) if source else ""
        shown = text if text and not text.isspace() else self.html_text
        self.snippet = snippet(shown)
        likeliest = self._likeliest_codes() if self._has_digit() else []
        self.code = likeliest[0].code if likeliest else None
        self.has_code = bool(likeliest)
        self.has_link = link_scan.has_link(text, source)

    def _has_digit(self) -> bool:
        has_digit = code_scan.has_digit
        return bool((self.text and has_digit(self.text)) or (self.html_text and has_digit(self.html_text)) or has_digit(self.subject))

    def _list_attachments(self, reading: Reading, bodies: Bodies) -> None:
        self.has_invite = False
        if not bodies.attachments:
            self.attachment_names, self.attachments_count = (), 0
            return
        names = []
        for node in bodies.attachments:
            list_attachment_defects(reading, node)
            if not is_inline(node):
                names.append(file_name(node))
            if is_invite(node):
                self.has_invite = True
        self.attachment_names = tuple(names)
        self.attachments_count = len(names)

    def tree(self) -> Part:
        """The MIME tree."""
        if self._tree is None:
            self._tree = self._part(self._nodes)
        return self._tree

    def _part(self, node: Node) -> Part:
        """A node as a value. Recursion ends at `Budget.depth`."""
        named = node.named
        return Part(
            part=node.part,
            content_type=node.content_type,
            charset=node.parameters.get("charset"),
            encoding=node.encoding if "content-transfer-encoding" in named else None,
            disposition=node.disposition or None,
            name=node.name,
            cid=node.cid,
            location=node.location,
            size_bytes=node.end - node.body if node.children else len(self._content(node)),
            encoded_bytes=node.end - node.body,
            defects=tuple(found for found in self.defects if found.part == node.part),
            parts=tuple(self._part(child) for child in node.children),
        )

    def attachments(self) -> tuple[Attachment, ...]:
        """Every part that is not a body, in order; inline ones as well."""
        if self._attachments is None:
            self._attachments = tuple(self._attachment(node) for node in self._bodies.attachments)
        return self._attachments

    def _attachment(self, node: Node) -> Attachment:
        data = self._content(node)
        return Attachment(
            part=node.part,
            name=file_name(node),
            content_type=node.content_type,
            size_bytes=len(data),
            sha256=sha256(data).hexdigest(),
            cid=node.cid,
            inline=is_inline(node),
        )

    def related(self) -> tuple[Node, ...]:
        """The parts that are no bodies, outside embedded mails: what the HTML may refer to."""
        return tuple(self._bodies.attachments)

    def links(self) -> tuple[Link, ...]:
        """The links, each URL once: those of the HTML with their text first, then what stands in the plain text only."""
        found: dict[str, Link] = {}
        for link in self._all_links():
            if link.url not in found or not found[link.url].text:
                found[link.url] = link
        return tuple(found.values())

    def _all_links(self) -> Iterator[Link]:
        if self.html:
            yield from link_scan.in_html(self.html, self._bodies.html[0].part)
        if self.text:
            yield from link_scan.in_text(self.text, self._bodies.text[0].part)

    def codes(self) -> tuple[Code, ...]:
        """The one-time codes, each once, likeliest first; the part of one that stands only in the subject is empty."""
        found = self._likeliest_codes()
        if self.text and self.html_text:
            found += self._codes_in(self.html_text, self._bodies.html[0].part)
        unique: dict[str, Code] = {}
        for code in found:
            unique.setdefault(code.code, code)
        return tuple(unique.values())

    def _likeliest_codes(self) -> list[Code]:
        """The codes of text and subject; those of the HTML if the text has none."""
        found = code_scan.find(self.text, self.subject) if self.text else []
        part = self._bodies.text[0].part if found else ""
        if not found and self.html_text:
            found = code_scan.find(self.html_text, self.subject)
            part = self._bodies.html[0].part if found else ""
        titled = code_scan.find(self.subject)
        if not (found or titled):
            return []
        codes = [(one.score, Code(one.code, one.context, part)) for one in found]
        codes += [(one.score, Code(one.code, one.context, "")) for one in titled]
        codes.sort(key=lambda pair: -pair[0])
        return [code for _, code in codes]

    def _codes_in(self, text: str, part: str) -> list[Code]:
        return [Code(one.code, one.context, part) for one in code_scan.find(text, self.subject)]

    def unsubscribe(self) -> Unsubscribe | None:
        """What the List-Unsubscribe fields say, None without one."""
        return link_scan.unsubscribe(self._named.get("list-unsubscribe"), self._named.get("list-unsubscribe-post"))

    def part(self, part: str) -> Part:
        """One node of the tree. Raises NotFound."""
        return self._part(self._node(part))

    def content(self, part: str) -> bytes:
        """The decoded body of a leaf; of a message/rfc822 its bytes, of a multipart its encoded body. Raises NotFound."""
        return self._content(self._node(part))

    def _content(self, node: Node) -> bytes:
        return content(self.raw[node.body : node.end], "7bit" if node.is_multipart else node.encoding)

    def _node(self, part: str) -> Node:
        for node in self.nodes():
            if node.part == part:
                return node
        raise NotFound(f"no part {part[:100]!r}")

    def nodes(self) -> Iterator[Node]:
        """Every node of the tree, a parent before its children."""
        stack = [self._nodes]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


def parse(raw: bytes, budget: Budget = DEFAULT_BUDGET) -> Message:
    """Read a mail. Never raises; what is wrong with it is in `defects`."""
    return Message(Reading(raw, budget))
