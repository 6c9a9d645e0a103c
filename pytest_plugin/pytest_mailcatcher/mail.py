"""A mail as a test sees it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from mailcatcher.mail.address import Address
from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message
from mailcatcher.mail.values import Unsubscribe
from mailcatcher.sessions.arrival import Arrival
from pytest_mailcatcher.pieces import Attachment, Code, Headers, Link
from pytest_mailcatcher.text import PatternMatch, TextMatch, accepts, canonical, glob, searches, shown

if TYPE_CHECKING:
    from email.message import EmailMessage

T = TypeVar("T")

_NOBODY = Address("", "")


class Mail:
    """One accepted mail. Nothing of it can be changed."""

    __slots__ = ("_attachments", "_headers", "_message", "arrival", "id", "mailbox", "seq")

    arrival: Arrival
    id: str
    seq: int
    mailbox: str

    def __init__(self, arrival: Arrival, message_id: str, seq: int, mailbox: str) -> None:
        self.arrival = arrival
        self.id = message_id
        self.seq = seq
        self.mailbox = mailbox
        self._message: EmailMessage | None = None
        self._headers: Headers | None = None
        self._attachments: list[tuple[Attachment, bool]] | None = None

    @property
    def parsed(self) -> Message:
        """The core's view of the mail."""
        message = self.arrival.message
        assert message is not None, "a stored mail is parsed"
        return message

    @property
    def raw(self) -> bytes:
        """The bytes as they came, after dot-unstuffing."""
        return self.arrival.raw

    @property
    def size_bytes(self) -> int:
        """The length of `raw`."""
        return len(self.arrival.raw)

    @property
    def received_at(self) -> datetime:
        """When it was complete, in UTC."""
        return self.arrival.received_at

    @property
    def envelope(self) -> Envelope:
        """What MAIL and the accepted RCPT commands said."""
        return self.arrival.envelope

    @property
    def message(self) -> "EmailMessage":
        """The mail as the standard library reads it; made at the first access."""
        if self._message is None:
            from email import message_from_bytes, policy

            self._message = message_from_bytes(self.raw, policy=policy.default)
        return self._message

    @property
    def subject(self) -> str:
        """The subject, decoded; empty if there is none."""
        return self.parsed.subject

    @property
    def from_(self) -> Address:
        """The first address of From; both parts are empty if there is none."""
        return self.parsed.from_[0] if self.parsed.from_ else _NOBODY

    @property
    def to(self) -> tuple[Address, ...]:
        """The addresses of the To field; the envelope's recipients are in `envelope`."""
        return self.parsed.to

    @property
    def cc(self) -> tuple[Address, ...]:
        """The addresses of the Cc field."""
        return self.parsed.cc

    @property
    def reply_to(self) -> tuple[Address, ...]:
        """The addresses of the Reply-To field."""
        return self.parsed.reply_to

    @property
    def bcc(self) -> tuple[str, ...]:
        """The envelope's recipients that stand in neither To nor Cc."""
        named = {canonical(address.address) for address in (*self.to, *self.cc)}
        return tuple(address for address in self.envelope.addresses if canonical(address) not in named)

    @property
    def date(self) -> datetime | None:
        """What the Date field says, in UTC."""
        return self.parsed.date

    @property
    def message_id(self) -> str:
        """The Message-ID without angle brackets; empty if there is none."""
        return self.parsed.message_id

    @property
    def headers(self) -> Headers:
        """Every header field, decoded."""
        if self._headers is None:
            self._headers = Headers(self.parsed.headers)
        return self._headers

    @property
    def text(self) -> str | None:
        """The plain text, decoded, lines ending in LF; None if there is none."""
        return self.parsed.text

    @property
    def html(self) -> str | None:
        """The source of the HTML, decoded; None if there is none."""
        return self.parsed.html

    @property
    def html_as_text(self) -> str:
        """The words of the HTML as one reads them, on one line; empty if there is none."""
        return self.parsed.html_text

    @property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the mail, by name, such as `no_date`."""
        return tuple(defect.id for defect in self.parsed.defects)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The parts that are neither body nor inline."""
        return tuple(attachment for attachment, inline in self._parts() if not inline)

    @property
    def inline(self) -> tuple[Attachment, ...]:
        """The parts that belong to what is shown, such as images."""
        return tuple(attachment for attachment, inline in self._parts() if inline)

    @property
    def unsubscribe(self) -> Unsubscribe | None:
        """What the List-Unsubscribe fields say: `http`, `mailto`, `one_click`."""
        return self.parsed.unsubscribe()

    def link(self, contains: str | None = None, *, text: TextMatch | None = None, pattern: PatternMatch | None = None) -> Link:
        """The one link whose URL contains the string, whose text matches, whose URL the pattern is found in. Fails unless it is one."""
        __tracebackhide__ = True
        found = self.links(contains, text=text, pattern=pattern)
        asked = _asked(contains=contains, text=text, pattern=pattern)
        return _only(found, self.links(), "link", asked, lambda link: shown(link) + (f"  {shown(link.text)}" if link.text != link else ""))

    def links(self, contains: str | None = None, *, text: TextMatch | None = None, pattern: PatternMatch | None = None) -> list[Link]:
        """The links that match, each URL once."""
        return [
            Link(link.url, link.text, link.part)
            for link in self.parsed.links()
            if (contains is None or contains in link.url)
            and (text is None or accepts(text, link.text))
            and (pattern is None or searches(pattern, link.url))
        ]

    def code(self, pattern: PatternMatch | None = None, *, length: int | None = None) -> Code:
        """The one one-time code that the pattern is found in, and that has so many characters. Fails unless it is one."""
        __tracebackhide__ = True
        found = self.codes(pattern, length=length)
        return _only(
            found, self.codes(), "code", _asked(pattern=pattern, length=length), lambda code: f"{shown(code)}  in: {shown(code.context)}"
        )

    def codes(self, pattern: PatternMatch | None = None, *, length: int | None = None) -> list[Code]:
        """The one-time codes that match, likeliest first; years, prices, phone and order numbers are none."""
        return [
            Code(code.code, code.context, code.part)
            for code in self.parsed.codes()
            if (length is None or len(code.code) == length) and (pattern is None or searches(pattern, code.code))
        ]

    def attachment(self, name: str | None = None, *, content_type: str | None = None, inline: bool = False) -> Attachment:
        """The one attachment whose name the glob `name` fits, of that type (`image/*` is one too). Fails unless it is one."""
        __tracebackhide__ = True
        among = self.inline if inline else self.attachments
        found = [
            attachment
            for attachment in among
            if (name is None or glob(name, attachment.filename)) and (content_type is None or glob(content_type, attachment.content_type))
        ]
        asked = _asked(name=name, content_type=content_type)
        return _only(found, among, "inline part" if inline else "attachment", asked, repr)

    def __repr__(self) -> str:
        to = ", ".join(self.envelope.addresses)
        return f"<Mail {shown(self.envelope.sender or '<>', 60)} -> {shown(to, 60)} {shown(self.subject, 60)!r}>"

    def _parts(self) -> list[tuple[Attachment, bool]]:
        if self._attachments is None:
            self._attachments = [(Attachment(self.parsed, kept), kept.inline) for kept in self.parsed.attachments()]
        return self._attachments


def _asked(**given: object) -> str:
    named = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
    return f" with {named}" if named else ""


def _only(found: Sequence[T], among: Sequence[T], kind: str, asked: str, line: Callable[[T], str]) -> T:
    """The only one; else AssertionError with all there are."""
    __tracebackhide__ = True
    if len(found) == 1:
        return found[0]
    listed, title = (found, "They are") if found else (among, f"The {kind}s of this mail")
    lines = [f"expected 1 {kind}{asked}, got {len(found)}."]
    if listed:
        lines.append(f"{title}:")
        lines += [f"  {line(one)}" for one in listed[:10]]
        if len(listed) > 10:
            lines.append(f"  and {len(listed) - 10} more")
    else:
        lines.append(f"The mail has no {kind}.")
    raise AssertionError("\n".join(lines))
