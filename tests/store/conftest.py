import asyncio

import pytest

from mailcatcher.store import thread
from mailcatcher.store.sqlite import SqliteStore
from tests.store.posting import Post


@pytest.fixture(params=["memory", "file"])
def store_path(request, tmp_path):
    """Where each kind of store keeps its mail."""
    return ":memory:" if request.param == "memory" else str(tmp_path / "mail.db")


@pytest.fixture
async def opened():
    """Opens stores, and closes them after the test."""
    posts = []

    def build(path: str, *, complete=None, **settings) -> Post:
        store = SqliteStore(path, **settings)
        posts.append(Post(store) if complete is None else Post(store, complete))
        return posts[-1].start()

    yield build
    for post in posts:
        await post.stop()


@pytest.fixture
async def post(opened, store_path):
    """An empty store, in memory and in a file."""
    return opened(store_path)


@pytest.fixture
def brisk(monkeypatch):
    """Upkeep does not wait long for silence."""
    monkeypatch.setattr(thread, "QUIET_SECONDS", 0.001)
    monkeypatch.setattr(thread, "IDLE_SECONDS", 0.01)


@pytest.fixture
def heard(monkeypatch):
    """Makes an event of the loop that is set after each call of a method, made in whatever thread."""

    def listen(owner: object, name: str) -> asyncio.Event:
        loop, event, method = asyncio.get_running_loop(), asyncio.Event(), getattr(owner, name)

        def call(*values, **named):
            result = method(*values, **named)
            loop.call_soon_threadsafe(event.set)
            return result

        monkeypatch.setattr(owner, name, call)
        return event

    return listen
