"""Each keyword of `Match`, against one mail that has everything."""

import re
from email.message import EmailMessage

import pytest

from mailcatcher.errors import QueryError
from pytest_mailcatcher.text import canonical


@pytest.fixture
def invoice(post, mailcatcher):
    message = EmailMessage()
    message["From"] = "Shop <no-reply@shop.example>"
    message["To"] = "Ada <ada@example.com>"
    message["Cc"] = "bob@example.com"
    message["Reply-To"] = "help@shop.example"
    message["Subject"] = "Your  invoice №7"
    message["X-Campaign"] = "spring"
    message["X-Campaign"] = "sale"
    message.set_content("Dear Ada,\nplease pay\n  42 soon.\n")
    message.add_alternative("<p>Dear <b>Ada</b>, please pay 42 at once.</p>", subtype="html")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Invoice-7.pdf")
    recipients = ["ada@example.com", "bob@example.com", "audit@shop.example"]
    post(message, mail_from="bounces@shop.example", rcpt=recipients)
    return mailcatcher


def _is(text):
    return lambda value: value == text


MATCHING = [
    {"to": "ada@example.com"},
    {"to": "ADA@EXAMPLE.COM"},
    {"to": "audit@shop.example"},
    {"to": re.compile("^audit@")},
    {"to": str.isascii},
    {"to": ["ada@example.com", "audit@shop.example"]},
    {"to": {"ada@example.com", re.compile("^bob")}},
    {"to": []},
    {"sender": "bounces@shop.example"},
    {"sender": re.compile("@shop")},
    {"from_": "no-reply@shop.example"},
    {"from_": "Shop <no-reply@shop.example>"},
    {"from_": re.compile("^Shop <")},
    {"from_": lambda value: value.startswith("Shop")},
    {"cc": "bob@example.com"},
    {"reply_to": "help@shop.example"},
    {"bcc": "audit@shop.example"},
    {"subject": "Your invoice №7"},
    {"subject": re.compile("INVOICE", re.IGNORECASE)},
    {"subject": lambda value: "№" in value},
    {"text": "please pay 42 soon"},
    {"text": re.compile(r"^please", re.MULTILINE)},
    {"html": "<b>Ada</b>"},
    {"html": "Dear Ada, please pay"},
    {"body": "42 soon"},
    {"body": "42 at once"},
    {"header": {"X-Campaign": "sale"}},
    {"header": {"x-campaign": re.compile("^sp"), "Cc": "bob@example.com"}},
    {"header": {"Bcc": None}},
    {"attachment": "*.pdf"},
    {"attachment": "invoice-7.pdf"},
    {"attachment": re.compile(r"\d")},
    {"query": "to:ada has:attachment -subject:reminder"},
    {"query": ""},
    {"where": lambda mail: mail.size_bytes > 100},
    {"to": "ada@example.com", "subject": re.compile("invoice"), "body": "Ada"},
]

OTHER = [
    {"to": "ada@example"},
    {"to": "eve@example.com"},
    {"to": "no-reply@shop.example"},
    {"to": ["ada@example.com", "eve@example.com"]},
    {"sender": "no-reply@shop.example"},
    {"sender": ""},
    {"from_": "Shop"},
    {"from_": "bounces@shop.example"},
    {"cc": "ada@example.com"},
    {"bcc": "bob@example.com"},
    {"subject": "invoice"},
    {"subject": _is("Your invoice №7")},  # a callable sees the blanks as they are
    {"text": "<b>"},
    {"text": "at once"},
    {"html": "soon"},
    {"body": "tomorrow"},
    {"header": {"X-Campaign": "winter"}},
    {"header": {"X-Campaign": None}},
    {"header": {"X-Missing": re.compile("")}},
    {"attachment": "*.txt"},
    {"attachment": "invoice"},
    {"query": "subject:reminder"},
    {"where": lambda mail: not mail.attachments},
    {"to": "ada@example.com", "subject": "other"},
]


@pytest.mark.parametrize("match", MATCHING, ids=str)
def test_mail_matches(invoice, match):
    assert invoice.find(**match) == list(invoice)


@pytest.mark.parametrize("match", OTHER, ids=str)
def test_mail_does_not_match(invoice, match):
    assert invoice.find(**match) == []


def test_null_sender_matches_only_itself(mailcatcher, post):
    post(b"Subject: bounce\r\n\r\n", mail_from="<>")
    assert mailcatcher.find(sender="") == mailcatcher.find(query='sender:""') == list(mailcatcher)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("u\u0308@example.com", "ü@example.com"),
        ("ada@xn--\udcff.example", "ada@XN--\udcff.example"),
    ],
)
def test_equal_addresses(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"to": 5}, "to=5: expected a string, a pattern, a callable or a collection of them"),
        ({"to": ["a@b", None]}, "a collection of them"),
        ({"subject": b"bytes"}, "subject=b'bytes': expected a string, a pattern or a callable"),
        ({"attachment": len}, "a string (a glob) or a pattern"),
        ({"header": "X-Campaign"}, "a mapping of names"),
        ({"header": {"X-Campaign": 5}}, "a mapping of names"),
        ({"query": re.compile("x")}, "a string in the query language"),
        ({"where": "mail"}, "a callable that takes the mail"),
    ],
    ids=str,
)
def test_value_of_the_wrong_kind_says_what_would_be_right(mailcatcher, match, expected):
    with pytest.raises(TypeError, match=re.escape(expected)):
        mailcatcher.find(**match)


def test_wrong_query_is_told_with_its_position_even_without_mail(mailcatcher):
    with pytest.raises(QueryError) as caught:
        mailcatcher.find(query="to:ada foo:bar")
    assert caught.value.position == 7
