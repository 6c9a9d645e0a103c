"""The index of words may lag behind the messages; no question ever notices."""

import asyncio
from contextlib import closing

import apsw
import pytest

from mailcatcher.errors import StoreFull
from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.store import index, thread
from tests.store.posting import SECONDS, arrival, mail, query, select


@pytest.fixture(autouse=True)
def never_quiet(monkeypatch):
    """The index is completed by questions and by its limit alone."""
    monkeypatch.setattr(thread, "QUIET_SECONDS", 1000.0)


async def indexed(post) -> int:
    rows = await post.in_thread(lambda: post.store._thread.connection.execute("SELECT rowid FROM words").fetchall(), indexed=False)
    return len(rows)


async def test_index_lags_and_every_kind_of_question_completes_it(post):
    questions = [
        lambda word: post.ids(word),
        lambda word: post.ids(f"-{word}", mailbox="nobody"),
        lambda word: post.ids(f"header:subject={word}"),
        lambda word: post.ids(f"subject:x OR {word}"),
        lambda word: post.store.latest(query(word), mailbox=None),
        lambda word: post.store.between(query(word), mailbox=None, after_seq=0, up_to_seq=10**6, limit=5),
        lambda word: post.store.mark(select(text=word), read=True),
        lambda word: post.store.delete(select(text=word), keep_seconds=60),
    ]
    for number, ask in enumerate(questions):
        message_id = await post.add(mail(f"narwhal{number}"))
        assert await indexed(post) == number
        found = await ask(f"narwhal{number}")
        assert await indexed(post) == number + 1
        if number not in (1, 5, 6, 7):
            assert found in (message_id, [message_id])
        elif number > 5:
            assert found.ids == {"inbox": [message_id]}


async def test_selection_by_ids_and_query_sees_a_message_that_just_came(post):
    message_id = await post.add(mail("narwhal"))
    assert (await post.store.delete(select(message_id, text="narwhal"), keep_seconds=0)).ids == {"inbox": [message_id]}


async def test_index_never_lags_by_more_than_its_limit(post):
    for _ in range(30):
        await post.fill(10)
        stored = post.store.counts(None).messages
        assert stored - await indexed(post) < index.LAG + 10


async def test_message_that_was_removed_before_it_was_indexed_leaves_no_trace(post):
    first = await post.add(mail("narwhal"))
    await post.store.delete(select(first), keep_seconds=0)
    await post.add(mail("other"))
    await post.purge()
    assert await post.rows("SELECT rowid FROM words") == [(2,)]
    await post.rows("INSERT INTO words(words) VALUES ('integrity-check')")
    await post.store.delete(select(), keep_seconds=0)
    await post.purge()
    assert await post.rows("SELECT rowid FROM words") == []
    assert await post.ids("narwhal") == []


async def test_what_was_not_indexed_at_the_end_is_indexed_at_the_next_start(opened, tmp_path, monkeypatch):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    monkeypatch.setattr(post.store._thread.index, "flush", lambda: 0)  # as if the process had been killed
    one = arrival(mail("narwhal", "body"), mailboxes=("inbox", "other"))
    one.envelope = Envelope("shop@example.org", (Recipient("zebra@example.net", {"NOTIFY": "NEVER"}),), {"BODY": "8BITMIME"})
    (ids,) = await post.send(one)
    await post.send(arrival(b"", sender=""))
    await post.stop()
    again = opened(path)
    assert len(again.store._thread.index.waiting) == 3
    for word in ("narwhal", "body", "zebra"):
        assert await again.ids(word, oldest_first=True) == list(ids)
    assert await indexed(again) == 3
    await again.stop()
    assert opened(path).store._thread.index.waiting == []


async def test_stop_leaves_a_complete_index(opened, tmp_path):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    await post.fill(5)
    await post.stop()
    with closing(apsw.Connection(path)) as connection:
        assert connection.execute("SELECT count(*) FROM (SELECT rowid FROM words)").get == 5


async def test_full_disk_at_the_end_loses_nothing(opened, tmp_path, caplog):
    path = str(tmp_path / "mail.db")
    post = opened(path)
    ids = [await post.add(mail(f"Number {number}", " ".join(f"word{number}x{n}" for n in range(2000)))) for number in range(5)]
    await post.room(1)  # as many as there are already
    await post.stop()
    assert "the next start will do it" in caplog.text
    assert await opened(path).ids("number") == ids[::-1]


async def test_index_that_finds_no_room_is_completed_later(opened, store_path):
    post = opened(store_path)
    ids = [await post.add(mail(f"Number {number}", " ".join(f"word{number}x{n}" for n in range(2000)))) for number in range(5)]
    await post.room(1)  # as many as there are already
    with pytest.raises(StoreFull):
        await post.ids("number")
    assert await indexed(post) == 0
    assert len(post.store._thread.index.waiting) == 5
    assert len(await post.ids()) == 5
    await post.room(1_000_000)
    assert await post.ids("number") == ids[::-1]
    await post.rows("INSERT INTO words(words) VALUES ('integrity-check')")


async def test_questions_of_readers_wait_for_the_index_only_as_long_as_it_lags(opened, tmp_path, monkeypatch):
    post = opened(str(tmp_path / "mail.db"))
    await post.add(mail("narwhal"))
    assert len(await post.ids("narwhal")) == 1
    jobs = []
    monkeypatch.setattr(post.store._thread, "call", lambda *_, **__: jobs.append(1))
    assert len(await post.ids("narwhal")) == 1
    assert jobs == []
    monkeypatch.undo()


async def test_messages_that_come_while_it_is_searched_are_found_by_the_next_search(opened, store_path):
    post = opened(store_path)
    async with asyncio.timeout(SECONDS):
        for number in range(100):
            adding = post.send(*(arrival(mail(f"round{number}")) for _ in range(3)))
            asking = asyncio.gather(*(post.find(f"round{number}", limit=9) for _ in range(3)))
            await adding
            assert len(await post.ids(f"round{number}")) == 3
            assert all(len(page.messages) <= 3 for page in await asking)
