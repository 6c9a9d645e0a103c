"""Deliveries that wait together share a transaction; what goes wrong with one costs only that one."""

import asyncio
import threading

import pytest

from mailcatcher.errors import StoreError, StoreFull
from mailcatcher.mailroom.mailroom import complete
from mailcatcher.store import thread
from tests.store.posting import arrival, mail, select


class Gate:
    """A `complete` that waits in the store thread until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def __call__(self, one) -> None:
        assert self.opened.wait(20)
        complete(one)


def refuses(*subjects: str):
    """A `complete` that fails for mails of these subjects."""

    def check(one) -> None:
        complete(one)
        if one.message.subject in subjects:
            raise RuntimeError("no")

    return check


async def test_deliveries_that_wait_together_share_a_transaction(opened, store_path):
    gate = Gate()
    post = opened(store_path, complete=gate)
    first = post.send(arrival(mail("first")))
    others = post.send(*(arrival(mail(str(number))) for number in range(50)))
    gate.opened.set()
    await first
    await others
    assert [len(batch) for batch in post.batches] in ([1, 50], [51])


async def test_no_batch_is_larger_than_its_limit(opened, store_path):
    gate = Gate()
    post = opened(store_path, complete=gate)
    sending = post.send(*(arrival(mail(str(number))) for number in range(thread.BATCH * 2 + 30)))
    gate.opened.set()
    await sending
    assert max(len(batch) for batch in post.batches) <= thread.BATCH
    assert post.store.counts(None).messages == thread.BATCH * 2 + 30


async def test_changes_see_what_was_queued_before_them_and_nothing_later(opened, store_path):
    gate = Gate()
    post = opened(store_path, complete=gate)
    before = post.send(*(arrival(mail(str(number))) for number in range(5)))
    deletion: list[int] = []
    deleting = post.store.delete(select(), keep_seconds=0, tell=lambda touched: deletion.append(touched.count))
    task = asyncio.ensure_future(deleting)
    await asyncio.sleep(0)  # up to its first wait
    after = post.send(*(arrival(mail(str(number))) for number in range(3)))
    gate.opened.set()
    await before
    await task
    await after
    assert deletion == [5]
    assert post.store.counts(None).messages == 3


async def test_mail_that_cannot_be_prepared_costs_only_itself(opened, store_path, caplog):
    post = opened(store_path, complete=refuses("bad"))
    results = await post.send(*(arrival(mail(subject)) for subject in ("one", "bad", "two", "bad", "three")))
    assert [isinstance(result, StoreError) for result in results] == [False, True, False, True, False]
    assert [summary.subject for summary in (await post.find(oldest_first=True)).messages] == ["one", "two", "three"]
    assert "could not be prepared" in caplog.text


@pytest.mark.parametrize("field", ["user", "session_id"])
async def test_mail_that_cannot_be_written_costs_only_itself(opened, store_path, caplog, field):
    """No listener lets half a surrogate pair through; if one did, the store thread must live."""
    post = opened(store_path)
    results = await post.send(arrival(mail("one")), arrival(mail("bad"), **{field: "\ud800"}), arrival(mail("two")))
    assert [isinstance(result, StoreError) for result in results] == [False, True, False]
    assert [summary.subject for summary in (await post.find(oldest_first=True)).messages] == ["one", "two"]
    assert await post.add(mail("three")) > results[2][0]


async def test_failed_batch_is_tried_again_one_at_a_time(opened, store_path, monkeypatch, caplog):
    gate = Gate()
    post = opened(store_path, complete=gate)
    write = post.store._thread.writer.write
    failing = [thread.apsw.BusyError("database is locked")]

    def fail_once(batch):
        if len(batch) > 1 and failing:
            raise failing.pop()
        write(batch)

    monkeypatch.setattr(post.store._thread.writer, "write", fail_once)
    sending = post.send(*(arrival(mail(str(number))) for number in range(10)))
    gate.opened.set()
    ids = [result[0] for result in await sending]
    assert ids == sorted(set(ids)) == await post.ids(oldest_first=True)
    assert post.store.counts(None).messages == 10
    assert not failing or len(post.batches) == 10


async def test_full_database_refuses_and_keeps_what_it_has(opened, store_path, caplog):
    post = opened(store_path)
    kept = await post.fill(20)
    ((pages,),) = await post.rows("PRAGMA page_count")
    await post.room(pages + 20)
    results = [result for number in range(20) for result in await post.send(*(arrival(big(f"{number} {n}")) for n in range(5)))]
    errors = [result for result in results if isinstance(result, StoreError)]
    assert errors
    assert {type(error) for error in errors} == {StoreFull}
    kept += [result[0] for result in results if not isinstance(result, StoreError)]
    await post.room(1_000_000)
    fresh = await post.add(mail("Number fresh"))
    assert fresh > max(kept)
    assert await post.ids(oldest_first=True) == [*kept, fresh]
    assert await post.ids("number", limit=1) == [fresh]
    assert post.store.counts(None).messages == len(kept) + 1
    assert (await post.store.delete(select(), keep_seconds=0)).count == len(kept) + 1


async def test_change_that_finds_no_room_is_refused_as_a_whole(opened, store_path):
    post = opened(store_path)
    await post.fill(300)
    before = await post.find()
    await post.rows("CREATE TEMP TRIGGER fat BEFORE UPDATE ON message BEGIN INSERT INTO content VALUES (NULL, zeroblob(100000)); END")
    await post.room(1)  # as many as there are already
    for change in (post.store.delete(select(), keep_seconds=60), post.store.mark(select(), read=True)):
        with pytest.raises(StoreFull):
            await change
    assert await post.find() == before
    assert post.store.counts(None).unread == 300
    await post.rows("DROP TRIGGER fat")
    await post.room(1_000_000)
    assert (await post.store.mark(select(), read=True)).count == 300


def big(subject: str) -> bytes:
    return mail(f"Number {subject}", f"unique{subject.replace(' ', 'x')} " + "filler " * 500)
