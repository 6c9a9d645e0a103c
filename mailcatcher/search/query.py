"""The query language: text in, tree out.

    query    = [either]                                 nothing: every message
    either   = all *("OR" all)
    all      = operand *(["AND"] operand)               binds tighter than OR
    operand  = *("-" / "NOT") (term / "(" either ")")
    term     = [field ":"] value                        header:Name, header:Name=value
    value    = bare ["*"] / DQUOTE *char DQUOTE ["*"]   in quotes \\" is a quote and \\\\ a backslash
    bare     = 1*char                                   without blanks, parentheses, quotes and "*"

OR, AND and NOT are operators in capitals only. Letters, digits, "-" and "_", the first a letter, before a colon are the
name of a field; `12:30` and `https://…` are text. A blank or a closing parenthesis ends a term. What is not in the
grammar is a QueryError with its position, never dropped.
"""

import re
from datetime import datetime

from mailcatcher.errors import QueryError
from mailcatcher.search.fields import FIELDS, Field, Value, unknown_field, words_term
from mailcatcher.search.tree import All, Query, Term, conjunction, disjunction, negation

MAX_CHARACTERS = 10_000
"""Of a query. A person writes 100, a program a list of ids."""
MAX_TERMS = 200
"""Of a query: each is a search in the index."""
MAX_DEPTH = 50
"""Of parentheses: SQLite takes expressions of depth 1,000, and each level of ours costs several."""

