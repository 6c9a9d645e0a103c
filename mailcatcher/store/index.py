"""What searches look in: the index of words, and the short texts that are searched for parts of words.

Both follow the messages at a short distance. A transaction that touches an FTS5 table leaves a segment that has to be merged
later, which costs more than the words themselves when transactions are small. So rows wait here until there are enough of
them, until it is quiet, or until somebody asks: a query never sees an index that is behind. What waits when the process is
killed is made again at the next start.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import apsw
import msgspec

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import Message, parse
from mailcatcher.schema import Summary
from mailcatcher.search.document import SUBSTRINGS, columns, substrings
from mailcatcher.search.words import COLUMNS, fold
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.database import transaction
from mailcatcher.store.insert import Inserter

logger = logging.getLogger(__name__)

LAG = 64
"""Rows that are added at once under load: more make merging hardly cheaper, and the mail that comes meanwhile waits for all of them."""

Row = tuple[Any, ...]  # `seq`, then the folded columns of `words` and the fields of `folded`

_WORDS = ("rowid", *COLUMNS)
_FOLDED = ("seq", *(f'"{field}"' for field in SUBSTRINGS))
_ONE = f"INSERT INTO words ({', '.join(_WORDS)}) VALUES ({','.join('?' * len(_WORDS))})"
_BLOCK = _ONE + f", ({','.join('?' * len(_WORDS))})" * (LAG - 1)


class WordIndex:
    """Adds rows to the index; belongs to the store thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._folded = Inserter(connection, "folded", _FOLDED)
        self.waiting: list[Row] = list(self._missing())

    def add(self, arrival: Arrival) -> None:
        """Let the messages of a stored arrival wait for their rows."""
        assert arrival.message is not None
        row = _row(arrival.message, arrival.envelope)
        self.waiting += [(seq, *row) for seq in arrival.seqs]

    def flush(self) -> int:
        """Make the index complete; the number of rows added. Raises apsw.Error, and then everything still waits."""
        return self._insert(len(self.waiting))

    def flush_blocks(self) -> int:
        """Add as many whole blocks of LAG as wait; the number of rows added. Raises apsw.Error."""
        return self._insert(len(self.waiting) // LAG * LAG)

    def _insert(self, count: int) -> int:
        rows = self.waiting[:count]
        if not rows:
            return 0
        width = len(_WORDS)
        words = [row[:width] for row in rows]
        with transaction(self._connection):
            # FTS5 writes a segment at every statement with several rows, since that has a savepoint of its own: one for each
            # whole block, and one for all that is left, row by row.
            for start in range(0, count - LAG + 1, LAG):
                self._connection.execute(_BLOCK, tuple(chain.from_iterable(words[start : start + LAG])))
            self._connection.executemany(_ONE, words[count // LAG * LAG :])
            self._folded.insert([(row[0], *row[width:]) for row in rows])
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'indexed_seq'", (rows[-1][0],))
        del self.waiting[:count]
        return count

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
            yield (seq, *_row(parse(bytes(raw)), stored_envelope(summary, envelope)))


def _row(message: Message, envelope: Envelope) -> Row:
    """The texts of one message. Their makers are total; a mistake there must not undo what was acknowledged."""
    try:
        return (*map(fold, columns(message, envelope)), *substrings(message, envelope))
    except Exception:
        logger.exception("a message could not be indexed")
        return ("",) * (len(COLUMNS) + len(SUBSTRINGS))


def stored_envelope(summary: bytes, envelope: bytes | None) -> Envelope:
    """The envelope of a record: kept apart only if it has ESMTP parameters, else the summary has all of it."""
    if envelope is not None:
        return _envelope(envelope)
    kept = _summary(summary)
    return Envelope(kept.sender, tuple(map(Recipient, kept.recipients)))


_summary = msgspec.json.Decoder(Summary).decode
_envelope = msgspec.json.Decoder(Envelope).decode
