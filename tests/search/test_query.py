from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcatcher.errors import QueryError
from mailcatcher.search.fields import FIELDS, MAX_WORD
from mailcatcher.search.query import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, parse
from mailcatcher.search.tree import (
    After,
    All,
    And,
    Before,
    Exact,
    Has,
    Header,
    Is,
    Larger,
    Not,
    NullSender,
    Or,
    Smaller,
    Substring,
    Words,
    WordStart,
)
from tests.search.strategies import Vocabulary, render, trees

DOCS = Path(__file__).parents[2] / "docs" / "query.md"
NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
A, B, C = (Words(None, (letter,)) for letter in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        (" \t\n ", All()),
        ("a", A),
        ("Hello", Words(None, ("hello",))),
        ("hel*", Words(None, ("hel",), prefix=True)),
        ("e-mail", Words(None, ("e", "mail"))),
        ("ada@example.org", Words(None, ("ada", "example", "org"))),
        ('"Hello, World"', Words(None, ("hello", "world"))),
        ('"hello wor"*', Words(None, ("hello", "wor"), prefix=True)),
        ('"hello wor*"', Words(None, ("hello", "wor"), prefix=True)),
        ('"hello *"', Words(None, ("hello",))),
        (r'"say \"hi\" \\ \n"', Words(None, ("say", "hi", "n"))),
        ("注文", Words(None, ("注", "文"))),
        ("🎉", Words(None, ("🎉",))),
        ("12:30", Words(None, ("12", "30"))),
        ("https://example.org/a?b=c", Words(None, ("https", "example", "org", "a", "b", "c"))),
        ("[::1]:25", Words(None, ("1", "25"))),
        ("+1", Words(None, ("1",))),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a\u00a0b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a OR b OR c", Or((A, B, C))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("(a b) c", And((A, B, C))),
        ("((a))", A),
        ("(a)(b)", And((A, B))),
        ("(a)OR(b)", Or((A, B))),
        ("or and not", And((Words(None, ("or",)), Words(None, ("and",)), Words(None, ("not",))))),
        ('"OR"', Words(None, ("or",))),
        ("ORDER", Words(None, ("order",))),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("NOT NOT a", A),
        ("-(-a)", A),
        ("a -b", And((A, Not(B)))),
        ("-(a OR b)", Not(Or((A, B)))),
        ("NOT(a b)", Not(And((A, B)))),
        ('-"a b"', Not(Words(None, ("a", "b")))),
        ("-from:ada", Not(Substring(("from",), "ada"))),
        ("text:a", Words(("text",), ("a",))),
        ("html:a*", Words(("html",), ("a",), prefix=True)),
        ('body:"a b"', Words(("text", "html"), ("a", "b"))),
        ("attachment:invoice.pdf", Words(("attachments",), ("invoice", "pdf"))),
        ("subject:Über", Substring(("subject",), "uber")),
        ('Subject:" Your\n order "', Substring(("subject",), "your order")),
        ("subject:ord*", Substring(("subject",), "ord")),
        ('subject:"2*3"', Substring(("subject",), "2*3")),
        ('subject:"!!!"', Substring(("subject",), "!!!")),
        ("subject:注文", Substring(("subject",), "注 文")),
        ("subject:日", WordStart(("subject",), "日", "日")),
        ("from:Ada@Example.ORG", Substring(("from",), "ada@example.org")),
        ("from:a@", WordStart(("from",), "a@", "a")),
        ("to:ada", Substring(("to", "rcpt"), "ada")),
        ("cc:ada", Substring(("cc",), "ada")),
        ("bcc:ada", Substring(("bcc",), "ada")),
        ("REPLY-TO:ada", Substring(("reply_to",), "ada")),
        ("rcpt:@b", WordStart(("rcpt",), "@b", "b")),
        ("sender:ada", Substring(("sender",), "ada")),
        ('sender:""', NullSender()),
        ("sender:<>", NullSender()),
        ("message-id:<1@b>", Substring(("message_id",), "1@b")),
        ("message-id:1@b", Substring(("message_id",), "1@b")),
        ("header:X-Campaign", Header("x-campaign")),
        ("header:X-Campaign=Spring", Header("x-campaign", ("spring",))),
        ('header:X-Campaign="Spring sale"', Header("x-campaign", ("spring", "sale"))),
        ("header:X-Campaign=spr*", Header("x-campaign", ("spr",), prefix=True)),
        ("header:List-Id=a=b:c", Header("list-id", ("a", "b", "c"))),
        ("has:attachment", Has("attachment")),
        ("has:Link", Has("link")),
        ("is:read", Is("read")),
        ("is:UNREAD", Is("unread")),
        ("mailbox:Inbox", Exact("mailbox", "inbox")),
        ("session:01JC", Exact("session", "01JC")),
        ('user:"a \\"b\\""', Exact("user", 'a "b"')),
        ("before:2025-01-31", Before(datetime(2025, 1, 31, tzinfo=UTC))),
        ("after:2025-01-31T18:00", After(datetime(2025, 1, 31, 18, tzinfo=UTC))),
        ("after:2025-01-31t18:00:00.5z", After(datetime(2025, 1, 31, 18, 0, 0, 500_000, tzinfo=UTC))),
        ('after:"2025-01-31 18:00:00+01:00"', After(datetime(2025, 1, 31, 17, tzinfo=UTC))),
        ("after:-90s", After(datetime(2025, 1, 31, 11, 58, 30, tzinfo=UTC))),
        ("after:-10m", After(datetime(2025, 1, 31, 11, 50, tzinfo=UTC))),
        ("before:-2h", Before(datetime(2025, 1, 31, 10, tzinfo=UTC))),
        ("before:-7d", Before(datetime(2025, 1, 24, 12, tzinfo=UTC))),
        ("before:-2w", Before(datetime(2025, 1, 17, 12, tzinfo=UTC))),
        ("larger:10", Larger(10)),
        ("larger:10k", Larger(10_240)),
        ("smaller:5M", Smaller(5 << 20)),
        ("smaller:1gb", Smaller(1 << 30)),
    ],
)
def test_query_is_read_as(text, tree):
    assert parse(text, NOW) == tree


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("a form:b", 2, "from:"),
        ("Re:", 0, '"Re:"'),
        ("mailto:ada@b", 0, '"mailto:ada@b"'),
        ("tag:a", 0, "unknown field 'tag'"),
        ("verdict:dmarc=fail", 0, "unknown field"),
        ("to:", 3, "no value"),
        ("to: ada", 3, "without a space"),
        ("(to:)", 4, "no value"),
        ('subject:""', 8, "no value"),
        ("to:(a OR b)", 3, "(to:one OR to:two)"),
        ("subject:?", 8, "nothing to search for"),
        ("a !!", 2, "'!' is no operator"),
        ("a !b", 2, "write -word"),
        ("a ...", 2, "no word"),
        ('text:"..."', 5, "no word"),
        ("a && b", 2, "no word"),
        ("header:", 7, "no value"),
        ("header:=a", 7, "no header name"),
        ("header:X:Y", 7, "header:Name=value"),
        ("header:--", 7, "no header name"),
        ("header:X=", 9, "no value"),
        ('header:X="!"', 9, "no word"),
        ("header:X*", 8, "'*' inside a word"),
        ("has:atachment", 4, "has:attachment"),
        ("has:*", 4, "completes nothing"),
        ("has:att*", 4, "unknown value"),
        ("is:flagged", 3, "read, unread"),
        ("before:tomorrow", 7, "is no time"),
        ("before:2025-02-30", 7, "is no time"),
        ("before:2025-01-31T25:00Z", 7, "is no time"),
        ("before:0001-01-01T00:00+14:00", 7, "is no time"),
        ("after:-999999999w", 6, "is no time"),
        ("after:10m", 6, "-10m"),
        ("after:2025-0*", 6, "'*' has no meaning here"),
        ("larger:many", 7, "is no size"),
        ("larger:1.5M", 7, "is no size"),
        ("larger:999999999999G", 7, "is no size"),
        ("larger:-1", 7, "is no size"),
        ("mailbox:-a", 8, "no mailbox name"),
        ("session:a*", 8, "whole value"),
        ('user:""', 5, "no value"),
        ("a (b", 2, "'(' without a ')'"),
        ("(a (b)", 0, "'(' without a ')'"),
        ("a (", 2, "'(' without a ')'"),
        ("a) b", 1, "')' without a '('"),
        (")", 0, "a term is missing"),
        ("a ()", 2, "nothing between"),
        ('a "b', 2, "not closed"),
        ('a "b\\"', 2, "not closed"),
        ('subject:"b', 8, "not closed"),
        ("OR a", 0, "before it"),
        ("a OR", 2, "after it"),
        ("a OR OR b", 5, "before it"),
        ("(a OR) b", 3, "after it"),
        ("(OR a)", 1, "before it"),
        ("a AND", 2, "after it"),
        ("AND", 0, "before it"),
        ("a NOT", 2, "after it"),
        ("-OR", 1, "before it"),
        ("-", 0, "excludes nothing"),
        ("a - b", 2, "excludes nothing"),
        ("(-)", 1, "excludes nothing"),
        ("--a", 1, "twice"),
        ("*", 0, "completes nothing"),
        ("from:*@b", 5, "completes nothing"),
        ("a*b", 1, "'*' inside a word"),
        ("a**", 2, "'*' inside a word"),
        ("a(b)", 1, "directly after"),
        ('"a"b', 3, "directly after"),
        ('a"b"', 1, "directly after"),
        ("a \ud800", 2, "surrogate"),
        ("a " * 5001, MAX_CHARACTERS, "too long"),
        ("a " * (MAX_TERMS + 1), 2 * MAX_TERMS, "too many terms"),
        ("(" * (MAX_DEPTH + 1), MAX_DEPTH, "parentheses"),
        ("a" * 8001, 0, "too long"),
    ],
)
def test_query_that_cannot_be_understood_says_where_and_what_would_be_right(text, position, said):
    with pytest.raises(QueryError) as caught:
        parse(text, NOW)
    assert caught.value.position == position
    assert said in f"{caught.value}. {caught.value.hint}"
    assert caught.value.hint


