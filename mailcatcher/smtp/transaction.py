"""One MAIL transaction: what was accepted for the envelope, and the attempt that records everything."""

from typing import Protocol

import msgspec

from mailcatcher.mail.envelope import Envelope, Options, Recipient
from mailcatcher.sessions.attempt import Attempt, AttemptRecipient
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.session import Session

MAX_REFUSED_RECIPIENTS = 1_000
"""How many refused RCPTs an attempt keeps; a client may send them without end."""


class Recorder(Protocol):
    """Where attempts are recorded."""

    def begin(self, session: Session, mailbox: str) -> Attempt:
        """Start the record of a MAIL transaction."""
        ...

    def finish(self, attempt: Attempt, outcome: str, reply: Reply | None) -> None:
        """Set how the transaction ended."""
        ...


class Transaction(msgspec.Struct, eq=False):
    """The transaction of an accepted MAIL, until it is delivered or given up."""

    attempt: Attempt
    recipients: list[Recipient] = []
    refusal: Reply | None = None  # the latest of a RCPT

    def accept(self, address: str, options: Options, reply: Reply) -> None:
        """Add a recipient."""
        self.recipients.append(Recipient(address, options))
        attempt = self.attempt
        attempt.recipients.append(AttemptRecipient(address, options, reply))
        attempt.stage = "RCPT"

    def refuse(self, address: str, reply: Reply) -> None:
        """Remember a RCPT that was refused."""
        self.refusal = reply
        self.attempt.stage = "RCPT"
        if len(self.attempt.recipients) - len(self.recipients) < MAX_REFUSED_RECIPIENTS:
            self.attempt.recipients.append(AttemptRecipient(address, {}, reply))

    @property
    def envelope(self) -> Envelope:
        """What MAIL and the accepted RCPTs said."""
        attempt = self.attempt
        return Envelope(attempt.sender, tuple(self.recipients), attempt.options)

    @property
    def all_refused(self) -> bool:
        """Whether every RCPT was refused, and there was one."""
        return self.refusal is not None and not self.recipients
