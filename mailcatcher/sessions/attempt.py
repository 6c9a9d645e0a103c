"""An attempt: one MAIL transaction, accepted or not."""

from datetime import UTC, datetime

import msgspec

from mailcatcher.mail.envelope import Options
from mailcatcher.mail.values import Defect
from mailcatcher.sessions.reply import Reply

OUTCOMES = ("accepted", "refused", "aborted", "reset")
"""How a transaction ended: stored; answered with 4xx or 5xx; cut off (line, QUIT, stop); taken back by the client."""

MAX_CONTENT_BYTES = 1_048_576
"""How much of content that was not accepted is kept."""


class AttemptRecipient(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One RCPT, accepted or not; of a path that could not be read, `address` is the argument."""

    address: str
    options: Options
    reply: Reply


class Attempt(msgspec.Struct, array_like=True):
    """What one MAIL started; grows until `outcome` is set. Times are seconds since 1970.

    Array-like, since the recorder keeps ended attempts encoded.
    """

    id: str
    session_id: str
    mailbox: str
    started: float
    ended: float | None = None
    sender: str = ""
    options: Options = {}
    recipients: list[AttemptRecipient] = []
    stage: str = "MAIL"  # the last one reached: MAIL, RCPT, DATA, END
    outcome: str | None = None  # one of OUTCOMES
    reply: Reply | None = None
    size_bytes: int = 0
    message_ids: tuple[str, ...] = ()
    content: bytes | None = None
    defects: list[Defect] = []

    @property
    def started_at(self) -> datetime:
        """When MAIL came."""
        return datetime.fromtimestamp(self.started, UTC)

    @property
    def ended_at(self) -> datetime | None:
        """When the outcome was known; None while it is open."""
        return None if self.ended is None else datetime.fromtimestamp(self.ended, UTC)