def test_limits_are_not_one_too_low():
    assert parse(" ".join("a" * MAX_TERMS), NOW) == And((A,) * MAX_TERMS)
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, NOW) == A
    assert parse("(a)" * MAX_TERMS, NOW) == And((A,) * MAX_TERMS)
    assert parse("NOT " * 2498 + "a", NOW) == A
    assert parse(("a" * 8000).ljust(MAX_CHARACTERS), NOW) == Words(None, ("a" * 8000,))


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_example_of_every_field_is_a_query(field):
    assert field.example.startswith(f"{field.name}:")
    assert field.text
    parse(field.example, NOW)


def test_every_field_and_limit_is_documented():
    page = DOCS.read_text()
    for field in FIELDS.values():
        assert f"| `{field.name}:` | {field.text} | `{field.example}` |" in page
    for limit in (MAX_CHARACTERS, MAX_TERMS, MAX_DEPTH, MAX_WORD):
        assert f"{limit:,} " in page.partition("Limits:")[2]


def test_unknown_field_names_the_known_ones():
    with pytest.raises(QueryError) as caught:
        parse("nosuch:a", NOW)
    assert all(name in caught.value.hint for name in FIELDS)


TEXTS = ("Your order 1042 — “Spring”", "Ada Lovelace <ada@example.org>", "注文番号のご確認", 'c:\\temp "x" * a', "🎉!")


@given(trees(Vocabulary(TEXTS, users=("app", 'o"b\\'), times=(NOW, NOW.replace(microsecond=5)))))
def test_rendered_query_is_read_as_the_same_tree(tree):
    assert parse(render(tree), NOW) == tree


OPERATORS = ["OR", "AND ", "NOT"]
VALUES = ["B1", "<>", "-10m", "2025-01-31", "10k", "inbox", "link", "read"]
PIECES = st.sampled_from([*(f"{name}:" for name in (*FIELDS, "nosuch")), *'()"\\*-=!@aé日  ', *OPERATORS, *VALUES])


@given(st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join))
def test_any_text_is_a_query_or_an_error_with_a_place_in_it(text):
    try:
        tree = parse(text, NOW)
    except QueryError as caught:
        error = caught
    else:
        assert parse(render(tree), NOW) == tree
        return
    assert 0 <= error.position <= len(text)
    assert str(error)
    assert error.hint
