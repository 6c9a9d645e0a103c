"""Command lines: they end in CR LF only (RFC 5321 2.3.8), and have a limit.

However the input is cut, the same lines come out. A bad line is bad up to its CR LF: one with a bare LF is reported at
once, since its sender may believe that it is complete; one over the limit is reported at its end and never held whole.
"""

from enum import Enum, auto

_CLIENT_HELLO = b"\x16\x03"  # a TLS handshake record: RFC 8446 5.1
_HANDSHAKE = _CLIENT_HELLO[0]
_CR = 13
_HEAD_BYTES = 8


class Fault(Enum):
    """Why a line is not one that can be obeyed."""

    BARE_LF = auto()
    TOO_LONG = auto()
    TLS = auto()  # the client starts a handshake
    REST = auto()  # the rest of a line that was reported before


class LineReader:
    """Finds the lines of one session's input, which the caller holds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit  # without CR LF
        self._swallowing: Fault | None = None
        self.head = b""  # how the latest line over the limit began

    def only(self, data: bytes) -> bytes | None:
        """The one good line that `data`, at the beginning of a line, consists of; None says nothing: `read` finds out."""
        end = data.find(b"\n") - 1
        if not 0 < end <= self._limit or end + 2 != len(data) or data[end] != _CR or data[0] == _HANDSHAKE:
            return None
        return data[:end] if self._swallowing is None else None

    def read(self, data: bytes, at: int) -> tuple[bytes | Fault | None, int]:
        """The line at `at` without its CR LF, a fault, or None if there is no complete line; and where to go on."""
        end = data.find(b"\r\n", at)
        if end < 0:
            return self._read_partial(data, at)
        line = data[at:end]
        if self._swallowing is not None:
            fault = self._swallowing
            self._swallowing = None
            return fault, end + 2
        if end - at <= self._limit and b"\n" not in line and line[:2] != _CLIENT_HELLO:
            return line, end + 2
        return self._fault(line), end + 2

    def _read_partial(self, data: bytes, at: int) -> tuple[Fault | None, int]:
        part = data[at:].removesuffix(b"\r")  # which may be half of the line's end
        if self._swallowing is None:
            fault = self._fault(part)
            if fault is None or fault is Fault.TLS:
                return fault, at
            self._swallowing = Fault.TOO_LONG if fault is Fault.TOO_LONG else Fault.REST
            if fault is Fault.BARE_LF:
                return fault, at + len(part)
        return None, at + len(part)

    def _fault(self, line: bytes) -> Fault | None:
        """What is wrong with a line, or with the beginning of one; never changed by what may follow."""
        if line.startswith(_CLIENT_HELLO):
            return Fault.TLS
        if b"\n" in line[: self._limit]:
            return Fault.BARE_LF
        if len(line) > self._limit:
            self.head = line[:_HEAD_BYTES]
            return Fault.TOO_LONG
        return None
