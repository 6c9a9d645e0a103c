"""Header fields as values, with what is wrong with them."""

from mailcatcher.mail.address import Address
from mailcatcher.mail.addresses import addresses
from mailcatcher.mail.encoded import decoded
from mailcatcher.mail.headers import Fields
from mailcatcher.mail.reading import Reading

_ONCE = (
    "date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject", "mime-version",
    "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Fields that may occur once (RFC 5322 3.6, RFC 2045)."""


def decoded_fields(reading: Reading, fields: Fields) -> tuple[tuple[str, str], ...]:
    """The fields with their encoded words decoded."""
    found = []
    for name, value in fields:
        if "=?" in value:
            value, good = decoded(value)
            if not good:
                reading.add("bad_encoded_word")
        found.append((name, value))
    return tuple(found)


def address_field(reading: Reading, name: str, value: str) -> tuple[Address, ...]:
    """The addresses of one field; lists what is wrong with it."""
    if not value:
        return ()
    limit = reading.budget.addresses
    found, good = addresses(value, limit)
    if not good:
        reading.add("bad_address", name.title())
    if len(found) >= limit:
        reading.exhausted("addresses")
    return found


def list_duplicates(reading: Reading, fields: Fields) -> None:
    """List each field that occurs more often than it may."""
    counts: dict[str, int] = {}
    for name, _ in fields:
        lower = name.lower()
        counts[lower] = counts.get(lower, 0) + 1
    for name in _ONCE:
        if counts.get(name, 0) > 1:
            reading.add("duplicate_header", name.title(), counts[name])
