"""A started store, mail for it, and what it said."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from mailcatcher.errors import StoreError
from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mailroom.mailroom import complete
from mailcatcher.search.query import parse
from mailcatcher.search.tree import Query
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Filed, Page, Selector, Touched
from mailcatcher.store.sqlite import SqliteStore

T = TypeVar("T")
NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
SECONDS = 20
"""Far more than anything here takes: a test that waits this long has failed."""


def mail(subject: str = "Hello", body: str = "some text", *headers: str) -> bytes:
    """A small mail as it comes over the wire."""
    return "\r\n".join((f"Subject: {subject}", *headers, "", body, "")).encode()


def arrival(
    raw: bytes | None = None,
    *,
    sender: str = "shop@example.org",
    rcpt: tuple[str, ...] = ("ada@example.net",),
    mailboxes: tuple[str, ...] = ("inbox",),
    at: datetime = NOON,
    session_id: str | None = None,
    user: str | None = None,
) -> Arrival:
    """A mail on its way into the store."""
    envelope = Envelope(sender, tuple(map(Recipient, rcpt)))
    raw = mail() if raw is None else raw
    return Arrival(envelope, raw, received_at=at, mailboxes=mailboxes, session_id=session_id, user=user)


def query(text: str) -> Query:
    """The tree of a query."""
    return parse(text, NOON)


class Post:
    """Hands mail to a store as the mailroom does, and keeps what the store reports."""

    def __init__(self, store: SqliteStore, complete: Callable[[Arrival], None] = complete) -> None:
        self.store = store
        self.batches: list[list[Filed]] = []
        self.removed: list[Touched] = []
        self._complete = complete
        self._stir = asyncio.Event()

    def start(self) -> "Post":
        """Open the store; on the loop."""
        self.store.start(complete=self._complete, finish=self._finish, removed=self._removed)
        return self

    async def stop(self) -> None:
        """Close the store."""
        await self.store.stop()

    def send(self, *arrivals: Arrival) -> "asyncio.Future[list[tuple[str, ...] | StoreError]]":
        """Queue mail; the future holds ids or error of each once all are done."""
        futures = []
        for one in arrivals:
            future: asyncio.Future[tuple[str, ...] | StoreError] = asyncio.get_running_loop().create_future()
            self.store.submit(one, future.set_result)
            futures.append(future)
        return asyncio.ensure_future(asyncio.wait_for(asyncio.gather(*futures), SECONDS))

    async def add(self, raw: bytes | None = None, **others: Any) -> str:
        """Store one mail in one mailbox; its id."""
        (result,) = await self.send(arrival(raw, **others))
        assert not isinstance(result, StoreError), result
        return result[0]

    async def fill(self, count: int, **others: Any) -> list[str]:
        """Store many mails with the subjects `Number 0` and so on; their ids."""
        results = await self.send(*(arrival(mail(f"Number {number}"), **others) for number in range(count)))
        return [result[0] for result in results if not isinstance(result, StoreError)]

    async def find(self, text: str = "", *, mailbox: str | None = None, limit: int = 1000, **others: Any) -> Page:
        """One page."""
        return await self.store.find(query(text), mailbox=mailbox, limit=limit, **others)

    async def ids(self, text: str = "", **others: Any) -> list[str]:
        """The ids of a page."""
        return [summary.id for summary in (await self.find(text, **others)).messages]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the store reports to fulfil a condition."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                self._stir.clear()
                await self._stir.wait()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a statement says on the writing connection, between two jobs of the store thread."""
        return await self.in_thread(lambda: self.store._thread.connection.execute(sql).fetchall())

    async def in_thread(self, work: Callable[[], T], *, indexed: bool = True) -> T:
        """Do something in the store thread, between two of its jobs and with a complete index."""
        return await self.store._thread.call(work, indexed=indexed)

    async def room(self, pages: int) -> None:
        """Let the database grow to so many pages."""
        await self.in_thread(lambda: self.store._thread.connection.pragma("max_page_count", pages), indexed=False)

    async def purge(self) -> None:
        """Carry out what was deleted for good and cannot be undone any more."""
        await self.in_thread(lambda: [None for _ in iter(self.store._thread._purge, False)])

    def _finish(self, batch: list[Filed]) -> None:
        self.batches.append(batch)
        for filed in batch:
            filed.done(filed.error or filed.arrival.ids)
        self._stir.set()

    def _removed(self, touched: Touched) -> None:
        self.removed.append(touched)
        self._stir.set()


def select(*ids: str, text: str = "", mailbox: str | None = None) -> Selector:
    """A selector by ids if there are any, else by query."""
    return Selector(ids or None, query(text), mailbox)
