"""What happened, in order: a ring of encoded events and the subscribers that hear of new ones.

Everything here runs on the loop. Subscribers are told once a batch, so a burst wakes each of them once.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from mailcatcher.errors import EventsGone
from mailcatcher.schema import EventForm

logger = logging.getLogger(__name__)

RING = 10_000
"""Events held for those who come back: a minute of a very busy server."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event; `json` is its whole encoded form, `mailbox` None concerns all.

    `message_seq` is the greatest message `seq` announced up to and with this event.
    """

    seq: int
    mailbox: str | None
    kind: str
    json: msgspec.Raw
    message_seq: int


class Happening(msgspec.Struct, frozen=True):
    """What is to become an event; `message_seq` belongs to a new message."""

    kind: str
    mailbox: str | None
    data: Any
    message_seq: int = 0


class Events:
    """Numbers events and hands them out. `seq` starts with 1 in every process, hence `instance`."""

    def __init__(self, ring: int = RING) -> None:
        self.instance = secrets.token_hex(8)
        self.seq = 0
        self.message_seq = 0  # the greatest message `seq` announced, or stored before the start
        self._message_seq_before = 0  # `message_seq` before the first event of the ring
        self._ring: deque[Event] = deque(maxlen=ring)
        self._subscribers: dict[object, Callable[[], None]] = {}

    def publish(self, batch: Iterable[Happening]) -> None:
        """Append events, then wake the subscribers."""
        form, ring, full = EventForm(self.instance, datetime.now(UTC)), self._ring, self._ring.maxlen
        for happening in batch:
            seq = self.seq = self.seq + 1
            if happening.message_seq > self.message_seq:
                self.message_seq = happening.message_seq
            mailbox, kind = happening.mailbox, happening.kind
            json = form.json(seq, mailbox, kind, happening.data)
            if len(ring) == full:
                self._message_seq_before = ring[0].message_seq
            ring.append(Event(seq, mailbox, kind, msgspec.Raw(json), self.message_seq))
        for token in tuple(self._subscribers):
            wake = self._subscribers.get(token)  # one before it may have ended this one
            try:
                if wake is not None:
                    wake()
            except Exception:  # the others, and the deliveries that wait for this, must not suffer
                logger.exception("a subscriber failed")

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` after each batch; returns what ends this."""
        token = object()
        self._subscribers[token] = wake
        return lambda: self._subscribers.pop(token, None) and None

    def after(self, seq: int, *, mailbox: str | None = None, limit: int = RING) -> list[Event]:
        """At most `limit` events with a greater `seq` that concern the mailbox, oldest first.

        Raises EventsGone when some of them are no longer held, or `seq` lies in the future (it was another instance's).
        """
        oldest = self._ring[0].seq if self._ring else self.seq + 1
        if seq + 1 < oldest or seq > self.seq:
            raise EventsGone(f"the events after {seq} are not held: reload, then go on from {self.seq}", oldest)
        found: list[Event] = []
        for index in range(len(self._ring) - (self.seq - seq), len(self._ring)):
            event = self._ring[index]
            if mailbox is None or event.mailbox is None or event.mailbox == mailbox:
                found.append(event)
                if len(found) == limit:
                    break
        return found

    def message_seq_at(self, seq: int) -> int:
        """The greatest message `seq` announced up to event `seq`. Raises EventsGone."""
        later = self.after(seq, limit=1)
        if not later:
            return self.message_seq
        before = len(self._ring) - (self.seq - seq) - 1
        return self._ring[before].message_seq if before >= 0 else self._message_seq_before

    def begin(self, message_seq: int) -> None:
        """Say what was stored before this process began."""
        self.message_seq = self._message_seq_before = message_seq
