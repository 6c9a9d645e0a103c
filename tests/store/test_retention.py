"""`max_messages`: the oldest go, the newest never."""

import pytest

from tests.store.posting import arrival, mail, select


def removed_ids(post) -> list[str]:
    return [message_id for touched in post.removed for ids in touched.ids.values() for message_id in ids]


async def test_retention_is_exact_once_it_is_quiet(opened, store_path, brisk):
    post = opened(store_path, max_messages=10)
    ids = await post.fill(57)
    await post.until(lambda: post.store.counts(None).messages == 10 and len(removed_ids(post)) == 47)
    assert await post.ids(oldest_first=True) == ids[-10:]
    assert removed_ids(post) == ids[:-10]
    assert await post.ids("number") == ids[:-11:-1]


async def test_what_retention_removes_cannot_be_undone(opened, store_path, brisk):
    post = opened(store_path, max_messages=2)
    await post.fill(4)
    await post.until(lambda: len(removed_ids(post)) == 2)
    assert all(touched.token is None for touched in post.removed)


async def test_excess_stays_small_under_load(opened, store_path, monkeypatch):
    monkeypatch.setattr("mailcatcher.store.thread.QUIET_SECONDS", 1000.0)
    post = opened(store_path, max_messages=100)
    for _ in range(20):
        await post.fill(50)
        await post.rows("SELECT 1")  # a job behind the pruning that follows the batch
        assert 50 <= post.store.counts(None).messages <= 110
    assert post.store.counts(None).messages >= 100
    assert len(removed_ids(post)) == 1000 - post.store.counts(None).messages


@pytest.mark.parametrize("max_messages", [1, 2, 3])
async def test_newest_message_is_never_removed(opened, store_path, brisk, max_messages):
    post = opened(store_path, max_messages=max_messages)
    for number in range(30):
        message_id = await post.add(mail(f"Number {number}"))
        assert (await post.store.get(message_id)).summary.subject == f"Number {number}"
        assert (await post.ids())[0] == message_id
    await post.until(lambda: post.store.counts(None).messages == max_messages)
    assert len(await post.ids()) == max_messages


async def test_retention_counts_all_mailboxes_together(opened, store_path, brisk):
    post = opened(store_path, max_messages=3)
    for number in range(6):
        await post.add(mail(str(number)), mailboxes=("inbox" if number % 2 else "other",))
    await post.until(lambda: post.store.counts(None).messages == 3)
    assert (post.store.counts("inbox").messages, post.store.counts("other").messages) == (2, 1)
    assert {name for touched in post.removed for name in touched.ids} == {"inbox", "other"}


async def test_no_limit_keeps_everything(opened, store_path, brisk):
    post = opened(store_path, max_messages=0)
    await post.fill(600)
    assert post.store.counts(None).messages == 600
    assert post.removed == []


async def test_lower_limit_holds_after_a_restart(opened, tmp_path, brisk):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    ids = await post.fill(20)
    await post.stop()
    again = opened(path, max_messages=5)
    await again.until(lambda: len(removed_ids(again)) == 15)
    assert await again.ids() == ids[:-6:-1]


async def test_undo_beyond_the_limit_is_cut_back_to_it(opened, store_path, brisk):
    post = opened(store_path, max_messages=5)
    old = await post.fill(5)
    token = (await post.store.delete(select(), keep_seconds=60)).token
    new = await post.fill(3)
    await post.store.restore(token)
    await post.until(lambda: post.store.counts(None).messages == 5)
    assert await post.ids(oldest_first=True) == [*old[3:], *new]


async def test_message_in_two_mailboxes_counts_twice(opened, store_path, brisk):
    post = opened(store_path, max_messages=3)
    ids = [message_id for result in await post.send(*(arrival(mailboxes=("a", "b")) for _ in range(3))) for message_id in result]
    await post.until(lambda: post.store.counts(None).messages == 3)
    assert await post.ids(oldest_first=True) == ids[3:]
