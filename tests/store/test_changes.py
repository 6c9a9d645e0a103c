"""The read flag, deletion with undo, purging."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailcatcher.errors import NotFound, StoreError
from mailcatcher.store import changing
from mailcatcher.store.base import Counts, Selector
from tests.store.posting import SECONDS, arrival, mail, select


class Clock:
    """The store's clock, moved by hand."""

    def __init__(self) -> None:
        self.microseconds = int(time.time() * 1_000_000)

    def __call__(self) -> int:
        return self.microseconds

    def advance(self, seconds: float) -> None:
        self.microseconds += round(seconds * 1_000_000)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(changing, "_now", clock)
    return clock


@pytest.fixture
def still(monkeypatch):
    """No upkeep by itself: a test says when."""
    monkeypatch.setattr("mailcatcher.store.thread.QUIET_SECONDS", 1000.0)
    monkeypatch.setattr("mailcatcher.store.thread.IDLE_SECONDS", 1000.0)


async def rows(post) -> dict[str, int]:
    """How many rows each table has."""
    tables = ("message", "record", "content", "folded", "deletion")
    counted = {table: (await post.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables}
    return counted | {"words": len(await post.rows("SELECT rowid FROM words"))}


async def recounted(post, mailbox: str) -> Counts:
    """What a mailbox holds, counted in the rows."""
    ((messages, unread, size),) = await post.rows(
        "SELECT count(*), coalesce(sum(read = 0), 0), coalesce(sum(size_bytes), 0) FROM message "
        f"WHERE deletion_id IS NULL AND mailbox_id = (SELECT id FROM mailbox WHERE name = '{mailbox}')"
    )
    return Counts(messages, unread, size)


async def test_mark_touches_only_what_changes(post):
    first, second = await post.fill(2)
    assert (await post.store.mark(select(first), read=True)).ids == {"inbox": [first]}
    assert (await post.store.mark(select(), read=True)).ids == {"inbox": [second]}
    assert (await post.store.mark(select(), read=True)).ids == {}
    assert post.store.counts(None).unread == 0
    assert (await post.store.mark(select(second, second, first), read=False)).ids == {"inbox": [first, second]}
    assert post.store.counts("inbox").unread == 2


async def test_read_flag_shows_everywhere(post):
    message_id, other = await post.fill(2)
    await post.store.mark(select(message_id), read=True)
    assert (await post.store.get(message_id)).summary.read
    assert [summary.read for summary in (await post.find()).messages] == [False, True]
    assert await post.ids("is:read") == [message_id]
    assert await post.ids("-is:read") == await post.ids("is:unread") == [other]
    found, _ = await post.store.between(select().query, mailbox=None, after_seq=0, up_to_seq=1, limit=9)
    assert [summary.read for summary in found] == [True]


async def test_mark_by_query(post):
    await post.add(mail("spring sale"))
    wanted = await post.add(mail("invoice 7"))
    assert (await post.store.mark(select(text="invoice"), read=True)).ids == {"inbox": [wanted]}


async def test_selection_of_no_ids_is_nothing_not_everything(post):
    await post.fill(2)
    assert (await post.store.delete(Selector(ids=()), keep_seconds=0)).count == 0
    assert (await post.store.mark(Selector(ids=()), read=True)).count == 0
    assert post.store.counts(None).messages == 2


async def test_ids_and_query_of_a_selector_both_narrow_it(post):
    first = await post.add(mail("invoice"))
    second = await post.add(mail("other"))
    assert (await post.store.delete(select(first, second, text="invoice"), keep_seconds=0)).ids == {"inbox": [first]}


async def test_deleted_message_is_gone_from_every_question(post):
    ids = await post.fill(3)
    touched = await post.store.delete(select(ids[1]), keep_seconds=60)
    assert touched.ids == {"inbox": [ids[1]]}
    assert not touched.everything
    for text in ("", "number", "subject:number", "header:subject=number", "-zebra", "number OR zebra"):
        assert await post.ids(text) == [ids[2], ids[0]], text
        assert (await post.find(text, limit=1)).total == 2
    for question in (post.store.get, post.store.raw):
        with pytest.raises(NotFound):
            await question(ids[1])
    assert post.store.counts("inbox").messages == 2
    found, matched = await post.store.between(select().query, mailbox=None, after_seq=0, up_to_seq=99, limit=9)
    assert (len(found), matched) == (2, 2)
    assert (await post.store.delete(select(ids[1]), keep_seconds=60)).count == 0
    assert (await post.store.mark(select(ids[1]), read=True)).count == 0


async def test_latest_moves_back_when_the_newest_is_deleted(post):
    first, second = await post.fill(2)
    await post.store.delete(select(second), keep_seconds=60)
    assert await post.store.latest(select().query, mailbox=None) == first


async def test_touched_says_when_nothing_is_left_in_the_scope(post):
    await post.add(mail("one"), mailboxes=("inbox",))
    await post.add(mail("two"), mailboxes=("other",))
    assert (await post.store.delete(select(mailbox="other"), keep_seconds=0)).everything
    assert (await post.store.delete(select(text="one"), keep_seconds=0)).everything
    nothing = await post.store.delete(select(), keep_seconds=60)
    assert (nothing.count, nothing.everything, nothing.token) == (0, False, None)


async def test_undo_restores_flags_order_and_counts(post):
    ids = await post.fill(4)
    await post.send(arrival(mail("five"), mailboxes=("other",)))
    await post.store.mark(select(ids[0], ids[2]), read=True)
    before = (await post.find()).messages, post.store.counts(None), post.store.counts("inbox"), post.store.counts("other")
    touched = await post.store.delete(select(), keep_seconds=60)
    assert post.store.counts(None) == post.store.counts("inbox") == Counts()
    assert await post.ids() == []
    restored = await post.store.restore(touched.token)
    assert restored.ids == touched.ids
    assert before == ((await post.find()).messages, post.store.counts(None), post.store.counts("inbox"), post.store.counts("other"))
    assert await post.ids("number is:read") == [ids[2], ids[0]]


async def test_each_deletion_is_undone_by_its_own_token(post):
    first, second, third = await post.fill(3)
    one = await post.store.delete(select(first), keep_seconds=60)
    two = await post.store.delete(select(first, second), keep_seconds=60)
    assert one.token != two.token
    assert two.ids == {"inbox": [second]}
    await post.store.restore(two.token)
    assert await post.ids() == [third, second]
    await post.store.restore(one.token)
    assert await post.ids() == [third, second, first]


async def test_token_works_once(post):
    await post.fill(2)
    token = (await post.store.delete(select(), keep_seconds=60)).token
    await post.store.restore(token)
    with pytest.raises(NotFound, match="cannot be undone"):
        await post.store.restore(token)


@pytest.mark.parametrize("token", ["", "x", "\0", "'; DROP TABLE message; --"])
async def test_unknown_token_is_not_found(post, token):
    with pytest.raises(NotFound):
        await post.store.restore(token)


async def test_deletion_can_be_undone_until_it_expires(post, clock, still):
    ids = await post.fill(3)
    touched = await post.store.delete(select(ids[0]), keep_seconds=8)
    assert touched.expires_at == datetime.fromtimestamp(clock.microseconds / 1e6, UTC) + timedelta(seconds=8)
    clock.advance(7.9)
    await post.purge()
    await post.store.restore(touched.token)
    late = await post.store.delete(select(ids[0], ids[1]), keep_seconds=8)
    clock.advance(8)
    with pytest.raises(NotFound):
        await post.store.restore(late.token)
    assert (await rows(post))["message"] == 3
    await post.purge()
    assert await rows(post) == dict.fromkeys(("message", "record", "content", "folded", "words"), 1) | {"deletion": 0}
    with pytest.raises(NotFound):
        await post.store.restore(late.token)


async def test_purge_leaves_alone_what_can_still_be_undone(post, clock, still):
    ids = await post.fill(4)
    kept = await post.store.delete(select(ids[0]), keep_seconds=100)
    await post.store.delete(select(ids[1]), keep_seconds=1)
    clock.advance(2)
    await post.purge()
    assert (await rows(post))["message"] == 3
    await post.store.restore(kept.token)
    assert await post.ids("number") == [ids[3], ids[2], ids[0]]


async def test_deletion_without_undo_has_no_token(post):
    await post.fill(1)
    touched = await post.store.delete(select(), keep_seconds=0)
    assert (touched.token, touched.expires_at) == (None, None)


async def test_expired_deletion_is_purged_by_itself(post, brisk, heard):
    ids = await post.fill(3)
    purged = heard(post.store._thread.changer, "purge")
    await post.store.delete(select(ids[0]), keep_seconds=0.01)
    async with asyncio.timeout(SECONDS):
        while (await rows(post))["message"] != 2:
            await purged.wait()
            purged.clear()


async def test_purge_does_not_wait_for_a_second_of_silence(post, monkeypatch, heard):
    """With someone who looks every second that would never come."""
    monkeypatch.setattr("mailcatcher.store.thread.IDLE_SECONDS", 1000.0)
    ids = await post.fill(3)
    purged = heard(post.store._thread.changer, "purge")
    await post.store.delete(select(*ids[:2]), keep_seconds=0)
    async with asyncio.timeout(SECONDS):
        while (await rows(post))["message"] != 1:
            await purged.wait()
            purged.clear()


async def test_restart_purges_what_has_expired_and_keeps_what_has_not(opened, tmp_path, clock, brisk, heard):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    ids = await post.fill(3)
    await post.store.delete(select(ids[0]), keep_seconds=5)
    kept = await post.store.delete(select(ids[1]), keep_seconds=100)
    await post.stop()
    clock.advance(6)
    again = opened(path)
    purged = heard(again.store._thread.changer, "purge")
    assert await again.ids() == [ids[2]]
    async with asyncio.timeout(SECONDS):
        while (await rows(again))["message"] != 2:
            await purged.wait()
            purged.clear()
    await again.store.restore(kept.token)
    assert await again.ids("number") == [ids[2], ids[1]]
    assert again.store.counts(None).messages == 2


async def test_index_is_empty_after_everything_was_deleted_and_finds_new_mail(post, still):
    await post.fill(700)
    await post.store.delete(select(), keep_seconds=0)
    await post.purge()
    assert await rows(post) == dict.fromkeys(("message", "record", "content", "folded", "words", "deletion"), 0)
    assert await post.rows("SELECT rowid FROM words WHERE words MATCH 'number'") == []
    assert await post.ids("number") == []
    fresh = await post.add(mail("Number fresh"))
    assert await post.ids("number") == await post.ids("subject:fresh") == [fresh]
    config = dict(await post.rows("SELECT k, v FROM words_config"))
    assert (config["automerge"], config["usermerge"]) == (0, 16)


async def test_purge_in_slices_takes_everything(post, still):
    ids = await post.fill(changing.SLICE * 2 + 3)
    await post.store.delete(select(*ids[1:]), keep_seconds=0)
    await post.purge()
    assert (await rows(post))["words"] == 1
    assert await post.ids("number") == ids[:1]


async def test_purge_of_exactly_one_slice_drops_the_deletion(post, still):
    ids = await post.fill(changing.SLICE + 1)
    await post.store.delete(select(*ids[1:]), keep_seconds=0)
    await post.purge()
    assert (await rows(post))["deletion"] == 0


async def test_counts_equal_a_recount_after_a_restart(opened, tmp_path):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    ids = await post.fill(5)
    await post.send(arrival(mail("both"), mailboxes=("inbox", "other")))
    await post.store.mark(select(ids[0]), read=True)
    await post.store.delete(select(ids[1]), keep_seconds=60)
    before = [post.store.counts(mailbox) for mailbox in (None, "inbox", "other")]
    assert before[1:] == [await recounted(post, "inbox"), await recounted(post, "other")]
    await post.stop()
    again = opened(path)
    assert [again.store.counts(mailbox) for mailbox in (None, "inbox", "other")] == before


async def test_change_is_told_before_what_is_committed_later(post):
    """A list that was cleared must not seem to hold what came only afterwards, or the other way round."""
    await post.fill(3)
    said = []
    changing_all = post.store.delete(select(), keep_seconds=0, tell=lambda touched: said.append(touched.count))
    deleting = asyncio.ensure_future(changing_all)
    await asyncio.sleep(0)  # up to its first wait
    arriving = arrival(mail("later"))
    post.store.submit(arriving, lambda ids: said.append("later"))
    await deleting
    await post.until(lambda: len(said) == 2)
    assert said == [3, "later"]


async def test_change_is_told_although_the_caller_gave_up(post):
    await post.fill(3)
    said = []
    task = asyncio.ensure_future(post.store.mark(select(), read=True, tell=lambda touched: said.append(touched.count)))
    await asyncio.sleep(0)  # up to its first wait
    task.cancel()
    await post.find(limit=0)
    await post.store.mark(select(), read=True)
    assert said == [3]


async def test_closed_store_refuses_and_says_so(opened, store_path):
    post = opened(store_path)
    message_id = await post.add()
    await post.stop()
    await post.stop()
    for question in (
        post.store.get(message_id),
        post.store.find(select().query, mailbox=None, limit=1),
        post.store.mark(select(), read=True),
        post.store.restore("x"),
    ):
        with pytest.raises(StoreError, match="closed"):
            await question
    (result,) = await post.send(arrival())
    assert isinstance(result, StoreError)


async def test_stop_finishes_what_is_queued(opened, store_path):
    post = opened(store_path)
    sending = post.send(*(arrival(mail(str(number))) for number in range(700)))
    asking = asyncio.ensure_future(post.store.mark(select(), read=True))
    await asyncio.sleep(0)  # up to its first wait
    await post.stop()
    assert len({ids[0] for ids in await sending}) == 700
    assert (await asking).count == 700
