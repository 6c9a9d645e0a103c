"""The JSON forms of the native API: one frozen Struct each, encoded by msgspec."""

from datetime import datetime
from typing import Any

import msgspec

from mailcatcher.mail.address import Address
from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Attachment, Code, Defect, Link, Part, Remote, Unsubscribe


def _plain(value: object) -> str:
    """A subclass of datetime as text: msgspec takes only the class itself, and a test may have put another in its place."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
encode = _encoder.encode


class Summary(msgspec.Struct, frozen=True):
    """The row of a list. `sender` and `recipients` are the envelope's; counts are numbers of things, sizes are bytes."""

    id: str
    seq: int
    mailbox: str
    received_at: datetime
    date: datetime | None
    subject: str
    from_: tuple[Address, ...] = msgspec.field(name="from")
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sender: str = ""
    recipients: tuple[str, ...] = ()
    snippet: str = ""
    code: str | None = None
    tags: tuple[str, ...] = ()
    read: bool = False
    flagged: bool = False
    size_bytes: int = 0
    attachments: int = 0
    defects: int = 0
    session_id: str | None = None


class Detail(msgspec.Struct, frozen=True):
    """All that is known of one message: the summary's fields, and what only a reader needs."""

    id: str
    seq: int
    mailbox: str
    received_at: datetime
    date: datetime | None
    subject: str
    from_: tuple[Address, ...] = msgspec.field(name="from")
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    sender: str
    recipients: tuple[str, ...]
    snippet: str
    code: str | None
    tags: tuple[str, ...]
    read: bool
    flagged: bool
    size_bytes: int
    session_id: str | None
    attempt_id: str | None
    message_id: str
    bcc: tuple[Address, ...]
    envelope: Envelope
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    parts: Part
    attachments: tuple[Attachment, ...]
    links: tuple[Link, ...]
    codes: tuple[Code, ...]
    invites: tuple[()]
    unsubscribe: Unsubscribe | None
    defects: tuple[Defect, ...]
    remote: tuple[Remote, ...]


class MessageList(msgspec.Struct, frozen=True):
    """One page of messages; `total` and `unread` count all that match, `next_cursor` continues behind the last."""

    messages: tuple[Summary, ...]
    total: int
    unread: int
    next_cursor: str | None


class Waited(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer of a wait: up to `count` matches, how many there are, and the event `seq` up to which it holds."""

    messages: tuple[Summary, ...] = msgspec.field()
    matched: int = msgspec.field()
    instance: str = msgspec.field()
    seq: int = msgspec.field()
    error: "Problem | None" = None


class Changed(msgspec.Struct, frozen=True):
    """How many messages a PATCH changed."""

    changed: int


class Deleted(msgspec.Struct, frozen=True):
    """How many messages were deleted; the token undoes it until `expires_at`."""

    deleted: int
    undo: str | None
    expires_at: datetime | None


class Restored(msgspec.Struct, frozen=True):
    """How many messages an undo brought back."""

    restored: int


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was wrong, where, and what would be right."""

    code: str = msgspec.field()
    message: str = msgspec.field()
    hint: str = ""
    field: str | None = None
    position: int | None = None
    oldest_seq: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """The body of every answer that is an error."""

    error: Problem


class StoreInfo(msgspec.Struct, frozen=True):
    """The database and the SQLite that serves it."""

    path: str
    sqlite: str


class Limits(msgspec.Struct, frozen=True):
    """Limits a client may want to know; 0 is no limit."""

    max_messages: int
    max_message_bytes: int


class Info(msgspec.Struct, frozen=True):
    """The running server: version, addresses really bound, counts over all mailboxes, limits."""

    version: str
    instance: str
    pid: int
    started_at: datetime
    url: str
    smtp: tuple[str, ...]
    http: tuple[str, ...]
    messages: int
    unread: int
    size_bytes: int
    store: StoreInfo
    limits: Limits


class Announcement(msgspec.Struct, frozen=True):
    """The one line of `--announce`."""

    version: str
    pid: int
    smtp: tuple[str, ...]
    http: str
    url: str


class MessagePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PATCH on one message."""

    read: bool


class MessagesPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PATCH on many: a selector (`ids`, `query` or `all`) and the change."""

    read: bool
    ids: list[str] | None = None
    query: str | None = None
    all: bool = False


class MessagesDelete(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of DELETE on many: a selector, and for how long it can be undone."""

    ids: list[str] | None = None
    query: str | None = None
    all: bool = False
    undo_seconds: float = 0


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/undo."""

    token: str


class EventPage(msgspec.Struct, frozen=True):
    """Events as they are encoded, and the sequence number up to which this answer holds."""

    events: tuple[msgspec.Raw, ...]
    instance: str
    seq: int


class EventForm:
    """The JSON of the events of one moment; what they share is encoded once."""

    def __init__(self, instance: str, at: datetime) -> None:
        self._begin = b'{"v":1,"instance":%b,"seq":' % encode(instance)
        self._at = b',"at":%b,"mailbox":' % encode(at)
        self._mailbox: str | None = None
        self._kind: str | None = None
        self._middle = b""

    def json(self, seq: int, mailbox: str | None, kind: str, data: Any) -> bytes:
        """One event; `data` may be a `msgspec.Raw` that is encoded already."""
        if kind != self._kind or mailbox != self._mailbox:  # which in one batch are mostly the same
            self._mailbox, self._kind = mailbox, kind
            self._middle = b'%b%b,"type":%b,"data":' % (self._at, encode(mailbox), encode(kind))
        return b"%b%d%b%b}" % (self._begin, seq, self._middle, data if type(data) is msgspec.Raw else encode(data))


def event_json(*, instance: str, seq: int, at: datetime, mailbox: str | None, kind: str, data: Any) -> bytes:
    """One event as JSON; `data` may be a `msgspec.Raw` that is encoded already."""
    return EventForm(instance, at).json(seq, mailbox, kind, data)
