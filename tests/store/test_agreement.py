"""The SQL of a query and `search.matches` agree on every mail, in both directions."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import Message, parse
from mailcatcher.search.document import Document, columns, substrings
from mailcatcher.search.matches import matches
from mailcatcher.search.tree import And, Header, Not, Or, Query, Substring, Words, WordStart
from mailcatcher.search.words import words
from mailcatcher.store.base import Selector
from mailcatcher.store.sqlite import SqliteStore
from tests.search.strategies import Vocabulary, terms, trees
from tests.store.odd_mails import ODD_MAILS
from tests.store.posting import NOON, Post, arrival, query

CORPUS = sorted((Path(__file__).parent.parent / "corpus").rglob("*.eml"))
TIMES = [NOON - timedelta(days=2), NOON - timedelta(microseconds=1), NOON, NOON + timedelta(microseconds=1), NOON + timedelta(hours=5)]
SENDERS = ["", "shop@example.org", "Bounces+7@Example.ORG", '"odd local"@example.org', "bücher@exämple.org", "<script>@example.org"]
RECIPIENTS = [("ada@example.net",), ("ada@example.net", "bob@example.com"), (), ("東京@例え.jp", "ADA@EXAMPLE.NET"), ("a@b",)]

QUERIES = """
hello
HELLO
"hello world"
hel*
münchen
munchen
grusse
注文
番号
文番
🎉
strasse
fine
full
header:X-Campaign
header:x-campaign=spring
header:X-Campaign="spring sale"
header:X-Long=three
header:X-Empty
header:subject
header:X-Ünï
header:X-Uni=word
header:X-Latin=cafe
header:X-After
header:X-Fake
header:X-One=tw*
-header:subject
header:subject=subject
header:in
subject:h
subject:hello
subject:[bracket]
subject:"*st"
subject:?m
subject:"%percent"
from:ö
from:o'n
to:ada
to:a
rcpt:東京
bcc:hidden
bcc:bob
sender:""
-sender:""
sender:odd
message-id:42.abc
message-id:encoded
message-id:e
attachment:rechnung
attachment:märz
has:attachment
has:link
has:code
has:invite
has:html
has:text
has:defect
-has:text
is:read
is:unread
before:2025-01-31T12:00:00Z
after:2025-01-31T12:00:00Z
after:2025-01-31T12:00:00.000001Z
before:0001-01-01
after:9999-12-31
larger:0
larger:8000000000G
smaller:100
session:s1
-session:s1
user:☃
-user:app
mailbox:other
-mailbox:other
mailbox:nobody
-mailbox:nobody
spring OR (hello -world)
hello OR -subject:spring
""".strip().splitlines()


@dataclass(frozen=True)
class Stored:
    """A `matches.Item`."""

    message: Message
    envelope: Envelope
    mailbox: str
    received_at: datetime
    read: bool = False
    session_id: str | None = None
    user: str | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.message.raw)


MAILS = [*ODD_MAILS, *(path.read_bytes() for path in CORPUS)]


def vocabulary_of(items: list[Stored]) -> Vocabulary:
    found: dict[str, None] = {}
    for item in items:
        for text in (*columns(item.message, item.envelope), *substrings(item.message, item.envelope)):
            for line in text[:4000].split("\n")[:30]:
                found[line] = None
    headers = [pair for item in items for pair in item.message.headers[:30]]
    return Vocabulary(
        texts=[*found, "zebra", "*", "ab"],
        header_names=list(dict.fromkeys(name for name, _ in headers if words(name))) or ["Subject"],
        header_values=list(dict.fromkeys(value for _, value in headers)) or ["spring"],
        mailboxes=("inbox", "other", "nobody"),
        sessions=("s1", "S1", "none"),
        users=("app", "none", "☃"),
        times=TIMES,
        sizes=sorted({0, 1, 100, (1 << 63) - 1, *(item.size_bytes for item in items)}),
    )


class Both:
    """A store and the same mails as items."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.items: dict[str, Stored] = {}
        self.documents: dict[str, Document] = {}
        self.post = self.runner.run(self._open())

    async def _open(self) -> Post:
        return Post(SqliteStore()).start()

    def close(self) -> None:
        self.runner.run(self.post.stop())
        self.runner.close()

    def add(self, raws: list[bytes], first: int = 0) -> list[str]:
        items = []
        for place, raw in enumerate(raws):
            number = first + place
            rcpt = RECIPIENTS[number % len(RECIPIENTS)]
            envelope = Envelope(SENDERS[number % len(SENDERS)], tuple(map(Recipient, rcpt)))
            mailbox, at = ("inbox", "other")[number % 3 == 2], TIMES[number % len(TIMES)]
            items.append(Stored(parse(raw), envelope, mailbox, at, False, (None, "s1")[number % 2], (None, "app", "☃")[number % 3]))
        ids = self.runner.run(self._store(items))
        self.items.update(zip(ids, items, strict=True))
        self.documents.update((message_id, Document(item.message, item.envelope)) for message_id, item in zip(ids, items, strict=True))
        return ids

    async def _store(self, items: list[Stored]) -> list[str]:
        arrivals = [
            arrival(
                item.message.raw, sender=item.envelope.sender, rcpt=item.envelope.addresses, mailboxes=(item.mailbox,),
                at=item.received_at, session_id=item.session_id, user=item.user,
            )
            for item in items
        ]  # fmt: skip
        return [ids[0] for ids in await self.post.send(*arrivals)]

    def read(self, ids: list[str]) -> None:
        self.runner.run(self.post.store.mark(Selector(tuple(ids)), read=True))
        for message_id in ids:
            self.items[message_id] = replace(self.items[message_id], read=True)

    def check(self, tree: Query, mailbox: str | None = None) -> int:
        """Fail unless both find the same; how many that is."""
        page = self.runner.run(self.post.store.find(tree, mailbox=mailbox, limit=100_000))
        found = {summary.id for summary in page.messages}
        expected = {
            message_id
            for message_id, item in self.items.items()
            if mailbox in (None, item.mailbox) and matches(tree, item, self.documents[message_id])
        }
        differing = {message_id: self.items[message_id].message.raw[:300] for message_id in found ^ expected}
        assert not differing, (tree, "only in the store" if found - expected else "only in matches", differing)
        return len(found)