_BLANK = re.compile(r"\s*")
_OPERATOR = re.compile(r"(?:OR|AND|NOT)(?=[\s()\"]|$)")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):")
_BARE = re.compile(r"[^\s()\"*]*")
_KEY = re.compile(r"[^\s()\"*=]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(text: str, now: datetime) -> Query:
    """The tree of a query; blank text is `All`. `now` (aware) is what relative times count from. Raises QueryError."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError("the query is too long", MAX_CHARACTERS, f"at most {MAX_CHARACTERS:,} characters")
    surrogate = _SURROGATE.search(text)
    if surrogate is not None:
        raise QueryError("half a surrogate pair is no character", surrogate.start(), "send the query as UTF-8")
    return _Parser(text, now).query()


class _Parser:
    """Recursive descent over one text; `_at` is the next character."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._at = 0
        self._depth = 0
        self._terms = 0

    def query(self) -> Query:
        if not self._more():
            return All()
        tree = self._either()
        if self._more():
            raise QueryError("')' without a '('", self._at, 'write ")" in quotes to find the text itself')
        return tree

    def _either(self) -> Query:
        items = [self._all()]
        while self._operator() == "OR":
            items.append(self._all(after=self._take("OR")))
        return disjunction(items)

    def _all(self, after: tuple[str, int] | None = None) -> Query:
        items = [self._operand(after)]
        while self._more() and self._next() != ")":
            operator = self._operator()
            if operator == "OR":
                break
            items.append(self._operand(self._take("AND") if operator == "AND" else None))
        return conjunction(items)

    def _operand(self, after: tuple[str, int] | None) -> Query:
        negated = False
        while self._more():
            if self._operator() == "NOT":
                after = self._take("NOT")
            elif self._next() == "-":
                self._minus()
            else:
                break
            negated = not negated
        self._require_operand(after)
        item = self._group() if self._next() == "(" else self._term()
        return negation(item) if negated else item

    def _minus(self) -> None:
        at = self._at
        self._at += 1
        follower = self._next()
        if follower == "-":
            raise QueryError("'-' twice", self._at, 'one excludes a term; to find text that begins with it: "--text"')
        if follower in {"", ")"} or follower.isspace():
            raise QueryError("'-' excludes nothing", at, "write -word without a space between them")

    def _require_operand(self, after: tuple[str, int] | None) -> None:
        """Raise QueryError unless a term or a group begins here; `after` is the operator before it and its place."""
        operator = self._operator()
        if operator:
            hint = f'write a term on both sides, or "{operator}" in quotes to find the word itself'
            raise QueryError(f"{operator} has no term before it", self._at, hint)
        if self._more() and self._next() != ")":
            return
        if after is not None:
            name, at = after
            hint = f'write a term after it, or "{name}" in quotes to find the word itself'
            raise QueryError(f"{name} has no term after it", at, hint)
        raise QueryError("a term is missing", self._at, "write a word, a field or a group")

    def _group(self) -> Query:
        opened = self._at
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError("too many parentheses inside each other", opened, f"at most {MAX_DEPTH}")
        self._at += 1
        if self._more() and self._next() == ")":
            raise QueryError("nothing between the parentheses", opened, "write a term between them")
        tree = self._either() if self._more() else None
        if tree is None or not self._more():
            raise QueryError("'(' without a ')'", opened, "close it, or write it in quotes to find the text itself")
        self._at += 1
        self._depth -= 1
        return tree

    def _term(self) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError("too many terms", self._at, f"at most {MAX_TERMS}")
        named = _FIELD.match(self._text, self._at)
        if named is not None:
            field = FIELDS.get(named[1].lower())
            if field is not None:
                return self._field(field, named)
            if not self._text.startswith("//", named.end()):
                raise unknown_field(named[1], self._at, self._read(_BARE))
        if self._next() == "!":
            raise QueryError("'!' is no operator", self._at, 'write -word to exclude a word, or "!word" to find it')
        return words_term(self._value())

    def _field(self, field: Field, named: re.Match[str]) -> Term:
        self._at = named.end()
        key = None
        if field.keyed:
            key = Value(self._read(_KEY), named.end())
            if key.text and self._next() != "=":
                self._end_term()
                return field.term(Value("", key.position, key=key), self._now)
            self._at += self._next() == "="
        value = self._field_value(field, key)
        return field.term(value, self._now)

    def _field_value(self, field: Field, key: Value | None) -> Value:
        follower = self._next()
        if follower in {"", ")"} or follower.isspace():
            hint = f"write {field.example}, without a space after the colon"
            raise QueryError(f"{field.name}: has no value", self._at, hint)
        if follower == "(":
            hint = f"repeat the field: ({field.name}:one OR {field.name}:two)"
            raise QueryError(f"a group cannot be the value of {field.name}:", self._at, hint)
        value = self._value(key)
        if not value.text and field.name != "sender":
            raise value.error(f"{field.name}: has no value", f"write {field.example}")
        return value

    def _value(self, key: Value | None = None) -> Value:
        start = self._at
        quoted = self._next() == '"'
        text = self._quoted() if quoted else self._read(_BARE)
        prefix = self._next() == "*"
        if prefix and not text:
            raise QueryError("'*' completes nothing", self._at, "write the beginning of a word before it: word*")
        self._at += prefix
        self._end_term()
        return Value(text, start, quoted, prefix, key)

    def _quoted(self) -> str:
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            raise QueryError("a quote is not closed", self._at, 'end it with ", and write \\" for a quote inside')
        self._at = match.end()
        return _ESCAPED.sub(r"\1", match[1])

    def _end_term(self) -> None:
        follower = self._next()
        if follower in {"", ")"} or follower.isspace():
            return
        if follower == "*" or self._text[self._at - 1] == "*":
            at = self._at - (follower != "*")
            raise QueryError("'*' inside a word", at, "it stands at the end of a word only; in quotes it is text")
        hint = "put a space before it, or all of it in quotes"
        raise QueryError(f"{follower!r} directly after a term", self._at, hint)

    def _more(self) -> bool:
        """Skip blanks; False at the end."""
        self._read(_BLANK)
        return self._at < len(self._text)

    def _next(self) -> str:
        """The next character, "" at the end."""
        return self._text[self._at : self._at + 1]

    def _read(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _operator(self) -> str:
        """The operator that stands here, "" if none does."""
        match = _OPERATOR.match(self._text, self._at)
        return match[0] if match is not None else ""

    def _take(self, operator: str) -> tuple[str, int]:
        """Step over an operator; its name and position."""
        taken = (operator, self._at)
        self._at += len(operator)
        return taken
