"""What a query can find in a message: the texts that the store indexes and the matcher reads.

Both take them from here, so they cannot disagree on the content.
"""

from mailcatcher.mail.address import Address
from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message
from mailcatcher.search.words import COLUMNS, flat, fold

SUBSTRINGS = ("subject", "from", "to", "cc", "bcc", "reply_to", "sender", "rcpt", "message_id")
"""Fields in which parts of words are found, in order."""

FLAGS = ("attachment", "link", "code", "invite", "html", "text", "defect")
"""What `has:` knows; the place of a name is its bit in `flags`."""


def columns(message: Message, envelope: Envelope) -> tuple[str, ...]:
    """The text of each of `words.COLUMNS`, not folded; headers, addresses and attachment names one a line.

    A line end is no border: words may follow each other across it. Every word of `substrings` is in a column.
    """
    return (
        message.subject,
        _addresses(message, envelope),
        message.text or "",
        message.html_text,
        header_lines(message.headers),
        "\n".join(message.attachment_names),
    )


def substrings(message: Message, envelope: Envelope) -> tuple[str, ...]:
    """The text of each of `SUBSTRINGS`, folded; of several addresses one a line, each as `name <address>`.

    `bcc` is the Bcc field and the recipients of the envelope that stand in neither To nor Cc; the null sender is "".
    """
    to, cc = message.to, message.cc
    recipients = envelope.recipients
    paths = [recipients[0].address] if len(recipients) == 1 else [recipient.address for recipient in recipients]
    return (
        flat(message.subject),
        _address_lines(message.from_),
        _address_lines(to),
        _address_lines(cc) if cc else "",
        _blind(message, paths),
        _address_lines(message.reply_to) if message.reply_to else "",
        flat(f"<{envelope.sender}>") if envelope.sender else "",
        _path_lines(paths),
        flat(message.message_id),
    )


def flags(message: Message) -> int:
    """A bit for each of `FLAGS` that holds."""
    return (
        (message.attachments_count > 0)
        | message.has_link << 1
        | message.has_code << 2
        | message.has_invite << 3
        | (message.html is not None) << 4
        | (message.text is not None) << 5
        | bool(message.defects) << 6
    )


def header_lines(headers: tuple[tuple[str, str], ...]) -> str:
    """The text of the column `headers`: `Name: value`, one header a line (`mail` leaves no line end in a value)."""
    return "\n".join(map(": ".join, headers))


class Document:
    """The folded texts of one message, made when first asked for; for one that is matched against many queries."""

    __slots__ = ("_columns", "_envelope", "_message", "_substrings")

    def __init__(self, message: Message, envelope: Envelope) -> None:
        self._message = message
        self._envelope = envelope
        self._columns: dict[str, str] | None = None
        self._substrings: dict[str, str] | None = None

    def columns(self) -> dict[str, str]:
        """`columns`, folded, by name."""
        if self._columns is None:
            self._columns = dict(zip(COLUMNS, map(fold, columns(self._message, self._envelope)), strict=True))
        return self._columns

    def substrings(self) -> dict[str, str]:
        """`substrings` by name."""
        if self._substrings is None:
            self._substrings = dict(zip(SUBSTRINGS, substrings(self._message, self._envelope), strict=True))
        return self._substrings


def _addresses(message: Message, envelope: Envelope) -> str:
    fields = message.from_ + message.to + message.cc + message.bcc + message.reply_to
    lines = [f"{address.name} {address.address}" for address in fields]
    lines.append(envelope.sender)
    lines += [recipient.address for recipient in envelope.recipients]
    if "=?" in message.message_id:  # its header is indexed decoded; each word of `substrings` must be in a column
        lines.append(message.message_id)
    return "\n".join(dict.fromkeys(lines))


def _address_lines(addresses: tuple[Address, ...]) -> str:
    if len(addresses) == 1:
        only = addresses[0]
        return flat(f"{only.name} <{only.address}>")
    return "\n".join([flat(f"{address.name} <{address.address}>") for address in addresses])


def _path_lines(paths: list[str]) -> str:
    if len(paths) == 1:
        return flat(f"<{paths[0]}>")
    return "\n".join([flat(f"<{path}>") for path in paths])


def _blind(message: Message, paths: list[str]) -> str:
    if len(paths) == len(message.to) == 1 and paths[0] == message.to[0].address and not message.bcc:
        return ""
    open_recipients = {address.address.casefold() for field in (message.to, message.cc) for address in field}
    hidden = [path for path in paths if path.casefold() not in open_recipients]
    if not hidden and not message.bcc:
        return ""
    fields = [flat(f"{address.name} <{address.address}>") for address in message.bcc]
    return "\n".join(dict.fromkeys([*fields, *(flat(f"<{path}>") for path in hidden)]))
