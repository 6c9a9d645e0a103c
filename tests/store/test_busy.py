"""A statement that takes too long is stopped, and the store goes on."""

import pytest

from mailcatcher.errors import StoreBusy
from mailcatcher.store import database
from tests.store.posting import query, select


@pytest.fixture
def impatient(monkeypatch):
    """Every look at the clock finds the time over."""
    monkeypatch.setattr(database, "STATEMENT_SECONDS", -1.0)
    monkeypatch.setattr(database, "_PROGRESS_STEPS", 1)


@pytest.mark.parametrize("text", ["", "number", "subject:numb", "header:subject=number", "-zebra"])
async def test_slow_question_is_stopped_with_an_error_that_helps(opened, store_path, impatient, monkeypatch, text):
    post = opened(store_path)
    ids = await post.fill(20)
    for question in (
        post.find(text),
        post.store.latest(query(text), mailbox=None),
        post.store.between(query(text), mailbox=None, after_seq=0, up_to_seq=99, limit=5),
    ):
        with pytest.raises(StoreBusy, match="too long: narrow it"):
            await question
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 10.0)
    assert await post.ids("number") == ids[::-1]
    assert len(await post.fill(3)) == 3


async def test_slow_selection_changes_nothing(opened, store_path, impatient, monkeypatch):
    """The store thread is not held up by a deletion that has to look at everything."""
    post = opened(store_path)
    ids = await post.fill(20)
    for change in (post.store.delete(select(text="-zebra"), keep_seconds=0), post.store.mark(select(text="-zebra"), read=True)):
        with pytest.raises(StoreBusy):
            await change
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 10.0)
    assert await post.ids("is:unread") == ids[::-1]


async def test_writing_has_no_deadline(opened, store_path, impatient):
    post = opened(store_path)
    assert len(await post.fill(300)) == 300
