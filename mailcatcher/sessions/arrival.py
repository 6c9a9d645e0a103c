"""A received message on its way into the store."""

from datetime import datetime

from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message


class Arrival:
    """Envelope and raw of one message, with where it came from; `message` is filled once, on first use.

    The one value that is not frozen: the store thread fills `message`, `ids` and `seqs`.
    """

    __slots__ = (
        "attempt_id", "envelope", "ids", "mailboxes", "message", "raw", "received_at", "seqs", "session_id", "tags",
        "user",
    )  # fmt: skip

    def __init__(
        self,
        envelope: Envelope,
        raw: bytes,
        *,
        received_at: datetime,
        mailboxes: tuple[str, ...],
        session_id: str | None = None,
        attempt_id: str | None = None,
        user: str | None = None,
    ) -> None:
        self.envelope = envelope
        self.raw = raw
        self.received_at = received_at
        self.mailboxes = mailboxes
        self.session_id = session_id
        self.attempt_id = attempt_id
        self.user = user
        self.tags: tuple[str, ...] = ()
        self.message: Message | None = None
        self.ids: tuple[str, ...] = ()
        self.seqs: tuple[int, ...] = ()
