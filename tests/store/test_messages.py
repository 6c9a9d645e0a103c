"""What every store promises about messages."""

import itertools
import time

import msgspec
import pytest

from mailcatcher.errors import BadCursor, NotFound
from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.schema import Summary
from mailcatcher.store.base import Counts
from mailcatcher.store.ids import encode_ulid, seq_of
from tests.store.posting import NOON, arrival, mail, query, select

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
GARBAGE = [
    *("", "x", "latest", UNKNOWN, UNKNOWN.lower(), "\ud800", "\0", "é" * 26, "ß" * 26),
    *("0" * 26, "7" + "Z" * 25, "8" + "Z" * 25, "A" * 100_000),
]


async def test_message_comes_back_as_it_was_handed_in(post):
    raw = b"Subject: Hi\r\n\r\nlong line " + b"x" * 3000 + b"\xff\x00\n.\r\n  \r\n"
    one = arrival(raw, sender="", rcpt=("ada@example.net", "bob@example.net"), session_id="s1", user="app")
    one.envelope = Envelope("", (Recipient("ada@example.net", {"NOTIFY": "NEVER"}), Recipient("bob@example.net")), {"BODY": "8BITMIME"})
    one.attempt_id = "a1"
    ((message_id,),) = await post.send(one)
    kept = await post.store.get(message_id)
    assert await post.store.raw(message_id) == raw
    assert kept.envelope == one.envelope
    assert kept.attempt_id == "a1"
    summary = kept.summary
    assert (summary.id, summary.mailbox, summary.subject, summary.size_bytes) == (message_id, "inbox", "Hi", len(raw))
    assert (summary.received_at, summary.session_id, summary.read, summary.sender) == (NOON, "s1", False, "")
    assert summary.recipients == ("ada@example.net", "bob@example.net")


async def test_summary_is_the_same_in_list_get_and_event(post):
    message_id = await post.add(mail("Grüße ☃"))
    listed = (await post.find()).messages[0]
    assert listed == (await post.store.get(message_id)).summary
    ((_, announced),) = post.batches[0][0].rows
    assert listed == msgspec.json.decode(announced, type=Summary)


async def test_ids_and_seqs_ascend_in_the_order_of_arrival(post):
    ids = await post.fill(600)
    summaries = (await post.find(oldest_first=True)).messages
    assert [summary.id for summary in summaries] == ids == sorted(ids)
    seqs = [summary.seq for summary in summaries]
    assert seqs == sorted(set(seqs))
    assert list(map(seq_of, ids)) == seqs
    assert post.store.last_seq == seqs[-1]


async def test_ids_ascend_when_the_clock_runs_backwards(post, monkeypatch):
    clock = itertools.count(2_000_000_000, -60)
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    ids = [await post.add() for _ in range(20)]
    assert ids == sorted(set(ids))


