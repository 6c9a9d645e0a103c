"""A query as SQL.

If words must match, their index drives; else the short texts of `folded`, if parts of words are looked for; else the narrow
row `message`. What remains becomes conditions. Reading all the short texts costs a search less than an index of trigrams
costs every mail. Headers are found by their words, then verified in the raw message. No query reads every `record` or `content`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mailcatcher.search import tree
from mailcatcher.search.tree import Query
from mailcatcher.search.words import BETWEEN, words
from mailcatcher.store.writing import HAS, NULL_SENDER, microseconds

Value = str | int | float | None
Condition = tuple[str, tuple[Value, ...]]

_BEFORE_WORD = f"*[{BETWEEN}]"
_GLOB_SPECIAL = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


@dataclass(frozen=True, slots=True)
class Plan:
    """`FROM … WHERE …` with its values; `key` is the column to order by."""

    driver: str = "message m"  # or `words`, `folded f`
    conditions: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()

    @property
    def key(self) -> str:
        """The column that gives the order; each driver delivers it sorted."""
        return {"words": "words.rowid", "folded f": "f.seq"}.get(self.driver, "m.seq")

    @property
    def sql(self) -> str:
        """From FROM to the last condition; CROSS JOIN keeps the order of the tables."""
        where = " AND ".join(self.conditions)
        source = self.driver if self.driver == "message m" else f"{self.driver} CROSS JOIN message m ON m.seq = {self.key}"
        for alias, table in (("f", "folded f"), ("r", "record r")):
            if f"{alias}." in where and table != self.driver:
                source += f" CROSS JOIN {table} ON {alias}.seq = m.seq"
        return f"FROM {source} WHERE {where}"

    def where(self, condition: str, *values: Value) -> "Plan":
        """The plan with one more condition over `m` (message), `f` (folded) and `r` (record)."""
        return replace(self, conditions=(*self.conditions, condition), values=(*self.values, *values))


def compiled(query: Query, mailbox: str | None) -> Plan:
    """The plan for the visible messages of a mailbox (of all: None) that match."""
    items = query.items if isinstance(query, tree.And) else (query,)
    match = " AND ".join(f"({_match(item)})" for item in items if _is_words(item))
    parts = [item for item in items if isinstance(item, (tree.Substring, tree.WordStart))]
    unindexed = "folded f" if parts and mailbox is None else "message m"
    plan = Plan("words").where("words MATCH ?", match) if match else Plan(unindexed)
    # What the driver itself can decide comes first.
    for item in (*parts, *(item for item in items if item not in parts and not _is_words(item))):
        if not isinstance(item, tree.All):
            condition, values = _condition(item)
            plan = plan.where(condition, *values)
    plan = plan.where("m.deletion_id IS NULL")
    if mailbox is not None:
        plan = plan.where("m.mailbox_id = (SELECT id FROM mailbox WHERE name = ?)", mailbox)
    return plan


def asks_index(item: Query) -> bool:
    """Whether texts are searched, whose index has to be complete then."""
    if isinstance(item, (tree.And, tree.Or)):
        return any(map(asks_index, item.items))
    return (
        asks_index(item.item) if isinstance(item, tree.Not) else isinstance(item, (tree.Words, tree.Header, tree.Substring, tree.WordStart))
    )


def _is_words(item: Query) -> bool:
    """Whether the index of words alone decides the item."""
    if isinstance(item, (tree.And, tree.Or)):
        return all(map(_is_words, item.items))
    return isinstance(item, tree.Words)


def _match(item: Query) -> str:
    """The item as an FTS5 expression."""
    if isinstance(item, tree.Words):
        return _phrase(item.columns, item.words, prefix=item.prefix)
    assert isinstance(item, (tree.And, tree.Or))
    return (" AND " if isinstance(item, tree.And) else " OR ").join(f"({_match(child)})" for child in item.items)


def _phrase(columns: tuple[str, ...] | None, sought: Sequence[str], *, prefix: bool = False) -> str:
    scope = f"{{{' '.join(columns)}}} : " if columns else ""
    return f'{scope}"{" ".join(sought)}"{" *" if prefix else ""}'


def _condition(item: Query) -> Condition:
    if _is_words(item):
        return _in_words(_match(item))
    if isinstance(item, (tree.And, tree.Or)):
        parts = [_condition(child) for child in item.items]
        joined = (" AND " if isinstance(item, tree.And) else " OR ").join(sql for sql, _ in parts)
        return f"({joined})", tuple(value for _, values in parts for value in values)
    if isinstance(item, tree.Not):
        sql, values = _condition(item.item)
        return f"NOT {sql}", values
    return _TERMS[type(item)](item)


def _in_words(match: str) -> Condition:
    return "m.seq IN (SELECT rowid FROM words WHERE words MATCH ?)", (match,)


def _substring(item: tree.Substring) -> Condition:
    return _any_field(item.fields, "instr({}, ?) > 0", item.needle)


def _word_start(item: tree.WordStart) -> Condition:
    if not item.needle.startswith(item.word[0]):
        return _any_field(item.fields, "instr({}, ?) > 0", item.needle)
    inside = f"{_BEFORE_WORD}{item.needle.translate(_GLOB_SPECIAL)}*"
    return _any_field(item.fields, f"(substr({{0}}, 1, {len(item.needle)}) = ? OR {{0}} GLOB ?)", item.needle, inside)


def _any_field(fields: Sequence[str], test: str, *values: Value) -> Condition:
    tests = " OR ".join(test.format(f'f."{field}"') for field in fields)
    return f"({tests})", values * len(fields)


def _header(item: tree.Header) -> Condition:
    sql, values = _in_words(_phrase(("headers",), words(item.name)))
    if item.words:
        sql = f"{sql} AND {sql}"
        values = (*values, _phrase(("headers",), item.words, prefix=item.prefix))
    verified = "has_header((SELECT raw FROM content WHERE id = r.content_id), ?, ?, ?)"
    return f"({sql} AND {verified})", (*values, item.name, " ".join(item.words), int(item.prefix))


def _exact(item: tree.Exact) -> Condition:
    if item.field == "mailbox":
        # Compared with one value, the index delivers the order; 0 is no mailbox, so that NOT holds for an unknown name.
        return "m.mailbox_id = coalesce((SELECT id FROM mailbox WHERE name = ?), 0)", (item.value,)
    return {"session": "m.session_id IS ?", "user": "m.user IS ?"}[item.field], (item.value,)


_TERMS: dict[type, Callable[..., Condition]] = {
    tree.All: lambda _: ("1", ()),
    tree.Substring: _substring,
    tree.WordStart: _word_start,
    tree.Header: _header,
    tree.Has: lambda item: (f"(m.has & {HAS[item.flag]}) <> 0", ()),
    tree.Is: lambda item: (f"m.read = {int(item.state == 'read')}", ()),
    tree.Exact: _exact,
    tree.Before: lambda item: ("m.received_at < ?", (microseconds(item.at),)),
    tree.After: lambda item: ("m.received_at >= ?", (microseconds(item.at),)),
    tree.Larger: lambda item: ("m.size_bytes > ?", (item.size_bytes,)),
    tree.Smaller: lambda item: ("m.size_bytes < ?", (item.size_bytes,)),
    tree.NullSender: lambda _: (f"(m.has & {NULL_SENDER}) <> 0", ()),
}
