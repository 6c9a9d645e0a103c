"""How SQLite carries queries out: what an index delivers sorted is not sorted again, and no
query reads every record or content."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailcatcher.store.database import open_writer
from mailcatcher.store.query import compiled
from tests.search.strategies import Vocabulary, trees
from tests.store.posting import query

VOCABULARY = Vocabulary(texts=["spring sale for ada@example.net", "注文 42", "ab"])


@pytest.fixture(scope="module")
def explain():
    """The steps of the page of a query, as SQLite words them."""
    connection = open_writer(":memory:", "normal")

    def steps(tree, mailbox=None, *, behind=False, order="DESC", columns="m.seq") -> list[str]:
        plan = compiled(tree, mailbox)
        if behind:
            plan = plan.where(f"{plan.key} < ?", 5)
        sql = f"EXPLAIN QUERY PLAN SELECT {columns} {plan.sql} ORDER BY {plan.key} {order} LIMIT 51"
        return [detail for _, _, _, detail in connection.execute(sql, plan.values)]

    yield steps
    connection.close()


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("mailbox", [None, "inbox"])
@pytest.mark.parametrize(
    "text", ["spring", '"spring sale"', "spri*", "spring (sale OR text:ada)", "spring -sale", "spring subject:sale is:unread"]
)
def test_index_of_words_drives_and_delivers_the_order(explain, text, mailbox, order):
    steps = explain(query(text), mailbox, order=order)
    assert steps[0].startswith("SCAN words VIRTUAL TABLE INDEX")
    assert steps[1] == "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)"
    assert not sorts(steps)


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("text", ["", "is:unread", "subject:sale", "-spring", "subject:sale OR spring", "mailbox:inbox"])
def test_list_of_a_mailbox_uses_its_index(explain, text, order):
    steps = explain(query(text), "inbox", order=order)
    assert steps[0].startswith("SEARCH m USING INDEX message_mailbox (mailbox_id=?")
    assert not sorts(steps)
    assert explain(query("mailbox:inbox"), None, order=order)[0].startswith("SEARCH m USING INDEX message_mailbox (mailbox_id=?")


@pytest.mark.parametrize(
    ("text", "read"),
    [("", "m"), ("is:unread", "m"), ("-spring", "m"), ("user:app", "m"), ("session:s1", "m"), ("subject:sale", "f"), ("to:ada", "f")],
)
def test_list_of_all_mail_reads_newest_first_without_sorting(explain, text, read):
    steps = explain(query(text))
    assert steps[0] == f"SCAN {read}"
    assert not sorts(steps)


@pytest.mark.parametrize("text", ["spring", "", "subject:sale"])
@pytest.mark.parametrize("mailbox", [None, "inbox"])
def test_cursor_skips_what_lies_before_it(explain, text, mailbox):
    first = explain(query(text), mailbox, behind=True)[0]
    assert first.endswith("<") if "words" in first else "rowid<?" in first


@pytest.mark.parametrize("text", ["header:X-A", "header:X-A=b"])
def test_exact_terms_begin_with_their_candidates(explain, text):
    steps = explain(query(text))
    assert steps[0] == "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)"
    assert not sorts(steps)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=trees(VOCABULARY),
    mailbox=st.sampled_from([None, "inbox"]),
    behind=st.booleans(),
    columns=st.sampled_from(["m.seq", "count(*), sum(m.read = 0)"]),
)
def test_no_query_reads_every_record_or_content(explain, tree, mailbox, behind, columns):
    steps = explain(tree, mailbox, behind=behind, columns=columns)
    assert not [step for step in steps if step.startswith(("SCAN r", "SCAN content"))]


def sorts(steps: list[str]) -> list[str]:
    return [step for step in steps if "TEMP B-TREE" in step]
