from datetime import UTC, datetime

import pytest
from hypothesis import given

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import parse as parse_mail
from mailcatcher.search.document import Document
from mailcatcher.search.matches import header_matches, matches
from mailcatcher.search.query import parse
from mailcatcher.search.tree import Header, conjunction, disjunction, negation
from tests.search.strategies import Vocabulary, trees

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)

MAIL = """\
From: "Example Shop" <shop@example.org>
To: Ada Lovelace <ada@example.net>
Cc: carol@example.org
Reply-To: support@example.org
Subject: Ihre Bestellung 1042 =?utf-8?b?5rOo5paH55Wq5Y+3?=
Message-ID: <42.abc@shop.example.org>
X-Campaign: Spring sale
X-Campaign: second
X-Empty:
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain

Thank you for your order.
--a
Content-Type: text/html

<p>Thank you for <b>your</b> purchase. <a href="https://example.org/track">Track it</a></p>
--a--
--m
Content-Type: application/pdf
Content-Disposition: attachment; filename="Invoice-1042.pdf"

x
--m--
"""


@pytest.fixture
def item(captured):
    rcpt = ("ada@example.net", "carol@example.org", "audit@example.com")
    return captured(MAIL, sender="bounces@example.org", rcpt=rcpt, user="app", received_at=NOW)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bestellung",
        "BESTELLUNG",
        "注文",
        '"bestellung 1042"',
        "best*",
        '"thank you for"',
        '"thank you fo"*',
        "order purchase",
        "audit@example.com",
        "lovelace",
        "spring",
        "invoice",
        "track",
        "text:order",
        "html:purchase",
        "body:order body:purchase",
        'html:"for your purchase"',
        "attachment:invoice-1042.pdf",
        "attachment:inv*",
        "header:X-Campaign",
        "header:x-campaign=spring",
        'header:X-Campaign="spring sale"',
        "header:X-Campaign=second",
        "header:X-Campaign=sec*",
        "header:X-Empty",
        "header:To=ada",
        "subject:stellung",
        'subject:"  1042 注"',
        "subject:be",
        "from:shop@",
        'from:"Example Shop <shop@"',
        "from:ex",
        "to:ada",
        "to:<ada@example.net>",
        "to:audit",
        "cc:carol",
        "bcc:audit",
        "reply-to:support",
        "sender:bounces",
        "rcpt:carol",
        "message-id:<42.abc@shop.example.org>",
        "message-id:42",
        "has:attachment has:link has:html has:text",
        "-has:invite",
        "is:unread",
        "-is:read",
        "mailbox:inbox",
        "session:01JC",
        "user:app",
        "after:2025-01-31T12:00:00Z",
        "before:2025-01-31T12:00:01Z",
        "after:-1m",
        "larger:100 smaller:10k",
        "nothing OR order",
        "-(nothing OR nobody)",
        'NOT sender:""',
    ],
)
def test_message_is_found_by(item, query):
    assert matches(parse(query, NOW), item)
    assert not matches(negation(parse(query, NOW)), item)


@pytest.mark.parametrize(
    "query",
    [
        "bestell",
        "estellung",
        "番注",
        '"1042 bestellung"',
        '"order purchase"',
        "text:purchase",
        "html:order",
        "attachment:order",
        "header:X-Other",
        "header:X",
        "header:Campaign",
        "header:X-Campaign=sal",
        'header:X-Campaign="sale second"',
        "header:X-Empty=second",
        "header:To=audit",
        "subject:order",
        "subject:st",
        "from:ada",
        "from:bounces",
        'to:"ada@example.net> <carol"',
        "rcpt:lovelace",
        "cc:ada",
        "bcc:carol",
        "bcc:ada",
        'sender:""',
        "has:invite",
        "is:read",
        "mailbox:other",
        "session:01jc",
        "user:other",
        "before:2025-01-31T12:00:00Z",
        "after:2025-01-31T12:00:01Z",
        "smaller:100",
        "larger:10k",
        "order nothing",
        "order -purchase",
    ],
)
def test_message_is_not_found_by(item, query):
    assert not matches(parse(query, NOW), item)


def test_size_counts_when_it_differs(item):
    size = item.size_bytes
    assert not matches(parse(f"larger:{size}", NOW), item)
    assert not matches(parse(f"smaller:{size}", NOW), item)
    assert matches(parse(f"larger:{size - 1} smaller:{size + 1}", NOW), item)


def test_null_sender_is_found_only_by_itself(captured):
    bounce = captured(sender="")
    assert matches(parse("sender:<>", NOW), bounce)
    assert not matches(parse("sender:org", NOW), bounce)


def test_item_without_session_or_user_is_found_by_neither(captured):
    item = captured(session_id=None, user=None)
    assert not matches(parse("session:None OR user:None", NOW), item)


def test_many_queries_can_share_one_document(item):
    document = Document(item.message, item.envelope)
    assert matches(parse("order", NOW), item, document)
    assert document.columns() is document.columns()


@pytest.mark.parametrize(
    ("lines", "found"),
    [("x-a: one", True), ("b: two\nx-a: one", True), ("x-ab: one", False), ("b: x-a: one", False), ("", False)],
)
def test_header_is_found_by_its_whole_name(lines, found):
    assert header_matches(Header("x-a"), lines) is found


TEXTS = ("Ihre Bestellung 1042 注文番号", "ada@example.net", "Thank you for your order.", "bounces@example.org", "Invoice-1042.pdf")
VOCABULARY = Vocabulary(TEXTS, users=("app", "other"), sessions=("01JC",), times=(NOW,), sizes=(0, len(MAIL), 10_000))
TREES = trees(VOCABULARY)


@given(TREES, TREES)
def test_operators_mean_what_logic_says(left, right):
    message = parse_mail(MAIL.encode())
    item = Captured(message)
    one, other = matches(left, item), matches(right, item)
    assert matches(conjunction([left, right]), item) == (one and other)
    assert matches(disjunction([left, right]), item) == (one or other)
    assert matches(negation(left), item) == (not one)


class Captured:
    mailbox, received_at, read, session_id, user = "inbox", NOW, True, "01JC", "app"
    envelope = Envelope("bounces@example.org", (Recipient("ada@example.net"), Recipient("audit@example.com")))

    def __init__(self, message):
        self.message = message
        self.size_bytes = len(message.raw)
