"""The Date field (RFC 5322 3.3 with the obsolete forms of 4.3)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_USUAL = re.compile(r"(?:[A-Z][a-z]{2}, )?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)")
_DATE = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[A-Za-z]*\.?[\s-]+(\d{2,4})\s+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?"
    r"(?:\.\d{1,9})?\s*(?:([+-])(\d{2}):?(\d{2})|([A-Za-z]{1,5}))?(?![\w:])"
)
_CACHED_LENGTH = 64
_MONTHS = dict(zip(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], range(1, 13), strict=True))
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}


@lru_cache(maxsize=256)  # mails of one second have one date
def _moment(value: str) -> datetime | None:
    match = _USUAL.match(value)
    if match is not None:
        day, month, year, hour, minute, second, zone_hours, zone_minutes = match.groups()
        try:
            at = datetime(int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            offset = int(zone_hours) * 60 + int(zone_hours[0] + zone_minutes)
            return at - timedelta(minutes=offset) if offset else at
        except (KeyError, ValueError, OverflowError):
            pass
    return _unusual(value)


def moment(value: str) -> datetime | None:
    """The moment in UTC, None if the value cannot be read. An unknown zone is UTC (RFC 5322 4.3)."""
    return _moment(value) if len(value) <= _CACHED_LENGTH else _unusual(value)


def _unusual(value: str) -> datetime | None:
    match = _DATE.match(value)
    if match is None:
        return _iso(value)
    day, month, year_text, hour, minute, second, sign, zone_hours, zone_minutes, zone = match.groups()
    year = int(year_text)
    if len(year_text) < 4:  # RFC 5322 4.3
        year += 2000 if year < 50 and len(year_text) == 2 else 1900
    try:
        # A leap second is the second before it.
        at = datetime(year, _MONTHS[month.lower()], int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
        if sign:
            offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
            return at - offset if sign == "+" else at + offset
        return at - timedelta(hours=_ZONES.get(zone.lower(), 0)) if zone else at
    except (KeyError, ValueError, OverflowError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value.strip()[:40])
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
