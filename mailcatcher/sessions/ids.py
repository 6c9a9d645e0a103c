"""Ids of sessions and attempts: ULIDs that ascend in the order they were given out."""

import secrets
import time
from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_COUNTER_BITS = 30


class Ulids:
    """Gives out ULIDs: 48 bits of milliseconds, 50 random bits of this process, a 30-bit counter.

    The counter starts at random too, and only ever grows, so ids of one millisecond still ascend.
    """

    def __init__(self, clock: Callable[[], float] = time.time, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._salt = random_bits(50)
        self._count = random_bits(_COUNTER_BITS - 1)
        self._milliseconds = -1  # before any that a clock gives
        self._prefix = ""

    def next(self) -> str:
        """A new id, greater than all before; a clock that runs backwards repeats its latest time."""
        count = self._count = self._count + 1
        milliseconds = int(self._clock() * 1000)
        if milliseconds > self._milliseconds or not count & 1023:
            self._renew(milliseconds)
        return self._prefix + _PAIRS[count & 1023]

    def _renew(self, milliseconds: int) -> None:
        """Build the part that the ids of one millisecond share, up to 1,024 of them."""
        if self._count >> _COUNTER_BITS:
            self._count = 0
            self._salt = (self._salt + 1) & ((1 << 50) - 1)
        self._milliseconds = max(milliseconds, self._milliseconds)
        head = (self._milliseconds << 50 | self._salt) << 20 | self._count >> 10  # 118 bits: twelve pairs less two leading zero bits
        self._prefix = "".join([_PAIRS[head >> shift & 1023] for shift in range(110, -1, -10)])
