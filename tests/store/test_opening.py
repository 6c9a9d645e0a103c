"""Databases that cannot be used, each refused with one clear line."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from mailcatcher.errors import StoreError, StoreVersionError
from mailcatcher.store import database, readers
from mailcatcher.store.database import APPLICATION_ID, MIGRATIONS, check_sqlite
from tests.store.posting import mail


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mail.db"


@pytest.fixture
def hasty(monkeypatch):
    """Locks are not waited for."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)


def sql(path: Path, *statements: str) -> None:
    with apsw_closing(path) as connection:
        for statement in statements:
            connection.execute(statement)


def apsw_closing(path: Path) -> closing[apsw.Connection]:
    return closing(apsw.Connection(str(path)))


@pytest.fixture
def refused(opened, path):
    """The line with which a store refuses to open; nothing of it stays behind."""

    async def refuse(kind: type[StoreError] = StoreError, *, shared: bool = False) -> str:
        threads = set(threading.enumerate())
        before = open_files(path)
        with pytest.raises(StoreError) as caught:
            opened(str(path))
        assert type(caught.value) is kind
        assert set(threading.enumerate()) == threads
        # While this process has a lock on the file SQLite may not close any descriptor of it.
        assert shared or open_files(path) == before
        text = str(caught.value)
        assert "\n" not in text
        assert str(path) in text
        return text

    return refuse


def open_files(path: Path) -> list[str]:
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except OSError:  # the one that lists the folder
            continue
    return [link for link in links if link.startswith(str(path))]


async def test_newer_database_is_refused(refused, opened, path):
    await (post := opened(str(path))).add()
    await post.stop()
    sql(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    text = await refused(StoreVersionError)
    assert f"schema version {len(MIGRATIONS) + 1}" in text
    assert "or a new file" in text


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (text)", "CREATE VIEW one AS SELECT 1", "PRAGMA application_id = 7"])
async def test_database_of_another_program_is_refused_and_left_alone(refused, path, statement):
    sql(path, statement, "PRAGMA user_version = 1")
    before = path.read_bytes()
    assert "another program: name a new file" in await refused(StoreVersionError)
    assert path.read_bytes() == before


async def test_database_with_our_mark_but_without_our_tables_is_refused(refused, path):
    sql(path, f"PRAGMA application_id = {APPLICATION_ID}", f"PRAGMA user_version = {len(MIGRATIONS)}")
    assert "cannot open the database" in await refused()


@pytest.mark.parametrize(
    "content", [b"this is a text file, much longer than any header of a database " * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
async def test_file_that_is_no_database_is_refused(refused, path, content):
    path.write_bytes(content)
    assert "it is not an SQLite database" in await refused()
    assert path.read_bytes() == content


async def test_damaged_database_is_refused(refused, opened, path):
    await (post := opened(str(path))).fill(200)
    await post.stop()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    assert "cannot open the database" in await refused()


async def test_folder_is_refused(refused, path):
    path.mkdir()
    assert "not a file" in await refused()


async def test_missing_folder_is_named(opened, tmp_path):
    with pytest.raises(StoreError, match=f"the folder {tmp_path / 'none'} does not exist"):
        opened(str(tmp_path / "none" / "mail.db"))
    assert not (tmp_path / "none").exists()


async def test_locked_database_is_refused(refused, opened, path, hasty):
    await opened(str(path)).stop()
    with apsw_closing(path) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "another program has locked it" in await refused(shared=True)


async def test_new_database_locked_by_another_program_is_refused(refused, path, hasty):
    with apsw_closing(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "another program has locked it" in await refused(shared=True)


async def test_file_that_may_not_be_written_is_refused(refused, opened, path, monkeypatch):
    await opened(str(path)).stop()
    sql(path, "PRAGMA journal_mode = delete")
    connection = apsw.Connection
    monkeypatch.setattr(database.apsw, "Connection", lambda name, **others: connection(name, flags=apsw.SQLITE_OPEN_READONLY, **others))
    assert "it may not be written" in await refused()


async def test_failed_migration_leaves_nothing_behind(refused, opened, path, monkeypatch):
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE more (x)", "CREATE TABLE more (x)")))
    await refused()
    with apsw_closing(path) as connection:
        assert connection.pragma("user_version") == len(MIGRATIONS)
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").get == 0
    monkeypatch.setattr(database, "MIGRATIONS", MIGRATIONS)
    await opened(str(path)).add()


async def test_older_database_is_brought_up_to_date_with_its_mail(opened, path, monkeypatch):
    post = opened(str(path))
    message_id = await post.add(mail("kept"))
    await post.stop()
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE more (x)",)))
    again = opened(str(path))
    assert await again.ids("kept") == [message_id]
    assert await again.rows("PRAGMA user_version") == [(len(MIGRATIONS) + 1,)]


async def test_database_in_use_is_refused(opened, path):
    """Two stores would give out the same numbers, and the second could not keep anything."""
    first = opened(str(path))
    with pytest.raises(StoreError, match="another mailcatcher is using it"):
        opened(str(path))
    await first.add()
    await first.stop()
    assert await opened(str(path)).ids()


async def test_database_is_one_file_after_a_stop(opened, path):
    post = opened(str(path))
    await post.fill(50)
    await post.ids("number")  # with readers
    await post.stop()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT count(*) FROM message").fetchone() == (50,)
    plain.close()


async def test_reader_that_cannot_be_opened_costs_only_its_question(opened, path, monkeypatch):
    """Too many open files, say."""
    post = opened(str(path))
    message_id = await post.add()
    original = readers.open_reader

    def refuse(_):
        raise apsw.CantOpenError("unable to open database file")

    monkeypatch.setattr(readers, "open_reader", refuse)
    for _ in range(3):
        with pytest.raises(StoreError, match="the database failed"):
            await post.store.get(message_id)
    monkeypatch.setattr(readers, "open_reader", original)
    assert (await post.store.get(message_id)).summary.id == message_id


@pytest.mark.parametrize("synchronous", ["normal", "full"])
async def test_synchronous_is_as_set(opened, path, synchronous):
    post = opened(str(path), synchronous=synchronous)
    assert await post.rows("PRAGMA synchronous") == [({"normal": 1, "full": 2}[synchronous],)]
    assert await post.rows("PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("name", ["with space.db", "per%cent?.db", "ümläut.db", "#hash&.db", "file:odd.db"])
async def test_odd_names_are_files(opened, tmp_path, name):
    post = opened(str(tmp_path / name))
    message_id = await post.add()
    assert await post.ids() == [message_id]
    await post.stop()
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize("version", ["3.43.0", "3.43.1", "3.100.0", "4.0.0", "3.54.1"])
def test_sqlite_new_enough_is_taken(version):
    check_sqlite(version, ("THREADSAFE=1", "ENABLE_FTS5"))


@pytest.mark.parametrize("version", ["3.42.0", "3.9.2", "2.99.0"])
def test_sqlite_too_old_is_refused(version):
    with pytest.raises(StoreVersionError, match=rf"SQLite {version} is too old, 3\.43\.0 is needed"):
        check_sqlite(version, ("ENABLE_FTS5",))


def test_sqlite_without_fts5_is_refused():
    with pytest.raises(StoreVersionError, match="FTS5"):
        check_sqlite("3.50.0", ("ENABLE_FTS4",))
