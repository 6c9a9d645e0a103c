from datetime import UTC, datetime

import pytest

from mailcatcher.mail.dates import moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 24 Nov 2025 10:00:00 +0100", datetime(2025, 11, 24, 9, tzinfo=UTC)),
        ("24 Nov 2025 10:00:00 -0330", datetime(2025, 11, 24, 13, 30, tzinfo=UTC)),
        ("Mon, 24 Nov 2025 10:00:00 -0000", datetime(2025, 11, 24, 10, tzinfo=UTC)),
        ("Mon, 24 Nov 2025 10:00:00 +0000 (UTC)", datetime(2025, 11, 24, 10, tzinfo=UTC)),
        ("Mon,  4 Nov 2025 10:00 +0000", datetime(2025, 11, 4, 10, tzinfo=UTC)),
        ("4 Nov 25 10:00 GMT", datetime(2025, 11, 4, 10, tzinfo=UTC)),
        ("4 Nov 99 10:00 EST", datetime(1999, 11, 4, 15, tzinfo=UTC)),
        ("Monday, 24 November 2025 10:00:00 Z", datetime(2025, 11, 24, 10, tzinfo=UTC)),
        ("mon, 24 nov 2025 10:00:00 +0000", datetime(2025, 11, 24, 10, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2025-11-24T10:00:00+01:00", datetime(2025, 11, 24, 9, tzinfo=UTC)),
        ("yesterday", None),
        ("Mon, 32 Nov 2025 10:00:00 +0000", None),
        ("Mon, 24 Foo 2025 10:00:00 +0000", None),
        ("1 Jan 0001 00:00:00 +2359", None),
        ("", None),
    ],
)
def test_date_is_a_moment_in_utc(value, expected):
    assert moment(value) == expected
