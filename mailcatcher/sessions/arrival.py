"""A received message on its way into the store."""

from datetime import datetime

import msgspec

from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message


class Arrival(msgspec.Struct, eq=False):
    """Envelope and raw of one message, with where it came from; `message` is filled once, on first use.

    The one value that is not frozen: the store thread fills `message`, `ids` and `seqs`.
    """

    envelope: Envelope
    raw: bytes
    received_at: datetime
    mailboxes: tuple[str, ...]
    session_id: str | None = None
    attempt_id: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
    message: Message | None = None
    ids: tuple[str, ...] = ()
    seqs: tuple[int, ...] = ()
