"""Changes to stored messages: the read flag, deletion with undo, retention. All of it runs in the store thread."""

import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import apsw

from mailcatcher.errors import NotFound
from mailcatcher.store.base import Counts, Selector, Touched
from mailcatcher.store.database import transaction
from mailcatcher.store.index import WordIndex
from mailcatcher.store.reading import Reader

SLICE = 500
"""Rows a transaction of a purge: about as long as one batch of mail."""


class Totals:
    """What each mailbox holds now, so that no list has to count; replaced as a whole, never changed in place."""

    def __init__(self, connection: apsw.Connection) -> None:
        rows = connection.execute(
            "SELECT name, count(*), sum(read = 0), sum(size_bytes) FROM message JOIN mailbox ON id = mailbox_id "
            "WHERE deletion_id IS NULL GROUP BY mailbox_id"
        )
        self.by_mailbox = {name: Counts(messages, unread, size) for name, messages, unread, size in rows}
        self.all = Counts()
        self._sum()

    def add(self, mailbox: str, messages: int, unread: int, size_bytes: int) -> None:
        """Count some more, or fewer, of one mailbox."""
        now = self.by_mailbox.get(mailbox, Counts())
        new = Counts(now.messages + messages, now.unread + unread, now.size_bytes + size_bytes)
        if new.messages:
            self.by_mailbox[mailbox] = new
        else:
            self.by_mailbox.pop(mailbox, None)
        total = self.all
        self.all = Counts(total.messages + messages, total.unread + unread, total.size_bytes + size_bytes)

    def of(self, mailbox: str | None) -> Counts:
        """The counts of one mailbox, or of all."""
        return self.all if mailbox is None else self.by_mailbox.get(mailbox, Counts())

    def _sum(self) -> None:
        values = self.by_mailbox.values()
        self.all = Counts(
            sum(counts.messages for counts in values),
            sum(counts.unread for counts in values),
            sum(counts.size_bytes for counts in values),
        )


