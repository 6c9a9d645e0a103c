import asyncio
import json
from datetime import UTC, datetime

import msgspec
import pytest

from mailcatcher.errors import NotFound, StoreError
from mailcatcher.events import Events
from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mailroom import mailroom as module
from mailcatcher.mailroom.mailroom import IDS_PER_EVENT, Mailroom
from mailcatcher.search.query import parse
from mailcatcher.store.base import Selector
from mailcatcher.store.sqlite import SqliteStore

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
ENVELOPE = Envelope("shop@example.org", (Recipient("ada@example.net"),))


@pytest.fixture(params=["memory", "file"])
async def room(request, tmp_path):
    """A started mailroom over each kind of store."""
    path = ":memory:" if request.param == "memory" else str(tmp_path / "mail.db")
    room = Mailroom(SqliteStore(path), Events(), clock=lambda: NOON)
    room.start()
    yield room
    await room.stop()


def mail(subject: str = "Hello") -> bytes:
    return f"Subject: {subject}\r\n\r\ntext\r\n".encode()


async def deliver(room: Mailroom, *subjects: str) -> list[str]:
    """Deliver mails; their ids."""
    results = await asyncio.gather(*(room.deliver(room.prepare(ENVELOPE, mail(subject))) for subject in subjects))
    return [message_id for ids in results for message_id in ids]


def announced(room: Mailroom, after: int = 0) -> list[tuple[str, str | None, dict]]:
    """Type, mailbox and data of the events after a `seq`."""
    events = [json.loads(bytes(event.json)) for event in room.events.after(after)]
    return [(event["type"], event["mailbox"], event["data"]) for event in events]


async def test_events_are_out_before_a_delivery_is_done(room):
    """250 means done: whoever has the answer finds message and event."""
    seen = []

    def done(result):
        seen.append((result, [data["id"] for _, _, data in announced(room)], room.events.message_seq, room.store.counts(None).messages))

    for number in range(20):
        room.submit(room.prepare(ENVELOPE, mail(str(number))), done)
    await deliver(room, "last")
    assert len(seen) == 20
    for (message_id,), ids, message_seq, messages in seen:
        assert message_id in ids
        assert message_seq >= ids.index(message_id) + 1
        assert messages >= ids.index(message_id) + 1


async def test_query_asked_after_a_delivery_finds_it(room):
    for number in range(30):
        (message_id,) = await deliver(room, f"unique{number}")
        page = await room.store.find(parse(f"unique{number}", NOON), mailbox=None, limit=2)
        assert [summary.id for summary in page.messages] == [message_id]
        assert await room.store.latest(parse("", NOON), mailbox=None) == message_id


async def test_event_of_a_new_message_carries_its_whole_summary(room):
    (message_id,) = await deliver(room, "Grüße")
    ((kind, mailbox, data),) = announced(room)
    assert (kind, mailbox) == ("message.new", "inbox")
    assert data == json.loads(msgspec.json.encode((await room.store.get(message_id)).summary))


async def test_events_follow_the_order_of_the_messages(room):
    await deliver(room, *map(str, range(300)))
    seqs = [data["seq"] for _, _, data in announced(room)]
    assert seqs == list(range(1, 301))


async def test_failed_delivery_has_no_event_and_an_error(room, monkeypatch):
    def fail(raw):
        raise RuntimeError("no")

    monkeypatch.setattr(module, "parse", fail)
    with pytest.raises(StoreError):
        await deliver(room, "bad")
    assert room.events.seq == 0


async def test_delivery_whose_caller_fails_does_not_keep_the_others_waiting(room, caplog):
    def fail(_):
        raise RuntimeError("the connection is gone")

    results = []
    for done in (fail, results.append, fail, results.append):
        room.submit(room.prepare(ENVELOPE, mail()), done)
    await deliver(room, "last")
    assert len(results) == 2
    assert caplog.text.count("could not be answered") == 2


