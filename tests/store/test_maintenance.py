"""Merging and checkpoints really happen, and harm nobody."""

import asyncio
from contextlib import closing

import apsw
import pytest

from mailcatcher.store import database, maintenance, thread
from mailcatcher.store.database import open_writer
from mailcatcher.store.maintenance import Maintenance
from tests.store.posting import SECONDS, mail, select

SEGMENTS = "SELECT count(*) FROM (SELECT DISTINCT segid FROM words_idx)"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mail.db"


def wal_bytes(path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


async def segments(post) -> int:
    return (await post.rows(SEGMENTS))[0][0]


async def test_segments_of_the_index_stay_few_under_load(opened, store_path, monkeypatch):
    """One a commit, were there no merging."""
    monkeypatch.setattr("mailcatcher.store.thread.QUIET_SECONDS", 1000.0)
    post = opened(store_path)
    most = 0
    for _ in range(300):
        await post.fill(10)
        most = max(most, await segments(post))
    assert most < 60
    assert len(await post.ids("number", limit=5000)) == 3000


async def test_log_does_not_grow_without_end_under_load(opened, path, monkeypatch):
    monkeypatch.setattr("mailcatcher.store.thread.QUIET_SECONDS", 1000.0)
    monkeypatch.setattr(maintenance, "CHECKPOINT_MESSAGES", 500)
    post = opened(str(path))
    sizes = []
    for _ in range(60):
        await post.fill(100)
        sizes.append(wal_bytes(path))
    assert max(sizes[20:]) < 4 * max(sizes[:10])
    assert path.stat().st_size > 2_000_000  # what was checkpointed


async def test_idle_time_merges_and_truncates_the_log(opened, path, brisk, heard):
    post = opened(str(path))
    checkpointed = heard(post.store._thread.maintenance, "_checkpoint")
    await post.fill(500)
    async with asyncio.timeout(SECONDS):
        while wal_bytes(path):
            await checkpointed.wait()
            checkpointed.clear()
    assert path.stat().st_size > 300_000
    assert await segments(post) <= 16
    assert len(await post.ids("number")) == 500


async def test_store_sleeps_when_nothing_is_left_to_do(opened, store_path, brisk):
    post = opened(store_path)
    await post.fill(20)
    await post.in_thread(lambda: finished(post.store._thread.maintenance))
    await post.in_thread(lambda: None)
    assert not post.store._thread.maintenance.pending
    assert not post.store._thread.changer.waiting


def finished(upkeep: Maintenance) -> None:
    while upkeep.idle():
        pass


async def test_reader_that_holds_the_log_delays_neither_mail_nor_itself(opened, path, brisk, heard):
    post = opened(str(path))
    ids = await post.fill(50)
    checkpointed = heard(post.store._thread.maintenance, "_checkpoint")
    with closing(apsw.Connection(str(path))) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM message").get == 50
        await post.fill(50)
        async with asyncio.timeout(database.BUSY_SECONDS * 0.9):  # a wait for the reader would be longer
            await checkpointed.wait()
            assert len(await post.fill(50)) == 50
        assert reader.execute("SELECT count(*) FROM message").get == 50
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM message").get == 150
    async with asyncio.timeout(SECONDS):
        while wal_bytes(path):
            checkpointed.clear()
            await checkpointed.wait()
    assert (await post.ids())[-50:] == ids[::-1]


@pytest.fixture
def upkeep(path):
    """Maintenance of a database of its own, on this thread."""
    connection = open_writer(str(path), "normal")
    upkeep = Maintenance(connection, str(path))
    yield upkeep
    upkeep.finish()
    connection.close()


def write(upkeep: Maintenance, count: int = 5) -> None:
    for _ in range(count):
        upkeep._connection.execute("INSERT INTO content VALUES (NULL, zeroblob(10000))")


def test_checkpoint_is_due_after_so_many_messages_or_bytes(upkeep, monkeypatch):
    for messages, size_bytes in ((maintenance.CHECKPOINT_MESSAGES, 0), (1, maintenance.CHECKPOINT_BYTES)):
        write(upkeep)
        upkeep.after_batch(messages - 1, 0)
        assert upkeep._helper is None
        upkeep.after_batch(1, size_bytes)
        assert upkeep._helper is not None
        upkeep.finish()
        upkeep.after_batch(1, 0)  # the last pass is the store thread's
        assert upkeep._helper is None


def test_log_begins_anew_after_a_checkpoint(upkeep, path):
    write(upkeep, 50)
    grown = wal_bytes(path)
    upkeep.after_batch(maintenance.CHECKPOINT_MESSAGES, 0)
    upkeep.finish()
    upkeep.after_batch(1, 0)
    write(upkeep, 20)
    assert wal_bytes(path) == grown


def test_helper_that_fails_is_reported_and_the_next_checkpoint_works(upkeep, path, monkeypatch, caplog):
    write(upkeep)
    connection = apsw.Connection

    def refuse(*_values, **_named):
        raise apsw.CantOpenError("unable to open database file")

    monkeypatch.setattr(maintenance.apsw, "Connection", refuse)
    upkeep.after_batch(maintenance.CHECKPOINT_MESSAGES, 0)
    upkeep.finish()
    assert "checkpoint failed" in caplog.text
    monkeypatch.setattr(maintenance.apsw, "Connection", connection)
    upkeep.after_batch(1, 0)
    finished(upkeep)
    assert not upkeep.pending
    assert wal_bytes(path) == 0


def test_log_is_truncated_even_if_the_helper_was_still_at_work(upkeep, path, monkeypatch):
    write(upkeep)
    upkeep.after_batch(1, 0)
    monkeypatch.setattr(upkeep, "_helper_done", lambda: False)
    finished(upkeep)
    assert upkeep.pending
    monkeypatch.undo()
    finished(upkeep)
    assert not upkeep.pending
    assert wal_bytes(path) == 0


def test_large_log_is_warned_of(upkeep, monkeypatch, caplog):
    monkeypatch.setattr(maintenance, "WARN_WAL_BYTES", 1000)
    write(upkeep)
    upkeep.after_batch(maintenance.CHECKPOINT_MESSAGES, 0)
    assert "a reader may be holding it open" in caplog.text


async def test_failing_upkeep_is_not_tried_all_the_time(opened, store_path, brisk, monkeypatch, caplog, heard):
    post = opened(store_path, max_messages=5)
    tried = []

    def fail(_):
        tried.append(1)
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(post.store._thread.changer, "prune", fail)
    kept_up = heard(post.store._thread, "_keep_up")
    await post.fill(20)
    async with asyncio.timeout(SECONDS):
        while len(tried) < 2:  # after the batch, and when it was quiet
            await kept_up.wait()
            kept_up.clear()
    assert post.store._thread._upkeep_in() != thread.QUIET_SECONDS
    assert "upkeep of the database failed" in caplog.text
    monkeypatch.undo()
    await post.add(mail())
    await post.until(lambda: post.store.counts(None).messages == 5)


async def test_mass_deletion_does_not_let_the_log_grow_without_end(opened, path, brisk, heard, monkeypatch):
    monkeypatch.setattr(maintenance, "CHECKPOINT_MESSAGES", 1000)
    post = opened(str(path))
    ids = []
    for _ in range(20):
        ids += await post.fill(300)
    purged = heard(post.store._thread.changer, "purge")
    await post.store.delete(select(*ids[1:]), keep_seconds=0)
    largest = 0
    async with asyncio.timeout(SECONDS):
        while post.store._thread.changer.waiting:
            await purged.wait()
            purged.clear()
            largest = max(largest, wal_bytes(path))
    assert largest < 2 * path.stat().st_size
    assert await post.ids() == ids[:1]