class Changer:
    """Carries out changes on the writing connection."""

    def __init__(self, connection: apsw.Connection, reader: Reader, totals: Totals, index: WordIndex) -> None:
        self._connection = connection
        self._reader = reader
        self._totals = totals
        self._index = index
        self._waiting = bool(connection.execute("SELECT count(*) FROM deletion").get)

    def mark(self, selector: Selector, *, read: bool) -> Touched:
        """Set the read flag of all selected messages that do not have it yet."""
        seqs = self._reader.seqs(selector, f"m.read = {int(not read)}")
        with transaction(self._connection):
            for block in blocks(seqs):
                self._connection.execute(
                    f"UPDATE message SET read = {int(read)} WHERE seq IN ({_marks(block)})",
                    block,
                )
        touched = self._touched(seqs)
        for mailbox, ids in touched.items():
            self._totals.add(mailbox, 0, -len(ids) if read else len(ids), 0)
        return Touched(touched)

    def delete(self, selector: Selector, *, keep_seconds: float) -> Touched:
        """Hide all selected messages; what may be undone has a token."""
        return self._hide(self._reader.seqs(selector), keep_seconds, selector.mailbox)

    def prune(self, max_messages: int) -> Touched:
        """Hide the oldest messages above `max_messages`, for good."""
        excess = self._totals.all.messages - max_messages
        seqs = [seq for (seq,) in self._connection.execute(
            "SELECT seq FROM message WHERE deletion_id IS NULL ORDER BY seq LIMIT ?", (max(excess, 0),)
        )]  # fmt: skip
        return self._hide(seqs, 0, None)

    def restore(self, token: str) -> Touched:
        """Bring back what one deletion hid. Raises NotFound for an unknown or expired token."""
        deletion = self._connection.execute("SELECT id FROM deletion WHERE token = ? AND expires_at > ?", (token, _now())).get
        if deletion is None:
            raise NotFound("this deletion cannot be undone: the token is unknown or its time is over")
        rows = self._connection.execute("SELECT seq FROM message WHERE deletion_id = ?", (deletion,))
        seqs = [seq for (seq,) in rows]
        with transaction(self._connection):
            self._connection.execute("UPDATE message SET deletion_id = NULL WHERE deletion_id = ?", (deletion,))
            self._connection.execute("DELETE FROM deletion WHERE id = ?", (deletion,))
        touched = self._touched(seqs)
        self._count(seqs, 1)
        return Touched(touched)

    def purge(self) -> bool:
        """Remove one slice of what was deleted for good; False when nothing is left to remove now."""
        if not self._waiting:
            return False
        expired = self._connection.execute("SELECT id FROM deletion WHERE expires_at <= ? LIMIT 1", (_now(),)).get
        if expired is None:
            self._waiting = bool(self._connection.execute("SELECT count(*) FROM deletion").get)
            return False
        rows = self._connection.execute("SELECT seq FROM message WHERE deletion_id = ? LIMIT ?", (expired, SLICE))
        seqs = [seq for (seq,) in rows]
        with transaction(self._connection):
            if seqs:
                self._remove(seqs)
            if len(seqs) < SLICE:
                self._connection.execute("DELETE FROM deletion WHERE id = ?", (expired,))
        return True

    @property
    def waiting(self) -> bool:
        """Whether a deletion is still to be carried out, now or when its time to undo is over."""
        return self._waiting

    def _hide(self, seqs: list[int], keep_seconds: float, mailbox: str | None) -> Touched:
        if not seqs:
            return Touched({})
        token = secrets.token_urlsafe(12)
        expires_at = _now() + round(keep_seconds * 1_000_000)
        with transaction(self._connection):
            self._connection.execute("INSERT INTO deletion (token, expires_at) VALUES (?, ?)", (token, expires_at))
            deletion = self._connection.last_insert_rowid()
            for block in blocks(seqs):
                self._connection.execute(
                    f"UPDATE message SET deletion_id = {deletion} WHERE seq IN ({_marks(block)})",
                    block,
                )
        self._count(seqs, -1)
        self._waiting = True
        everything = self._totals.of(mailbox).messages == 0
        if keep_seconds <= 0:
            return Touched(self._touched(seqs), everything)
        return Touched(self._touched(seqs), everything, token, datetime.fromtimestamp(expires_at / 1_000_000, UTC))

    def _remove(self, seqs: Sequence[int]) -> None:
        marks = _marks(seqs)
        execute = self._connection.execute
        self._index.forget(seqs)
        if len(seqs) == execute("SELECT count(*) FROM (SELECT 1 FROM message LIMIT ?)", (len(seqs) + 1,)).get:
            # With the last messages gone an empty index is made: cheaper than taking every word out.
            execute("INSERT INTO words(words) VALUES ('delete-all')")
        else:
            execute(f"DELETE FROM words WHERE rowid IN ({marks})", seqs)
        contents = [key for (key,) in execute(f"SELECT DISTINCT content_id FROM record WHERE seq IN ({marks})", seqs)]
        execute(f"DELETE FROM message WHERE seq IN ({marks})", seqs)
        execute(f"DELETE FROM folded WHERE seq IN ({marks})", seqs)
        execute(f"DELETE FROM record WHERE seq IN ({marks})", seqs)
        # A content stays while its first message or another one refers to it.
        execute(
            f"DELETE FROM content WHERE id IN ({_marks(contents)}) "
            "AND NOT EXISTS (SELECT 1 FROM record WHERE seq = content.id) "
            "AND NOT EXISTS (SELECT 1 FROM record WHERE content_id = content.id AND content_id <> seq)",
            contents,
        )

    def _touched(self, seqs: Sequence[int]) -> dict[str, list[str]]:
        touched: dict[str, list[str]] = {}
        for block in blocks(seqs):
            rows = self._connection.execute(
                "SELECT b.name, r.id FROM record r JOIN message m ON m.seq = r.seq JOIN mailbox b ON b.id = m.mailbox_id "
                f"WHERE r.seq IN ({_marks(block)}) ORDER BY r.seq",
                block,
            )
            for mailbox, message_id in rows:
                touched.setdefault(mailbox, []).append(message_id)
        return touched

    def _count(self, seqs: Sequence[int], sign: int) -> None:
        for block in blocks(seqs):
            rows = self._connection.execute(
                "SELECT b.name, count(*), sum(m.read = 0), sum(m.size_bytes) FROM message m JOIN mailbox b ON b.id = m.mailbox_id "
                f"WHERE m.seq IN ({_marks(block)}) GROUP BY b.id",
                block,
            )
            for mailbox, messages, unread, size in rows:
                self._totals.add(mailbox, sign * messages, sign * unread, sign * size)


def blocks(seqs: Sequence[int], size: int = 10_000) -> Iterator[Sequence[int]]:
    """The numbers in blocks that fit into one statement."""
    for start in range(0, len(seqs), size):
        yield seqs[start : start + size]


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


def _now() -> int:
    return int(time.time() * 1_000_000)