async def test_delivery_whose_caller_gave_up_is_stored_all_the_same(room):
    task = asyncio.ensure_future(room.deliver(room.prepare(ENVELOPE, mail())))
    await asyncio.sleep(0)  # up to its first wait
    task.cancel()
    await deliver(room, "next")
    assert room.store.counts(None).messages == 2
    assert room.events.seq == 2


async def test_arrival_in_two_mailboxes_is_announced_in_each(room):
    arrival = room.prepare(ENVELOPE, mail())
    arrival.mailboxes = ("a", "b")
    first, second = await room.deliver(arrival)
    assert [(mailbox, data["id"], data["mailbox"]) for _, mailbox, data in announced(room)] == [("a", first, "a"), ("b", second, "b")]


async def test_mail_is_filed_in_the_scope_that_holds_when_it_is_prepared(room):
    with room.mailboxes.scope("test.one"):
        scoped = room.prepare(ENVELOPE, mail())
    assert scoped.mailboxes == ("test.one",)
    assert room.prepare(ENVELOPE, mail()).mailboxes == ("inbox",)
    with pytest.raises(ZeroDivisionError), room.mailboxes.scope("test.two"):
        raise ZeroDivisionError
    assert room.mailboxes.current == "inbox"


async def test_change_of_the_read_flag_is_announced_by_mailbox(room):
    first, second = await deliver(room, "one", "two")
    with room.mailboxes.scope("other"):
        (third,) = await deliver(room, "three")
    before = room.events.seq
    await room.mark(Selector(), read=True)
    assert announced(room, before) == [
        ("message.updated", "inbox", {"ids": [first, second], "changes": {"read": True}}),
        ("message.updated", "other", {"ids": [third], "changes": {"read": True}}),
    ]
    after = room.events.seq
    await room.mark(Selector(), read=True)
    assert room.events.seq == after


async def test_deletion_and_undo_are_announced(room):
    first, _ = await deliver(room, "one", "two")
    before = room.events.seq
    touched = await room.delete(Selector((first,)), keep_seconds=60)
    await room.restore(touched.token)
    with pytest.raises(NotFound):
        await room.restore(touched.token)
    assert announced(room, before) == [
        ("message.deleted", "inbox", {"ids": [first]}),
        ("message.restored", "inbox", {"ids": [first]}),
    ]


async def test_many_ids_are_announced_in_portions(room):
    ids = await deliver(room, *map(str, range(IDS_PER_EVENT * 2 + 1)))
    before = room.events.seq
    await room.mark(Selector(), read=True)
    await room.delete(Selector(tuple(ids[1:])))
    for kind in ("message.updated", "message.deleted"):
        portions = [data["ids"] for what, _, data in announced(room, before) if what == kind]
        assert [len(portion) for portion in portions][:2] == [IDS_PER_EVENT, IDS_PER_EVENT]
        expected = ids if kind == "message.updated" else ids[1:]
        assert [message_id for portion in portions for message_id in portion] == expected


@pytest.mark.parametrize("mailbox", [None, "inbox"])
async def test_clearing_a_large_mailbox_is_one_event(room, mailbox):
    await deliver(room, *map(str, range(IDS_PER_EVENT + 1)))
    before = room.events.seq
    await room.delete(Selector(mailbox=mailbox), keep_seconds=60)
    assert announced(room, before) == [("messages.cleared", mailbox, {"mailbox": mailbox, "count": IDS_PER_EVENT + 1})]


async def test_clearing_a_small_mailbox_names_its_messages(room):
    ids = await deliver(room, "one", "two")
    before = room.events.seq
    await room.delete(Selector())
    assert announced(room, before) == [("message.deleted", "inbox", {"ids": ids})]


async def test_clearing_is_announced_before_what_came_after_it(room):
    """Whoever follows the feed must not take the new message for a cleared one."""
    await deliver(room, *map(str, range(IDS_PER_EVENT + 1)))
    before = room.events.seq
    clearing = asyncio.ensure_future(room.delete(Selector()))
    await asyncio.sleep(0)  # up to its first wait
    await asyncio.gather(clearing, deliver(room, "later"))
    assert [kind for kind, _, _ in announced(room, before)] == ["messages.cleared", "message.new"]


