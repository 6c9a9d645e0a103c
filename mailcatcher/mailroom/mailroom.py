"""The mailroom: files what arrives, changes what is stored, and says so. Lives on the loop."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from mailcatcher.errors import StoreError
from mailcatcher.events import Events, Happening
from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message, parse
from mailcatcher.mailroom.mailboxes import Mailboxes
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.session import Session
from mailcatcher.store.base import Filed, Kept, Selector, Store, Touched

logger = logging.getLogger(__name__)
T = TypeVar("T")

CACHED_BYTES = 32 << 20
"""Raw bytes of the parsed messages that are kept for the next look at them."""

IDS_PER_EVENT = 500
"""Ids in one event, so that no frame of the feed grows large."""


class Opened(msgspec.Struct, frozen=True):
    """A stored message with its parse."""

    kept: Kept
    message: Message


class Mailroom:
    """The one place that changes stored mail, and says so."""

    def __init__(self, store: Store, events: Events, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.store = store
        self.events = events
        self.mailboxes = Mailboxes()
        self._clock = clock
        self._watchers: list[Callable[[list[Arrival]], None]] = []
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._opened_bytes = 0

    def start(self) -> None:
        """Open the store. Raises StoreVersionError, StoreError."""
        self.store.start(complete=complete, finish=self._finish, removed=self._announce_removed)
        self.events.begin(self.store.last_seq)

    async def stop(self) -> None:
        """Finish what is under way and close the store."""
        await self.store.stop()

    # -- in ---------------------------------------------------------------------------------------------------------

    def mailbox(self, _: Session) -> str:
        """The mailbox for an attempt that begins now."""
        return self.mailboxes.current

    def prepare(self, envelope: Envelope, raw: bytes, *, session: Session | None = None, attempt: Attempt | None = None) -> Arrival:
        """A received message, not stored yet; filed where its attempt began."""
        return Arrival(
            envelope,
            raw,
            self._clock(),
            (self.mailboxes.current if attempt is None else attempt.mailbox,),
            None if session is None else session.id,
            None if attempt is None else attempt.id,
            None if session is None else session.user,
        )

    def submit(self, arrival: Arrival, done: Callable[[tuple[str, ...] | StoreError], None]) -> None:
        """Store one arrival; `done` is told on the loop, after the events."""
        self.store.submit(arrival, done)

    async def deliver(self, arrival: Arrival) -> tuple[str, ...]:
        """Store one arrival and announce it; the ids, one a mailbox. Never rejects bad mail. Raises StoreError."""
        future: asyncio.Future[tuple[str, ...] | StoreError] = asyncio.get_running_loop().create_future()
        self.store.submit(arrival, lambda result: None if future.done() else future.set_result(result))
        result = await future
        if isinstance(result, StoreError):
            raise result
        return result

    # -- change -----------------------------------------------------------------------------------------------------

    async def mark(self, selector: Selector, *, read: bool) -> Touched:
        """Set the read flag, and say which messages changed."""
        changes: dict[str, object] = {"changes": {"read": read}}
        return await self.store.mark(selector, read=read, tell=lambda touched: self._announce("message.updated", touched, changes))

    async def delete(self, selector: Selector, *, keep_seconds: float = 0) -> Touched:
        """Delete messages, and say so; within `keep_seconds` the token undoes it."""

        def tell(touched: Touched) -> None:
            if touched.everything and touched.count > IDS_PER_EVENT:
                data = {"mailbox": selector.mailbox, "count": touched.count}
                self.events.publish([Happening("messages.cleared", selector.mailbox, data)])
            else:
                self._announce_removed(touched)

        return await self.store.delete(selector, keep_seconds=keep_seconds, tell=tell)

    async def restore(self, token: str) -> Touched:
        """Undo one deletion, and say so. Raises NotFound."""
        return await self.store.restore(token, tell=lambda touched: self._announce("message.restored", touched, {}))

    # -- look -------------------------------------------------------------------------------------------------------

    async def open(self, message_id: str, make: Callable[[Opened], T]) -> T:
        """What `make` makes of a message with its parse, in a thread. Raises NotFound."""
        message_id = message_id.upper()
        cached = self._opened.get(message_id)
        if cached is not None:
            self._opened.move_to_end(message_id)
            return await asyncio.to_thread(make, Opened(await self.store.get(message_id), cached.message))
        kept, raw = await self.store.load(message_id)

        def opening() -> tuple[Opened, T]:
            opened = Opened(kept, parse(raw))
            return opened, make(opened)

        opened, made = await asyncio.to_thread(opening)
        self._remember(opened)
        return made

    def _remember(self, opened: Opened) -> None:
        message_id = opened.kept.summary.id
        if message_id in self._opened:
            return  # someone else was parsing it at the same time
        self._opened[message_id] = opened
        self._opened_bytes += opened.kept.summary.size_bytes
        while self._opened_bytes > CACHED_BYTES:
            _, oldest = self._opened.popitem(last=False)
            self._opened_bytes -= oldest.kept.summary.size_bytes

    # -- say --------------------------------------------------------------------------------------------------------

    def watch(self, seen: Callable[[list[Arrival]], None]) -> None:
        """Show `seen` each batch that is stored: on the loop, after its events, before any of it is acknowledged. It must not raise."""
        self._watchers.append(seen)

    def _finish(self, batch: list[Filed]) -> None:
        self.events.publish(
            [
                Happening("message.new", mailbox, summary, seq)
                for filed in batch
                for (mailbox, summary), seq in zip(filed.rows, filed.arrival.seqs, strict=False)
            ]
        )
        if self._watchers:
            stored = [filed.arrival for filed in batch if filed.error is None]
            for seen in self._watchers:
                seen(stored)
        for filed in batch:
            try:
                filed.done(filed.error or filed.arrival.ids)
            except Exception:  # the other deliveries of the batch still wait for their answer
                logger.exception("a delivery could not be answered")

    def _announce_removed(self, touched: Touched) -> None:
        self._announce("message.deleted", touched, {})

    def _announce(self, kind: str, touched: Touched, more: dict[str, object]) -> None:
        self.events.publish(Happening(kind, mailbox, {"ids": ids, **more}) for mailbox, ids in _portions(touched))


def complete(arrival: Arrival) -> None:
    """Parse an arrival, unless that has happened; runs in the store thread."""
    if arrival.message is None:
        arrival.message = parse(arrival.raw)


def _portions(touched: Touched) -> Iterator[tuple[str, list[str]]]:
    for mailbox, ids in touched.ids.items():
        for start in range(0, len(ids), IDS_PER_EVENT):
            yield mailbox, ids[start : start + IDS_PER_EVENT]
