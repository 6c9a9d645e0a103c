"""The event feed: a WebSocket, a long poll, and the wait for messages."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from mailcatcher import __version__
from mailcatcher.errors import EventsGone
from mailcatcher.events import Event, Events
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.schema import EventPage, Problem, Summary, Waited, encode, event_json
from mailcatcher.search.tree import Query

FRAME_EVENTS = 500
"""Events in one frame: about 400 kB of summaries."""

SEND_SECONDS = 30.0
"""A feed whose client does not read for this long is closed; it comes back with `after=`."""


class Waker:
    """A subscription that remembers it was woken while nobody waited."""

    def __init__(self, events: Events) -> None:
        self._set = asyncio.Event()
        self._unsubscribe = events.subscribe(self._set.set)

    async def wait(self) -> None:
        """Return once something happened since the last wait."""
        await self._set.wait()
        self._set.clear()

    def close(self) -> None:
        """Hear no more."""
        self._unsubscribe()


async def feed(socket: WebSocket, events: Events, *, after: int | None, mailbox: str | None) -> None:
    """Serve one live feed until the client goes; `after` None begins with what happens next."""
    await socket.accept()
    waker = Waker(events)
    seq = events.seq if after is None else after
    sender = asyncio.create_task(_send(socket, events, waker, seq, mailbox))
    try:
        await _listen(socket)
    except WebSocketDisconnect:
        pass
    finally:
        waker.close()
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def poll(events: Events, *, after: int | None, mailbox: str | None, seconds: float, limit: int) -> EventPage:
    """Events after `after`, waiting for the first. Raises EventsGone."""
    seq = events.seq if after is None else after
    waker = Waker(events)
    try:
        async with asyncio.timeout(seconds):
            while not (found := events.after(seq, mailbox=mailbox, limit=limit)):
                seq = events.seq
                await waker.wait()
    except TimeoutError:
        return EventPage((), events.instance, events.seq)
    finally:
        waker.close()
    return _page(events, found, limit)


async def wait(mailroom: Mailroom, query: Query, *, mailbox: str | None, count: int, after: int | None, seconds: float) -> Waited:
    """Wait until `count` messages match; `after` is an event `seq`, absent: all stored mail counts.

    The answer has an `error` when time was over. Raises EventsGone.
    """
    events = mailroom.events
    floor = 0 if after is None else events.message_seq_at(after)
    waker = Waker(events)
    try:
        async with asyncio.timeout(seconds):
            while True:
                seq, found, matched = await _look(mailroom, query, mailbox, floor, count)
                if matched >= count:
                    return Waited(tuple(found), matched, events.instance, seq)
                await _arrival(waker, events, seq, mailbox)
    except TimeoutError:
        seq, found, matched = await _look(mailroom, query, mailbox, floor, count)
        if matched >= count:
            return Waited(tuple(found), matched, events.instance, seq)
        late = f"{matched} of {count} messages matched within {seconds:g} s"
        return Waited(tuple(found), matched, events.instance, seq, Problem("timeout", late, "`messages` holds what did match"))
    finally:
        waker.close()


async def _look(mailroom: Mailroom, query: Query, mailbox: str | None, floor: int, count: int) -> tuple[int, list[Summary], int]:
    """The matches among what was announced up to now: event `seq`, first matches, their number."""
    events = mailroom.events
    seq, newest = events.seq, events.message_seq
    found, matched = await mailroom.store.between(query, mailbox=mailbox, after_seq=floor, up_to_seq=newest, limit=count)
    return seq, found, matched


async def _arrival(waker: Waker, events: Events, seq: int, mailbox: str | None) -> None:
    """Return when a message came or came back after event `seq`."""
    while True:
        await waker.wait()
        try:
            if any(event.kind in ("message.new", "message.restored") for event in events.after(seq, mailbox=mailbox)):
                return
        except EventsGone:
            return
        seq = events.seq


async def _listen(socket: WebSocket) -> None:
    """Take what the client sends, which means nothing, until it goes."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


async def _send(socket: WebSocket, events: Events, waker: Waker, seq: int, mailbox: str | None) -> None:
    hello = Event(seq, None, "hello", _hello(events, seq), events.message_seq)
    try:
        found = [hello, *events.after(seq, mailbox=mailbox, limit=FRAME_EVENTS)]
        while True:
            if found:
                page = _page(events, found, FRAME_EVENTS)
                async with asyncio.timeout(SEND_SECONDS):
                    await socket.send_text(encode(page).decode())
                seq = page.seq
            if seq >= events.seq:
                await waker.wait()
            found = events.after(seq, mailbox=mailbox, limit=FRAME_EVENTS)
            if not found:
                seq = events.seq
    except EventsGone as gone:
        await socket.close(4410, f"events gone, oldest {gone.oldest_seq}")
    except TimeoutError:
        await socket.close(4408, "the client does not read")


def _hello(events: Events, seq: int) -> msgspec.Raw:
    data = {"version": __version__}
    now = datetime.now(UTC)
    return msgspec.Raw(event_json(instance=events.instance, seq=seq, at=now, mailbox=None, kind="hello", data=data))


def _page(events: Events, found: Iterable[Event], limit: int) -> EventPage:
    """Events with the number up to which they are complete: a full page ends at its last event."""
    shown = tuple(found)
    seq = shown[-1].seq if len(shown) >= limit else events.seq
    return EventPage(tuple(event.json for event in shown), events.instance, seq)