async def test_change_whose_caller_gave_up_is_announced_all_the_same(room):
    (message_id,) = await deliver(room, "one")
    before = room.events.seq
    task = asyncio.ensure_future(room.delete(Selector()))
    await asyncio.sleep(0)  # up to its first wait
    task.cancel()
    await deliver(room, "two")
    assert announced(room, before)[0] == ("message.deleted", "inbox", {"ids": [message_id]})


async def test_what_retention_removes_is_announced(tmp_path):
    room = Mailroom(SqliteStore(max_messages=3), Events())
    room.start()
    ids = await deliver(room, *map(str, range(5)))
    gone = asyncio.Event()
    room.events.subscribe(gone.set)
    async with asyncio.timeout(20):
        while room.store.counts(None).messages > 3 or not any(kind == "message.deleted" for kind, _, _ in announced(room)):
            gone.clear()
            await gone.wait()
    assert [message_id for kind, _, data in announced(room) if kind == "message.deleted" for message_id in data["ids"]] == ids[:2]
    await room.stop()


async def test_events_begin_where_the_store_left_off(tmp_path):
    for expected in (0, 2):
        room = Mailroom(SqliteStore(str(tmp_path / "mail.db")), Events())
        room.start()
        assert (room.events.seq, room.events.message_seq, room.events.message_seq_at(0)) == (0, expected, expected)
        await deliver(room, "one", "two")
        assert room.events.message_seq == expected + 2
        await room.stop()


async def test_opened_message_is_parsed_once(room, monkeypatch):
    (message_id,) = await deliver(room, "Hello")
    parsed = count_parses(monkeypatch)
    first = await room.open(message_id, whole)
    await room.mark(Selector((message_id,)), read=True)
    again = await room.open(message_id.lower(), whole)
    assert again.message is first.message
    assert (first.kept.summary.read, again.kept.summary.read) == (False, True)
    assert len(parsed) == 1


async def test_deleted_message_cannot_be_opened_from_the_cache(room):
    (message_id,) = await deliver(room, "Hello")
    await room.open(message_id, whole)
    await room.delete(Selector(), keep_seconds=60)
    with pytest.raises(NotFound):
        await room.open(message_id, whole)


async def test_cache_forgets_the_least_recently_opened(room, monkeypatch):
    ids = await deliver(room, "a", "b", "c")
    monkeypatch.setattr(module, "CACHED_BYTES", 2 * len(mail("a")))
    parsed = count_parses(monkeypatch)
    for place in (0, 1, 0, 2, 0, 1):
        await room.open(ids[place], whole)
    assert [raw[9:10] for raw in parsed] == [b"a", b"b", b"c", b"b"]


async def test_cache_stays_bounded_when_messages_are_opened_at_once(room, monkeypatch):
    ids = await deliver(room, *"abcdef")
    monkeypatch.setattr(module, "CACHED_BYTES", 3 * len(mail("a")))
    for _ in range(5):
        await asyncio.gather(*(room.open(message_id, whole) for message_id in ids * 3))
    assert room._opened_bytes == sum(opened.kept.summary.size_bytes for opened in room._opened.values()) <= module.CACHED_BYTES


async def test_message_larger_than_the_cache_is_opened_and_not_kept(room, monkeypatch):
    (message_id,) = await deliver(room, "large")
    monkeypatch.setattr(module, "CACHED_BYTES", 10)
    assert (await room.open(message_id, whole)).message.subject == "large"
    assert (room._opened_bytes, len(room._opened)) == (0, 0)


def count_parses(monkeypatch) -> list[bytes]:
    """The raws that are parsed from now on."""
    parsed: list[bytes] = []
    original = module.parse

    def parse_counted(raw):
        parsed.append(raw)
        return original(raw)

    monkeypatch.setattr(module, "parse", parse_counted)
    return parsed


def whole(opened):
    return opened
