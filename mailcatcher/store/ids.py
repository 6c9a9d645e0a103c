"""Message ids: monotonic ULIDs that carry the message's `seq`.

    48 bits  milliseconds since 1970, never less than in the id before
    40 bits  salt of the database
    40 bits  seq

A ULID's random part may be chosen freely. With `seq` in it an id finds its row without an index of its own.
"""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_LOW_40 = (1 << 40) - 1


def encode_ulid(number: int) -> str:
    """26 characters for 128 bits."""
    pairs = _PAIRS
    return "".join([pairs[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def decode_ulid(text: str) -> int | None:
    """The 128 bits of a ULID in upper or lower case, or None if it is none."""
    if len(text) != 26 or text[0] not in "01234567":
        return None
    number = 0
    for character in text.upper():
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number << 5 | value
    return number


def seq_of(message_id: str) -> int | None:
    """The `seq` in a message id, or None for what is no ULID; the row there has this id or there is none."""
    number = decode_ulid(message_id)
    return None if number is None else number & _LOW_40


class Ids:
    """Hands out ids for one database; `salt` has 40 bits, `milliseconds` is the time of the last id before."""

    def __init__(self, salt: int, milliseconds: int) -> None:
        self._salt = salt & _LOW_40
        self.milliseconds = milliseconds
        self._prefix = ""
        self._prefix_of = -1

    def next(self, seq: int, milliseconds: int) -> str:
        """The id for `seq`; times that run backwards repeat the latest one."""
        if milliseconds > self.milliseconds:
            self.milliseconds = milliseconds
        if self._prefix_of != self.milliseconds:
            # The low 40 bits are the last 8 characters: the rest is made once a millisecond.
            self._prefix_of = self.milliseconds
            self._prefix = encode_ulid(self.milliseconds << 80 | self._salt << 40)[:18]
        pairs = _PAIRS
        return self._prefix + pairs[seq >> 30] + pairs[seq >> 20 & 1023] + pairs[seq >> 10 & 1023] + pairs[seq & 1023]
