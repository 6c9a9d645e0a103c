"""The record of sessions and attempts, in memory and bounded: the oldest go first.

Ended attempts are kept encoded: a third of the memory of the objects, nothing for the garbage collector to visit, and an
exact count of bytes. A list decodes what it returns. What still runs is not counted; it is bounded by the connections.
"""

import time
from collections import deque
from collections.abc import Callable

import msgspec

from mailcatcher.sessions.attempt import MAX_CONTENT_BYTES, Attempt
from mailcatcher.sessions.ids import Ulids
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.session import Session

MAX_SESSIONS = 10_000
MAX_ATTEMPTS = 50_000
MAX_BYTES = 64 * 1_048_576

_OBJECT_BYTES = 48  # of a bytes object and its place in the queue, besides its content
_SESSION_BYTES = 800  # measured, rounded up
_DEFECT_BYTES = 250
_AUTH_BYTES = 200

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Attempt).decode


class Sessions:
    """Every session and every attempt, as far as the bounds allow."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] | None = None,
        max_sessions: int = MAX_SESSIONS,
        max_attempts: int = MAX_ATTEMPTS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._new_id = new_id or Ulids(clock).next
        self._max_sessions = max_sessions
        self._max_attempts = max_attempts
        self._max_bytes = max_bytes
        self._running: dict[str, Session] = {}
        self._ended: deque[Session] = deque()
        self._open: dict[str, Attempt] = {}
        self._finished: deque[bytes] = deque()
        self.size_bytes = 0  # of what has ended

    def open(self, client: tuple[str, int], *, protocol: str = "smtp", listener: str = "smtp") -> Session:
        """Start the record of a connection."""
        session = Session(self._new_id(), protocol=protocol, listener=listener, client=client, started=self._clock())
        self._running[session.id] = session
        return session

    def close(self, session: Session) -> None:
        """Note that the connection is over; `session.end` says why. A second call changes nothing."""
        if self._running.pop(session.id, None) is None:
            return
        session.ended = self._clock()
        self._ended.append(session)
        self.size_bytes += _weight(session)
        if len(self._ended) > self._max_sessions:
            self._drop_session()
        if self.size_bytes > self._max_bytes:
            self._trim()

    def begin(self, session: Session, mailbox: str) -> Attempt:
        """Start the record of a MAIL transaction."""
        attempt = Attempt(self._new_id(), session.id, mailbox, self._clock())
        session.transactions += 1
        self._open[attempt.id] = attempt
        return attempt

    def finish(self, attempt: Attempt, outcome: str, reply: Reply | None) -> None:
        """Set how the transaction ended; content beyond the bound is cut. The record takes no later change."""
        attempt.outcome = outcome
        attempt.reply = reply
        attempt.ended = self._clock()
        if attempt.content is not None:
            attempt.content = attempt.content[:MAX_CONTENT_BYTES]
        self._open.pop(attempt.id, None)
        encoded = _encode(attempt)
        self._finished.append(encoded)
        self.size_bytes += len(encoded) + _OBJECT_BYTES
        if len(self._finished) > self._max_attempts:
            self._drop_attempt()
        if self.size_bytes > self._max_bytes:
            self._trim()

    def sessions(self) -> tuple[Session, ...]:
        """All that are kept, running ones included, in the order they began."""
        return tuple(sorted((*self._ended, *self._running.values()), key=lambda session: session.id))

    def running(self) -> tuple[Session, ...]:
        """Those whose connection lasts, in the order they began."""
        return tuple(self._running.values())

    def attempts(self, session_id: str = "") -> tuple[Attempt, ...]:
        """All that are kept, open ones included, in the order they began; only those of one session if asked."""
        key = session_id.encode()  # found in the encoded form, so that only candidates are decoded
        found = [_decode(encoded) for encoded in self._finished if key in encoded]
        found += self._open.values()
        found.sort(key=lambda attempt: attempt.id)
        return tuple(attempt for attempt in found if not session_id or attempt.session_id == session_id)

    def _trim(self) -> None:
        while self.size_bytes > self._max_bytes and self._finished:
            self._drop_attempt()
        while self.size_bytes > self._max_bytes and self._ended:
            self._drop_session()

    def _drop_session(self) -> None:
        self.size_bytes -= _weight(self._ended.popleft())

    def _drop_attempt(self) -> None:
        self.size_bytes -= len(self._finished.popleft()) + _OBJECT_BYTES


def _weight(session: Session) -> int:
    """About what an ended session takes; it no longer changes."""
    return _SESSION_BYTES + _DEFECT_BYTES * len(session.defects) + _AUTH_BYTES * len(session.auth)
