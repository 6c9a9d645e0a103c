"""Reading messages on one connection, whichever it is."""

from collections.abc import Iterable
from typing import Any

import apsw
import msgspec

from mailcatcher.errors import BadCursor, NotFound, StoreBusy
from mailcatcher.schema import Summary
from mailcatcher.search.tree import All, Query
from mailcatcher.store.base import Counts, Kept, Page, Selector
from mailcatcher.store.database import Deadline
from mailcatcher.store.ids import seq_of
from mailcatcher.store.index import stored_envelope
from mailcatcher.store.query import Plan, compiled

_KEPT = "r.summary, m.read, r.envelope, r.attempt_id"
_RAW = "(SELECT raw FROM content WHERE id = r.content_id)"

_summary = msgspec.json.Decoder(Summary).decode


class Reader:
    """The questions a store answers. With a deadline, one that takes too long raises StoreBusy."""

    def __init__(self, connection: apsw.Connection, deadline: Deadline | None = None) -> None:
        self._connection = connection
        self._deadline = deadline

    def find(
        self,
        query: Query,
        *,
        mailbox: str | None,
        limit: int,
        cursor: str | None,
        offset: int,
        oldest_first: bool,
        counts: Counts | None,
    ) -> Page:
        """One page; `counts` are those of the whole scope if they are known already."""
        plan = compiled(query, mailbox)
        behind = None if cursor is None else _cursor_seq(cursor, oldest_first)
        seqs = self._page(plan, behind, limit + 1, offset, oldest_first) if limit else []
        messages = self._summaries(seqs[:limit], oldest_first)
        more = len(seqs) > limit
        if limit and not more and not offset and cursor is None:
            total, unread = len(messages), sum(not message.read for message in messages)
        elif counts is not None and query == All():
            total, unread = counts.messages, counts.unread
        elif limit and not offset and cursor is None:  # only what follows the page is still unknown
            order = ">" if oldest_first else "<"
            total, unread = self._count(plan.where(f"{plan.key} {order} ?", seqs[limit - 1]))
            total, unread = total + limit, unread + sum(not message.read for message in messages)
        else:
            total, unread = self._count(plan)
        return Page(tuple(messages), total, unread, _cursor(seqs[limit - 1], oldest_first) if more else None)

    def between(self, query: Query, *, mailbox: str | None, after_seq: int, up_to_seq: int, limit: int) -> tuple[list[Summary], int]:
        """The oldest matches with `seq` in (after, up to], and how many there are."""
        plan = compiled(query, mailbox)
        plan = plan.where(f"{plan.key} > ? AND {plan.key} <= ?", after_seq, up_to_seq)
        seqs = self._page(plan, None, limit, 0, True)
        matched = len(seqs) if len(seqs) < limit else self._count(plan)[0]
        return self._summaries(seqs, True), matched

    def get(self, message_id: str) -> Kept:
        """One message. Raises NotFound."""
        return _kept(*self._row(_KEPT, message_id))

    def load(self, message_id: str) -> tuple[Kept, bytes]:
        """One message with its raw. Raises NotFound."""
        *row, raw = self._row(f"{_KEPT}, {_RAW}", message_id)
        return _kept(*row), bytes(raw)

    def raw(self, message_id: str) -> bytes:
        """The bytes exactly as they came. Raises NotFound."""
        (raw,) = self._row(_RAW, message_id)
        return bytes(raw)

    def latest(self, query: Query, *, mailbox: str | None) -> str:
        """The id of the newest match. Raises NotFound."""
        plan = compiled(query, mailbox).where("r.id IS NOT NULL")
        rows = self._rows(f"SELECT r.id {plan.sql} ORDER BY {plan.key} DESC LIMIT 1", plan.values)
        if not rows:
            raise NotFound("there is no message yet" if query == All() else "no message matches")
        return str(rows[0][0])

    def seqs(self, selector: Selector, condition: str = "1") -> list[int]:
        """All selected messages, oldest first; `condition` is SQL over `message m`."""
        plan = compiled(selector.query, selector.mailbox).where(condition)
        if selector.ids is not None:
            return sorted(self._known(selector.ids, plan))
        return self._page(plan, None, -1, 0, True)

    def _known(self, ids: Iterable[str], plan: Plan) -> set[int]:
        known = set()
        for message_id in ids:
            if (seq := seq_of(message_id)) is not None:
                narrowed = plan.where("m.seq = ?", seq).where("r.id = ?", message_id.upper())
                known.update(self._page(narrowed, None, 1, 0, True))
        return known

    def _page(self, plan: Plan, behind: int | None, limit: int, offset: int, oldest_first: bool) -> list[int]:
        if behind is not None:
            plan = plan.where(f"{plan.key} {'>' if oldest_first else '<'} ?", behind)
        order = "ASC" if oldest_first else "DESC"
        sql = f"SELECT m.seq {plan.sql} ORDER BY {plan.key} {order} LIMIT ? OFFSET ?"
        return [seq for (seq,) in self._rows(sql, (*plan.values, limit, offset))]

    def _count(self, plan: Plan) -> tuple[int, int]:
        total, unread = self._rows(f"SELECT count(*), coalesce(sum(m.read = 0), 0) {plan.sql}", plan.values)[0]
        return total, unread

    def _summaries(self, seqs: list[int], oldest_first: bool) -> list[Summary]:
        order = "ASC" if oldest_first else "DESC"
        rows = self._rows(
            "SELECT r.summary, m.read FROM message m CROSS JOIN record r ON r.seq = m.seq "
            f"WHERE m.seq IN ({','.join('?' * len(seqs))}) ORDER BY m.seq {order}",
            seqs,
        )
        return [_with_state(_summary(summary), read) for summary, read in rows]

    def _row(self, columns: str, message_id: str) -> tuple[Any, ...]:
        sql = f"SELECT {columns} FROM message m JOIN record r ON r.seq = m.seq WHERE m.seq = ? AND r.id = ? AND m.deletion_id IS NULL"
        seq = seq_of(message_id)
        rows = [] if seq is None else self._rows(sql, (seq, message_id.upper()))
        if not rows:
            raise NotFound(f"no message {message_id[:64]!r}")
        return rows[0]

    def _rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        if self._deadline is None:
            return self._connection.execute(sql, tuple(values)).fetchall()
        self._deadline.start()
        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except apsw.InterruptError as error:
            raise StoreBusy("the query took too long: narrow it, for example with `after:` or a field") from error
        finally:
            self._deadline.clear()


def _kept(summary: bytes, read: int, envelope: bytes | None, attempt_id: str | None) -> Kept:
    return Kept(_with_state(_summary(summary), read), stored_envelope(summary, envelope), attempt_id)


def _with_state(summary: Summary, read: int) -> Summary:
    return msgspec.structs.replace(summary, read=True) if read else summary


def _cursor(seq: int, oldest_first: bool) -> str:
    return f"{'o' if oldest_first else 'n'}{seq}"


def _cursor_seq(cursor: str, oldest_first: bool) -> int:
    kind, number = cursor[:1], cursor[1:]
    if kind not in ("n", "o") or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadCursor(f"{cursor[:40]!r} is not a cursor of this server: use `next_cursor` of a list")
    if (kind == "o") != oldest_first:
        raise BadCursor("the cursor belongs to a list with another `sort`")
    return int(number)
