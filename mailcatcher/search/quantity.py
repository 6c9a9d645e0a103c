"""Times and sizes as a query writes them.

    time    2025-01-31 · 2025-01-31T18:00 · 2025-01-31T18:00:00.5+01:00 · -90s · -10m · -2h · -7d · -2w
    size    1000 · 10k · 5M · 1G

RFC 3339, in UTC where no offset is given; a day begins at 00:00. k, M and G are powers of 1024, in any case.
"""

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
_AGO = re.compile(r"-(\d{1,9})([smhdw])", re.ASCII)
_SIZE = re.compile(r"(\d{1,12})([kmg]?)b?", re.ASCII | re.IGNORECASE)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MAX_BYTES = (1 << 63) - 1  # SQLite's largest integer


def time(text: str, now: datetime) -> datetime:
    """The time meant, in UTC. Raises ValueError for anything else than the grammar above, and for no such day."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now.astimezone(UTC) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        at = datetime.fromisoformat(text.upper())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def size_bytes(text: str) -> int:
    """The number of bytes meant. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    size = int(match[1]) * _BYTES[match[2].lower()]
    if size > _MAX_BYTES:
        raise ValueError(text)
    return size
