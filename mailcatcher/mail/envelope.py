"""The envelope: what MAIL and RCPT said (RFC 5321 2.3.1)."""

import msgspec

Options = dict[str, str | None]
"""ESMTP parameters by upper-case keyword, values exactly as sent; None for a keyword without a value."""


class Recipient(msgspec.Struct, frozen=True):
    """One accepted RCPT: the path's text exactly as sent (without source route), and its parameters."""

    address: str
    options: Options = {}


class Envelope(msgspec.Struct, frozen=True):
    """Sender (`""` is the null sender), accepted recipients in order, parameters of MAIL."""

    sender: str
    recipients: tuple[Recipient, ...] = ()
    options: Options = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recipients' addresses, in order."""
        return tuple(recipient.address for recipient in self.recipients)
