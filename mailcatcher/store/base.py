"""What a store offers; the mailroom, the web and the catcher know only this."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from mailcatcher.errors import StoreError
from mailcatcher.mail.envelope import Envelope
from mailcatcher.schema import Summary
from mailcatcher.search.tree import All, Query
from mailcatcher.sessions.arrival import Arrival

Done = Callable[[tuple[str, ...] | StoreError], None]
"""Told on the loop how a delivery ended: the ids of its messages, one a mailbox, or why there are none."""


class Filed(msgspec.Struct):
    """One delivery that the store has finished: with `error` nothing of it is stored."""

    arrival: Arrival
    done: Done
    rows: list[tuple[str, msgspec.Raw]]  # mailbox and summary as JSON, one a message
    error: StoreError | None = None


class Selector(msgspec.Struct, frozen=True):
    """Which messages: those of `ids` if given, else those that match `query`; `mailbox` narrows both."""

    ids: tuple[str, ...] | None = None
    query: Query = All()
    mailbox: str | None = None


class Page(msgspec.Struct, frozen=True):
    """One page of a list; `total` and `unread` count all that match."""

    messages: tuple[Summary, ...]
    total: int
    unread: int
    next_cursor: str | None


class Kept(msgspec.Struct, frozen=True):
    """All that is stored of one message but its raw."""

    summary: Summary
    envelope: Envelope
    attempt_id: str | None


class Touched(msgspec.Struct, frozen=True):
    """What a change touched: ids by mailbox; `everything` if nothing is left in the selected scope."""

    ids: dict[str, list[str]]
    everything: bool = False
    token: str | None = None
    expires_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many messages were touched."""
        return sum(map(len, self.ids.values()))


Tell = Callable[[Touched], None]
"""Told on the loop what a change touched, in the order of the commits, even if the caller has given up waiting."""


class Counts(msgspec.Struct, frozen=True):
    """How much a scope holds."""

    messages: int = 0
    unread: int = 0
    size_bytes: int = 0


class Store(Protocol):
    """Keeps messages. Reads see every message whose delivery was reported done."""

    path: str
    sqlite_version: str

    @property
    def last_seq(self) -> int:
        """The greatest `seq` ever given to a message."""

    def start(
        self,
        *,
        complete: Callable[[Arrival], None],
        finish: Callable[[list[Filed]], None],
        removed: Callable[[Touched], None],
    ) -> None:
        """Open the database and start the store thread; to be called on the loop.

        `complete` parses and files an arrival in the store thread; `finish` is called on the loop with each batch
        that was committed or refused; `removed` on the loop with what retention removed.

        Raises StoreVersionError for a database it cannot work with, StoreError for one it cannot open.
        """

    def submit(self, arrival: Arrival, done: Done) -> None:
        """Queue one arrival; those that are queued together share a transaction."""

    async def find(
        self,
        query: Query,
        *,
        mailbox: str | None,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        oldest_first: bool = False,
    ) -> Page:
        """One page of the messages that match. Raises BadCursor, StoreBusy."""

    async def between(self, query: Query, *, mailbox: str | None, after_seq: int, up_to_seq: int, limit: int) -> tuple[list[Summary], int]:
        """The oldest matches with `seq` in (after, up to], and how many there are."""

    async def get(self, message_id: str) -> Kept:
        """One message. Raises NotFound."""

    async def load(self, message_id: str) -> tuple[Kept, bytes]:
        """One message with its raw. Raises NotFound."""

    async def raw(self, message_id: str) -> bytes:
        """The bytes exactly as they came. Raises NotFound."""

    async def latest(self, query: Query, *, mailbox: str | None) -> str:
        """The id of the newest match. Raises NotFound."""

    def counts(self, mailbox: str | None) -> Counts:
        """What a mailbox (all of them: None) holds now."""

    async def mark(self, selector: Selector, *, read: bool, tell: Tell | None = None) -> Touched:
        """Set the read flag; only what changes is touched."""

    async def delete(self, selector: Selector, *, keep_seconds: float, tell: Tell | None = None) -> Touched:
        """Hide messages at once and remove them after `keep_seconds`, until when the token brings them back."""

    async def restore(self, token: str, *, tell: Tell | None = None) -> Touched:
        """Undo one deletion. Raises NotFound for an unknown or expired token."""

    async def stop(self) -> None:
        """Finish what is queued, then close the database."""
