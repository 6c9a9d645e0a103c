"""One run of the parser: what is read, what is left of the budget, what was found wrong."""

from time import thread_time

from mailcatcher.mail.budget import Budget
from mailcatcher.mail.defects import defect
from mailcatcher.mail.values import Defect

_LINE_BYTES = 998  # RFC 5322 2.1.1, without CRLF


class Reading:
    """The bytes and the budget; each defect is listed once a part."""

    __slots__ = ("boundaries", "budget", "deadline", "encoded_words", "found", "header_bytes", "parts", "raw", "text_bytes")

    def __init__(self, raw: bytes, budget: Budget) -> None:
        self.raw = raw
        self.budget = budget
        self.header_bytes = budget.header_bytes
        self.parts = budget.parts
        self.boundaries = budget.boundaries
        self.encoded_words = False  # a header block holds what may be one
        self.text_bytes = budget.text_bytes
        self.deadline: float | None = None
        self.found: dict[tuple[str, str | None], Defect] = {}

    def add(self, identifier: str, *values: object, part: str | None = None) -> None:
        """List a defect."""
        if (identifier, part) not in self.found:
            self.found[identifier, part] = defect(identifier, *values, part=part)

    def exhausted(self, limit: str, part: str | None = None) -> None:
        """List that a limit of the budget was hit."""
        self.add(f"budget_{limit}", getattr(self.budget, limit), part=part)

    def late(self) -> bool:
        """Whether the time is up; lists it. The first call starts the clock, which costs a system call: a mail of one part has none."""
        now = thread_time()
        if self.deadline is None:
            self.deadline = now + self.budget.seconds
        if now <= self.deadline:
            return False
        self.exhausted("seconds")
        return True

    def has_long_line(self, start: int, end: int) -> bool:
        """Whether a line between the offsets is longer than 998 bytes. Looks at one line end in a thousand bytes."""
        raw = self.raw
        while end - start > _LINE_BYTES:
            found = raw.rfind(b"\n", start, min(start + _LINE_BYTES + 2, end))
            if found < 0:
                return end - start > _LINE_BYTES + 2 or not raw.endswith(b"\r\n", start, end)
            start = found + 1
        return False
