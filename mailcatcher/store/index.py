"""The index of words, which follows the messages at a short distance.

Each transaction that touches an FTS5 table leaves a segment that has to be merged later, which costs more than the words
themselves when transactions are small. So rows wait here until there are enough of them, until it is quiet, or until somebody
asks: a query never sees an index that is behind. What waits when the process is killed is made again at the next start.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import apsw
import msgspec

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import parse
from mailcatcher.schema import Summary
from mailcatcher.search.document import columns
from mailcatcher.search.words import COLUMNS, fold
from mailcatcher.store.database import transaction
from mailcatcher.store.insert import Inserter

LAG = 64
"""Rows that wait at most: more make merging hardly cheaper, and the mail that comes meanwhile waits for all of them."""

Row = tuple[Any, ...]  # `seq` and the folded text of each column


class WordIndex:
    """Adds rows to the index; belongs to the store thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._inserter = Inserter(connection, "words", ("rowid", *COLUMNS))
        self.waiting: list[Row] = list(self._missing())

    def flush(self) -> int:
        """Make the index complete; the number of rows added. Raises apsw.Error, and then everything still waits."""
        rows = self.waiting
        if not rows:
            return 0
        with transaction(self._connection):
            self._inserter.insert(rows)
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'indexed_seq'", (rows[-1][0],))
        self.waiting = []
        return len(rows)

    def forget(self, seqs: Iterable[int]) -> None:
        """Messages are being removed: those that wait need not be added."""
        gone = set(seqs)
        self.waiting = [row for row in self.waiting if row[0] not in gone]

    def _missing(self) -> Iterator[Row]:
        """The rows of messages that were stored but not indexed when the process ended."""
        indexed = self._connection.execute("SELECT value FROM meta WHERE key = 'indexed_seq'").get
        stored = self._connection.execute(
            "SELECT seq, summary, envelope, raw FROM record JOIN content ON content.id = content_id WHERE seq > ? ORDER BY seq", (indexed,)
        ).fetchall()
        rows: list[Row] = stored
        for seq, summary, envelope, raw in rows:
            yield (seq, *map(fold, columns(parse(bytes(raw)), stored_envelope(summary, envelope))))


def stored_envelope(summary: bytes, envelope: bytes | None) -> Envelope:
    """The envelope of a record: kept apart only if it has ESMTP parameters, else the summary has all of it."""
    if envelope is not None:
        return _envelope(envelope)
    kept = _summary(summary)
    return Envelope(kept.sender, tuple(map(Recipient, kept.recipients)))


_summary = msgspec.json.Decoder(Summary).decode
_envelope = msgspec.json.Decoder(Envelope).decode
