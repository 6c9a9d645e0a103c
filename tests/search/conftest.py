from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import Message, parse


@dataclass(frozen=True)
class Captured:
    """A `matches.Item`."""

    message: Message
    envelope: Envelope = field(default_factory=lambda: Envelope("shop@example.org", (Recipient("ada@example.org"),)))
    mailbox: str = "inbox"
    received_at: datetime = datetime(2025, 1, 31, 12, tzinfo=UTC)
    read: bool = False
    session_id: str | None = "01JC"
    user: str | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.message.raw)


@pytest.fixture
def captured():
    """Makes an item of a raw mail (LF line ends), the sender, the recipients and other fields of `Captured`."""

    def build(raw: str = "Subject: none\n\n", sender: str = "shop@example.org", rcpt=("ada@example.org",), **others):
        message = parse(raw.replace("\n", "\r\n").encode())
        return replace(Captured(message), envelope=Envelope(sender, tuple(map(Recipient, rcpt))), **others)

    return build