async def test_ids_ascend_across_a_restart_with_an_earlier_clock(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    post = opened(str(tmp_path / "mail.db"))
    before = await post.add()
    await post.stop()
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    again = opened(str(tmp_path / "mail.db"))
    assert await again.add() > before
    assert again.store.last_seq == 2


async def test_seq_is_never_given_twice_even_if_everything_was_removed(opened, tmp_path, brisk):
    post = opened(str(tmp_path / "mail.db"))
    await post.fill(3)
    await post.store.delete(select(), keep_seconds=0)
    await post.stop()
    again = opened(str(tmp_path / "mail.db"))
    assert again.store.last_seq == 3
    assert seq_of(await again.add()) == 4


@pytest.mark.parametrize("message_id", GARBAGE)
async def test_unknown_id_is_not_found(post, message_id):
    await post.add()
    for question in (post.store.get, post.store.raw):
        with pytest.raises(NotFound, match="no message"):
            await question(message_id)
    assert (await post.store.mark(select(message_id), read=True)).count == 0
    assert (await post.store.delete(select(message_id), keep_seconds=0)).count == 0


async def test_id_of_another_database_is_not_found(post):
    await post.fill(3)
    with pytest.raises(NotFound):
        await post.store.get(encode_ulid(1_700_000_000_000 << 80 | 77 << 40 | 2))


async def test_id_is_understood_in_lower_case(post):
    message_id = await post.add()
    assert (await post.store.get(message_id.lower())).summary.id == message_id
    assert (await post.store.mark(select(message_id.lower()), read=True)).ids == {"inbox": [message_id]}


async def test_lists_are_newest_first_unless_asked_otherwise(post):
    ids = await post.fill(5)
    assert await post.ids() == ids[::-1]
    assert await post.ids(oldest_first=True) == ids
    assert await post.ids("number") == ids[::-1]
    assert await post.ids("number", oldest_first=True) == ids
    assert await post.ids("subject:number", mailbox="inbox", oldest_first=True) == ids


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("text", ["", "number", "subject:umbe"])
async def test_cursor_pages_show_each_message_once_while_mail_arrives(post, text, oldest_first):
    ids = await post.fill(23)
    seen, cursor = [], None
    while True:
        page = await post.find(text, limit=5, cursor=cursor, oldest_first=oldest_first)
        seen += [summary.id for summary in page.messages]
        cursor = page.next_cursor
        if cursor is None or len(seen) > 100:
            break
        if not oldest_first or len(seen) < 15:
            await post.add(mail("Number more"))
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in ids] == (ids if oldest_first else ids[::-1])
    assert (len(seen) > len(ids)) == oldest_first  # what came meanwhile stands behind the oldest, before the newest


async def test_cursor_survives_the_deletion_of_its_message(post):
    ids = await post.fill(6)
    page = await post.find(limit=3)
    await post.store.delete(select(ids[3]), keep_seconds=60)
    assert await post.ids(cursor=page.next_cursor) == ids[2::-1]


async def test_last_page_has_no_cursor(post):
    await post.fill(4)
    assert (await post.find(limit=4)).next_cursor is None
    assert (await post.find(limit=3)).next_cursor is not None
    assert (await post.find(limit=0)).next_cursor is None


async def test_offset_pages(post):
    ids = await post.fill(7)
    assert await post.ids(limit=3, offset=2) == ids[::-1][2:5]
    assert await post.ids("number", limit=3, offset=5, oldest_first=True) == ids[5:]
    page = await post.find(limit=3, offset=100)
    assert (page.messages, page.total, page.unread, page.next_cursor) == ((), 7, 7, None)


@pytest.mark.parametrize("text", ["", "number", "subject:numb", "is:unread"])
@pytest.mark.parametrize("limit", [0, 1, 3, 4, 1000])
async def test_page_counts_all_that_match(post, text, limit):
    ids = await post.fill(4)
    await post.add(mail("other"), mailboxes=("elsewhere",))
    await post.store.mark(select(ids[0]), read=True)
    page = await post.find(text, mailbox="inbox", limit=limit)
    assert (page.total, page.unread) == ((3, 3) if text == "is:unread" else (4, 3))
    assert len(page.messages) == min(limit, page.total)


@pytest.mark.parametrize("cursor", ["", "n", "x3", "3", "n-1", "n٣", "n" + "9" * 30, "n1 ", "N3", "\ud800", "o1"])
async def test_bad_cursor_is_refused(post, cursor):
    with pytest.raises(BadCursor):
        await post.find(cursor=cursor)


async def test_cursor_of_the_other_order_is_refused(post):
    await post.fill(4)
    page = await post.find(limit=2, oldest_first=True)
    with pytest.raises(BadCursor, match="sort"):
        await post.find(cursor=page.next_cursor)


