"""Turning a batch of arrivals into rows, in one transaction."""

import time
from collections.abc import Sequence
from datetime import datetime

import apsw
import msgspec

from mailcatcher.mail.envelope import Envelope
from mailcatcher.mail.message import Message
from mailcatcher.schema import Summary, encode
from mailcatcher.search.document import FLAGS, flags
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.store.base import Filed
from mailcatcher.store.ids import Ids
from mailcatcher.store.insert import Inserter

HAS = {flag: 1 << place for place, flag in enumerate(FLAGS)}
"""Bits of `message.has`."""

NULL_SENDER = 1 << len(FLAGS)
"""The bit of `message.has` for the null sender, which no index of words can hold."""

_MESSAGE = ("seq", "mailbox_id", "received_at", "size_bytes", "has", "session_id", "user")
_COUNTERS = "UPDATE meta SET value = iif(key = 'last_seq', ?, ?) WHERE key IN ('last_seq', 'last_milliseconds')"
_RECORD = ("seq", "id", "content_id", "attempt_id", "summary", "envelope")


class Rows:
    """The rows of one batch, a list a table; built before the transaction begins."""

    __slots__ = ("content", "message", "record")

    def __init__(self) -> None:
        self.message: list[tuple[object, ...]] = []
        self.record: list[tuple[object, ...]] = []
        self.content: list[tuple[object, ...]] = []


class Writer:
    """Gives each message its `seq` and id, and inserts its rows. Belongs to the store thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        self.last_seq: int = meta["last_seq"]
        self._ids = Ids(meta["salt"], meta["last_milliseconds"])
        self._mailboxes: dict[str, int] = {name: key for key, name in connection.execute("SELECT id, name FROM mailbox")}
        self._message = Inserter(connection, "message", _MESSAGE)
        self._record = Inserter(connection, "record", _RECORD)
        self._content = Inserter(connection, "content", ("id", "raw"))

    def write(self, batch: Sequence[Filed]) -> None:
        """Commit every delivery of the batch, or none; fills ids, seqs and rows. Raises apsw.Error."""
        before = self.last_seq
        rows = Rows()
        for filed in batch:
            filed.rows.clear()
            self._prepare(filed, rows)
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            self._message.insert(rows.message)
            self._record.insert(rows.record)
            self._content.insert(rows.content)
            execute(_COUNTERS, (self.last_seq, self._ids.milliseconds))
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            self.last_seq = before
            raise

    def mailbox_id(self, name: str) -> int:
        """The row of a mailbox, made on first use."""
        key = self._mailboxes.get(name)
        if key is None:
            self._connection.execute("INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            key = self._connection.execute("SELECT id FROM mailbox WHERE name = ?", (name,)).get
            self._mailboxes[name] = key
        return key

    def _prepare(self, filed: Filed, rows: Rows) -> None:
        arrival = filed.arrival
        message, envelope = arrival.message, arrival.envelope
        assert message is not None
        milliseconds = int(time.time() * 1000)
        received_at = microseconds(arrival.received_at)
        has = flags(message) | (0 if envelope.sender else NULL_SENDER)
        envelope_json = encode(envelope) if _has_options(envelope) else None
        ids, seqs, content_id = [], [], self.last_seq + 1
        for mailbox in arrival.mailboxes:
            self.last_seq = seq = self.last_seq + 1
            message_id = self._ids.next(seq, milliseconds)
            ids.append(message_id)
            seqs.append(seq)
            summary = encode(_summary(arrival, message, mailbox, message_id, seq))
            filed.rows.append((mailbox, msgspec.Raw(summary)))
            rows.message.append((seq, self.mailbox_id(mailbox), received_at, len(arrival.raw), has, arrival.session_id, arrival.user))
            rows.record.append((seq, message_id, content_id, arrival.attempt_id, summary, envelope_json))
        rows.content.append((content_id, arrival.raw))
        arrival.ids, arrival.seqs = tuple(ids), tuple(seqs)


def microseconds(moment: datetime) -> int:
    """An aware time as microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)


def _has_options(envelope: Envelope) -> bool:
    return bool(envelope.options) or any(recipient.options for recipient in envelope.recipients)


def _summary(arrival: Arrival, message: Message, mailbox: str, message_id: str, seq: int) -> Summary:
    envelope = arrival.envelope
    return Summary(
        message_id,
        seq,
        mailbox,
        arrival.received_at,
        message.date,
        message.subject,
        message.from_,
        message.to,
        message.cc,
        message.reply_to,
        envelope.sender,
        envelope.addresses,
        message.snippet,
        message.code,
        arrival.tags,
        False,
        False,
        len(arrival.raw),
        message.attachments_count,
        len(message.defects),
        arrival.session_id,
    )