@pytest.fixture(scope="module")
def both():
    both = Both()
    both.read(both.add(MAILS * 2)[::3])
    yield both
    both.close()


ITEMS = [
    Stored(parse(raw), Envelope(SENDERS[number % len(SENDERS)], tuple(map(Recipient, RECIPIENTS[number % len(RECIPIENTS)]))), "inbox", NOON)
    for number, raw in enumerate(MAILS)
]
VOCABULARY = vocabulary_of(ITEMS)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@MANY
@given(tree=terms(VOCABULARY))
@example(tree=Header("x-uni", ("word",)))
@example(tree=Header("x-empty"))
@example(tree=WordStart(("subject",), "(p", "p"))
@example(tree=WordStart(("from",), "o'", "o"))
@example(tree=Substring(("subject",), "[br"))
@example(tree=Words(None, ("x" * 8000,), True))
@example(tree=Not(Or((Words(None, ("hello",)), Header("subject")))))
@example(tree=And((Not(Words(("text",), ("word",))), Words(("text",), ("body",)))))
def test_terms_agree(both, tree):
    found = both.check(tree)
    event(f"{type(tree).__name__}: {'some' if found else 'none'}")
    both.check(Not(tree))


@MANY
@given(tree=trees(VOCABULARY), mailbox=st.sampled_from([None, "inbox", "other", "nobody"]))
def test_trees_agree(both, tree, mailbox):
    both.check(tree, mailbox)


@pytest.mark.parametrize("text", QUERIES)
def test_query_agrees(both, text):
    both.check(query(text))
    both.check(query(f"-({text})"), "inbox")


SPECIAL = [
    *("", "İstanbul", "ǅ", "ﬀ", "ß ẞ", "Ω Å", "e\u0301te\u0301", "क्षि", "한국어", "ｱｲｳ", "が"),
    *("\u00ad soft\u00adhyphen", "a\u200db", "𝒳", "ª º ½"),
]
ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")
TEXT = st.text(alphabet=ANY, max_size=30) | st.sampled_from(SPECIAL)
NAME = st.from_regex(r"\A[!-9;-~]{1,12}\Z")


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    lines = [f"Subject: {draw(TEXT)}", f"From: {draw(TEXT)} <{draw(TEXT)}>"]
    lines += [f"{draw(NAME)}: {draw(TEXT)}" for _ in range(draw(st.integers(0, 3)))]
    kind = draw(st.sampled_from(["text/plain", "text/html"]))
    lines += [f"Content-Type: {kind}; charset=utf-8", "", draw(TEXT), draw(TEXT)]
    return draw(st.sampled_from(["\r\n", "\r\n", "\n"])).join(lines).encode()


@settings(MANY, max_examples=100)
@given(raws=st.lists(mails(), min_size=1, max_size=3), data=st.data())
def test_generated_mails_agree(raws, data, fresh):
    fresh.items.clear()
    fresh.runner.run(fresh.post.store.delete(Selector(), keep_seconds=0))
    fresh.add(raws, first=data.draw(st.integers(0, 30)))
    vocabulary = vocabulary_of(list(fresh.items.values()))
    for _ in range(5):
        tree = data.draw(trees(vocabulary))
        fresh.check(tree)


@settings(MANY, max_examples=100)
@given(raw=st.binary(max_size=200), data=st.data())
def test_random_bytes_agree(raw, data, fresh):
    fresh.items.clear()
    fresh.runner.run(fresh.post.store.delete(Selector(), keep_seconds=0))
    fresh.add([raw])
    vocabulary = vocabulary_of(list(fresh.items.values()))
    for _ in range(5):
        fresh.check(data.draw(terms(vocabulary)))


@pytest.fixture(scope="module")
def fresh():
    both = Both()
    yield both
    both.close()