async def test_mailbox_narrows_lists_counts_and_changes(post):
    first = await post.add(mail("one"), mailboxes=("inbox",))
    second = await post.add(mail("two"), mailboxes=("other",))
    assert await post.ids(mailbox="inbox") == [first]
    assert await post.ids("two", mailbox="inbox") == []
    assert await post.ids() == [second, first]
    assert await post.ids(mailbox="nobody") == []
    assert post.store.counts("nobody") == Counts()
    assert post.store.counts("other").messages == 1
    assert await post.store.latest(query(""), mailbox="inbox") == first
    assert (await post.store.mark(select(first, second, mailbox="other"), read=True)).ids == {"other": [second]}
    assert (await post.store.delete(select(mailbox="inbox"), keep_seconds=0)).ids == {"inbox": [first]}
    assert await post.ids() == [second]


async def test_latest_is_the_newest_match(post):
    with pytest.raises(NotFound, match="no message yet"):
        await post.store.latest(query(""), mailbox=None)
    first = await post.add(mail("one"))
    second = await post.add(mail("two"))
    assert await post.store.latest(query(""), mailbox=None) == second
    assert await post.store.latest(query("one"), mailbox=None) == first
    with pytest.raises(NotFound, match="no message matches"):
        await post.store.latest(query("three"), mailbox=None)


async def test_between_gives_the_oldest_in_the_range_and_their_number(post):
    ids = await post.fill(10)
    for text in ("", "number", "subject:umbe"):
        found, matched = await post.store.between(query(text), mailbox=None, after_seq=2, up_to_seq=8, limit=4)
        assert [summary.id for summary in found] == ids[2:6]
        assert matched == 6
        found, matched = await post.store.between(query(text), mailbox="inbox", after_seq=8, up_to_seq=8, limit=4)
        assert (found, matched) == ([], 0)
        found, matched = await post.store.between(query(text), mailbox=None, after_seq=0, up_to_seq=99, limit=0)
        assert (found, matched) == ([], 10)


async def test_one_arrival_in_two_mailboxes_is_two_messages_over_one_content(post, brisk):
    raw = mail("shared", "narwhal")
    (ids,) = await post.send(arrival(raw, mailboxes=("inbox", "other")))
    first, second = ids
    assert first < second
    assert await post.rows("SELECT count(*) FROM content") == [(1,)]
    assert await post.ids("narwhal", mailbox="inbox") == [first]
    assert await post.ids("narwhal", mailbox="other") == [second]
    assert [await post.store.raw(one) for one in ids] == [raw, raw]


@pytest.mark.parametrize("gone", [0, 1])
async def test_content_survives_the_removal_of_one_of_its_messages(opened, store_path, brisk, gone):
    post = opened(store_path)
    raw = mail("shared", "narwhal")
    (ids,) = await post.send(arrival(raw, mailboxes=("inbox", "other")))
    await post.store.delete(select(ids[gone]), keep_seconds=0)
    await post.purge()
    assert await post.rows("SELECT count(*) FROM content") == [(1,)]
    assert await post.rows("SELECT count(*) FROM record") == [(1,)]
    assert await post.store.raw(ids[1 - gone]) == raw
    assert await post.ids("narwhal") == [ids[1 - gone]]
    assert await post.ids("header:subject=shared") == [ids[1 - gone]]
    await post.store.delete(select(ids[1 - gone]), keep_seconds=0)
    await post.purge()
    assert await post.rows("SELECT count(*) FROM content") == [(0,)]


async def test_identical_contents_of_two_arrivals_are_two_contents(post):
    await post.send(arrival(mail()), arrival(mail()))
    assert await post.rows("SELECT count(*) FROM content") == [(2,)]


async def test_large_content_comes_back(post):
    raw = mail("large") + bytes(range(256)) * 40_000
    assert await post.store.raw(await post.add(raw)) == raw


async def test_empty_mail_is_stored(post):
    message_id = await post.add(b"")
    assert await post.store.raw(message_id) == b""
    assert (await post.find()).messages[0].size_bytes == 0
