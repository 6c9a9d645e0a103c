"""Opening a database: versions, settings of the connection, schema.

meta        salt, last_seq, last_milliseconds
mailbox     name of each mailbox
deletion    a deletion that can still be undone, or waits to be carried out
message     the narrow row every list and count looks at; `deletion_id` hides it
folded      folded text of the fields that are searched by substring
record      the rest of a message: id, summary as JSON
content     raw, by the `seq` of the first message that refers to it
words       index of words over the columns of `search.words.COLUMNS`, by `seq`
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from mailcatcher.errors import StoreError, StoreFull, StoreVersionError
from mailcatcher.mail.budget import DEFAULT_BUDGET
from mailcatcher.mail.encoded import decoded
from mailcatcher.mail.headers import fields
from mailcatcher.mail.reading import Reading
from mailcatcher.search.document import SUBSTRINGS, header_lines
from mailcatcher.search.matches import header_matches
from mailcatcher.search.tree import Header
from mailcatcher.search.words import COLUMNS, fold

MINIMUM_SQLITE = (3, 43, 0)
"""The first with `contentless_delete` in FTS5."""

APPLICATION_ID = 0x6D636174  # "mcat", so that another program's database is recognised

STATEMENT_SECONDS = 2.0
"""A reading statement is stopped after this; a person has given up by then."""

BUSY_SECONDS = 5.0
"""How long to wait for a lock that another program holds."""

_PROGRESS_STEPS = 20_000  # virtual machine steps between looks at the clock, well under a millisecond

_FOLDED = ", ".join(f'"{field}" TEXT NOT NULL' for field in SUBSTRINGS)
_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE mailbox (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE deletion (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, expires_at INTEGER NOT NULL)",
    """CREATE TABLE message (
        seq INTEGER PRIMARY KEY, mailbox_id INTEGER NOT NULL, received_at INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
        has INTEGER NOT NULL, read INTEGER NOT NULL DEFAULT 0, deletion_id INTEGER, session_id TEXT, user TEXT)""",
    "CREATE INDEX message_mailbox ON message (mailbox_id)",
    "CREATE INDEX message_deletion ON message (deletion_id) WHERE deletion_id IS NOT NULL",
    f"CREATE TABLE folded (seq INTEGER PRIMARY KEY, {_FOLDED})",
    """CREATE TABLE record (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL, content_id INTEGER NOT NULL, attempt_id TEXT, summary BLOB NOT NULL,
        envelope BLOB)""",
    "CREATE INDEX record_shared ON record (content_id) WHERE content_id <> seq",
    "CREATE TABLE content (id INTEGER PRIMARY KEY, raw BLOB NOT NULL)",
    f"CREATE VIRTUAL TABLE words USING fts5({', '.join(COLUMNS)}, content='', contentless_delete=1, tokenize='ascii')",
    # Merging is ours (`maintenance`): left to FTS5, every sixteenth commit stalls for 10 ms and more.
    "INSERT INTO words(words, rank) VALUES ('automerge', 0)",
    "INSERT INTO words(words, rank) VALUES ('usermerge', 16)",
    "INSERT INTO words(words, rank) VALUES ('crisismerge', 512)",
    "INSERT INTO meta VALUES ('last_seq', 0), ('last_milliseconds', 0), ('indexed_seq', 0)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Statements that lead from version n to n + 1; `user_version` counts them."""


def check_sqlite(version: str, options: tuple[str, ...]) -> None:
    """Raises StoreVersionError unless SQLite is new enough and has FTS5."""
    if tuple(int(part) for part in version.split(".")) < MINIMUM_SQLITE:
        needed = ".".join(map(str, MINIMUM_SQLITE))
        raise StoreVersionError(f"SQLite {version} is too old, {needed} is needed: upgrade the package apsw")
    if "ENABLE_FTS5" not in options:
        raise StoreVersionError("this SQLite was built without FTS5: install the package apsw from its wheel")


def open_writer(path: str, synchronous: str) -> apsw.Connection:
    """The one connection that writes, with the schema brought up to date.

    Raises StoreVersionError for a newer or foreign database, StoreError for one that cannot be opened.
    """
    check_sqlite(apsw.sqlite_lib_version(), apsw.compile_options)
    try:
        connection = apsw.Connection(path, statementcachesize=400)
    except apsw.Error as error:
        raise _unusable(path, error) from error
    with opening(connection, path):
        set_busy_timeout(connection)
        _refuse_foreign(connection, path)
        if path != ":memory:":
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", synchronous)
            connection.wal_autocheckpoint(0)
        connection.pragma("cache_size", -4_096)  # kB; the system caches the file, more of our own changes nothing
        register_functions(connection)
        _migrate(connection)
    return connection


