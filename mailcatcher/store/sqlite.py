"""The SQLite store: writes through one thread, reads beside it for a file.

`:memory:` has one connection, so its reads are jobs of the store thread too: a shared cache would lock readers out.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import apsw

from mailcatcher.schema import Summary
from mailcatcher.search.tree import Query
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Counts, Done, Filed, Kept, Page, Selector, Tell, Touched
from mailcatcher.store.query import asks_index
from mailcatcher.store.readers import Readers
from mailcatcher.store.reading import Reader
from mailcatcher.store.thread import StoreThread, closed_error

T = TypeVar("T")


class SqliteStore:
    """A store in a file or in memory; see `base.Store` for what its methods promise."""

    sqlite_version = apsw.sqlite_lib_version()

    def __init__(self, path: str = ":memory:", *, synchronous: str = "normal", max_messages: int = 0) -> None:
        self.path = path
        self._synchronous = synchronous
        self._max_messages = max_messages
        self._thread: StoreThread
        self._readers: Readers | None = None
        self._started = False

    def start(
        self,
        *,
        complete: Callable[[Arrival], None],
        finish: Callable[[list[Filed]], None],
        removed: Callable[[Touched], None],
    ) -> None:
        """Open the database and start the store thread; to be called on the loop."""
        self._thread = StoreThread(
            self.path, synchronous=self._synchronous, max_messages=self._max_messages,
            complete=complete, finish=finish, removed=removed,
        )  # fmt: skip
        if self.path != ":memory:":
            self._readers = Readers(self.path)
        self._started = True

    async def stop(self) -> None:
        """Finish what is queued, then close the database."""
        if not self._started:
            return
        self._thread.closed = True
        if self._readers is not None:  # first: the last connection to close folds the log into the database, if it may write
            await asyncio.to_thread(self._readers.close)
        await asyncio.to_thread(self._thread.close)

    def submit(self, arrival: Arrival, done: Done) -> None:
        """Queue one arrival."""
        self._thread.submit(arrival, done)

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
        """One page of the messages that match."""
        return await self._search(
            query,
            lambda reader: reader.find(
                query, mailbox=mailbox, limit=limit, cursor=cursor, offset=offset, oldest_first=oldest_first,
                counts=self._thread.totals.of(mailbox),
            ),
        )  # fmt: skip

    async def between(self, query: Query, *, mailbox: str | None, after_seq: int, up_to_seq: int, limit: int) -> tuple[list[Summary], int]:
        """The oldest matches with `seq` in (after, up to], and how many there are."""
        return await self._search(
            query, lambda reader: reader.between(query, mailbox=mailbox, after_seq=after_seq, up_to_seq=up_to_seq, limit=limit)
        )

    async def get(self, message_id: str) -> Kept:
        """One message."""
        return await self._read(lambda reader: reader.get(message_id))

    async def load(self, message_id: str) -> tuple[Kept, bytes]:
        """One message with its raw."""
        return await self._read(lambda reader: reader.load(message_id))

    async def raw(self, message_id: str) -> bytes:
        """The bytes exactly as they came."""
        return await self._read(lambda reader: reader.raw(message_id))

    async def latest(self, query: Query, *, mailbox: str | None) -> str:
        """The id of the newest match."""
        return await self._search(query, lambda reader: reader.latest(query, mailbox=mailbox))

    @property
    def last_seq(self) -> int:
        """The greatest `seq` ever given to a message."""
        return self._thread.writer.last_seq

    def counts(self, mailbox: str | None) -> Counts:
        """What a mailbox (all of them: None) holds now."""
        return self._thread.totals.of(mailbox)

    async def mark(self, selector: Selector, *, read: bool, tell: Tell | None = None) -> Touched:
        """Set the read flag."""
        return await self._thread.call(lambda: self._thread.changer.mark(selector, read=read), tell, indexed=asks_index(selector.query))

    async def delete(self, selector: Selector, *, keep_seconds: float, tell: Tell | None = None) -> Touched:
        """Hide messages at once and remove them later."""
        work = partial(self._thread.changer.delete, selector, keep_seconds=keep_seconds)
        return await self._thread.call(work, tell, indexed=asks_index(selector.query))

    async def restore(self, token: str, *, tell: Tell | None = None) -> Touched:
        """Undo one deletion."""
        return await self._thread.call(lambda: self._thread.changer.restore(token), tell)

    async def _search(self, query: Query, question: Callable[[Reader], T]) -> T:
        """A question that may need the index of words, which is made complete first."""
        indexed = asks_index(query)
        if self._readers is None:
            return await self._thread.call(lambda: question(self._thread.reader), indexed=indexed)
        if indexed and self._thread.searchable_seq < self._thread.writer.last_seq:
            await self._thread.call(lambda: None, indexed=True)
        return await self._read(question)

    async def _read(self, question: Callable[[Reader], T]) -> T:
        if self._readers is None:
            return await self._thread.call(lambda: question(self._thread.reader))
        if self._thread.closed:
            raise closed_error()
        return await self._readers.ask(question)