@contextmanager
def opening(connection: apsw.Connection, path: str) -> Iterator[None]:
    """Close the connection if the block fails; what SQLite says becomes a StoreError."""
    try:
        yield
    except apsw.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except BaseException:
        connection.close()
        raise


def open_reader(path: str) -> apsw.Connection:
    """A connection that only reads a database file which `open_writer` opened before."""
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=200)
    set_busy_timeout(connection)
    connection.pragma("query_only", True)
    connection.pragma("cache_size", -2_048)
    register_functions(connection)
    return connection


def set_busy_timeout(connection: apsw.Connection, seconds: float | None = None) -> None:
    """How long the connection waits for a lock, BUSY_SECONDS if nothing else is said."""
    connection.set_busy_timeout(round((BUSY_SECONDS if seconds is None else seconds) * 1000))


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Commit what the block changes, or nothing. (APSW's own fails to say why when a full disk has rolled back already.)"""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def translated(error: apsw.Error) -> StoreError:
    """What SQLite says about a database in use, as an error of ours."""
    if isinstance(error, (apsw.FullError, apsw.IOError)):
        return StoreFull(f"the database could not be written: {error}")
    return StoreError(f"the database failed: {error}")


def register_functions(connection: apsw.Connection) -> None:
    """Give a connection `has_header(raw, name, words, prefix)`."""
    connection.create_scalar_function("has_header", _has_header, 4, deterministic=True)


def _has_header(*values: Any) -> bool:
    raw, name, sought, prefix = values
    end = raw.find(b"\n\r\n") + 1 or len(raw)
    end = raw.find(b"\n\n", 0, end) + 1 or end
    head = raw[:end]
    if name.encode() not in head.lower():  # reading the fields costs ten times as much
        return False
    found = [field for field in fields(Reading(head, DEFAULT_BUDGET), 0, len(head))[0] if field[0].lower() == name]
    if not sought:
        return bool(found)
    lines = header_lines(tuple((written, decoded(value)[0] if "=?" in value else value) for written, value in found))
    return header_matches(Header(name, tuple(sought.split()), bool(prefix)), fold(lines))


class Deadline:
    """Stops a connection's statements once their time is over; `start` and `clear` enclose one reading job."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._at = float("inf")
        connection.set_progress_handler(self._over, _PROGRESS_STEPS)

    def start(self) -> None:
        """From now on STATEMENT_SECONDS remain."""
        self._at = time.monotonic() + STATEMENT_SECONDS

    def clear(self) -> None:
        """No limit, as for writing."""
        self._at = float("inf")

    def _over(self) -> bool:
        return time.monotonic() > self._at


def _refuse_foreign(connection: apsw.Connection, path: str) -> None:
    version = connection.pragma("user_version")
    application = connection.pragma("application_id")
    if application not in (0, APPLICATION_ID) or (application == 0 and _has_tables(connection)):
        raise StoreVersionError(f"{path} is a database of another program: name a new file")
    if version > len(MIGRATIONS):
        raise StoreVersionError(
            f"{path} has schema version {version}, this program knows up to {len(MIGRATIONS)}: "
            "use the mailcatcher that made it, or a new file"
        )


def _has_tables(connection: apsw.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema").get)


def _migrate(connection: apsw.Connection) -> None:
    for number in range(connection.pragma("user_version"), len(MIGRATIONS)):
        with transaction(connection):
            if connection.pragma("user_version") != number:
                continue  # another process was faster
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            if number == 0:
                connection.execute("INSERT INTO meta VALUES ('salt', ?)", (secrets.randbits(40),))
                connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", number + 1)


def _unusable(path: str, error: apsw.Error) -> StoreError:
    return StoreError(f"cannot open the database {path}: {_reason(path, error)}")


def _reason(path: str, error: apsw.Error) -> str:
    if isinstance(error, apsw.CantOpenError):
        parent = Path(path).resolve().parent
        return f"the folder {parent} does not exist" if not parent.is_dir() else "no permission, or it is not a file"
    if isinstance(error, apsw.NotADBError):
        return "it is not an SQLite database"
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return "another program has locked it"
    if isinstance(error, apsw.ReadOnlyError):
        return "it may not be written"
    return str(error)
