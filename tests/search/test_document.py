from hypothesis import given
from hypothesis import strategies as st

from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.mail.message import parse
from mailcatcher.search.document import FLAGS, SUBSTRINGS, Document, columns, flags, substrings
from mailcatcher.search.words import COLUMNS, flat, fold, words

MAIL = """\
From: Shop <shop@example.org>
To: =?utf-8?q?Ad=C3=A9?= Lovelace <ada@example.org>, bob@example.org
Cc: "Carol, C." <carol@example.org>
Reply-To: support@example.org
Subject: Your =?utf-8?q?Best=C3=A4tigung?=
Message-ID: <42@Shop.example.org>
X-Two: one=?utf-8?q?=0A?=two
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Hello Ada
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="Invoice 42.pdf"

x
--b--
"""


def test_columns_hold_all_that_words_are_found_in(captured):
    item = captured(MAIL, rcpt=("ada@example.org", "dan@example.org"))
    found = dict(zip(COLUMNS, columns(item.message, item.envelope), strict=True))
    assert found["subject"] == "Your Bestätigung"
    assert set(words(found["addresses"])) == set(words("shop ade lovelace ada bob carol c support dan example org"))
    assert found["text"].strip() == "Hello Ada"
    assert found["html"] == ""
    assert "X-Two: one two" in found["headers"].split("\n")
    assert len(found["headers"].split("\n")) == len(item.message.headers)
    assert found["attachments"] == "Invoice 42.pdf"


def test_substrings_are_folded_and_hold_one_address_a_line(captured):
    item = captured(MAIL, rcpt=("ada@example.org", "Dan@Example.org"))
    assert dict(zip(SUBSTRINGS, substrings(item.message, item.envelope), strict=True)) == {
        "subject": "your bestatigung",
        "from": "shop <shop@example.org>",
        "to": "ade lovelace <ada@example.org>\n<bob@example.org>",
        "cc": "carol, c. <carol@example.org>",
        "bcc": "<dan@example.org>",
        "reply_to": "<support@example.org>",
        "sender": "<shop@example.org>",
        "rcpt": "<ada@example.org>\n<dan@example.org>",
        "message_id": "42@shop.example.org",
    }


def test_bcc_is_the_field_and_whoever_stands_in_no_other_one(captured):
    item = captured("To: ada@example.org\nBcc: Eve <eve@example.org>\n\n", rcpt=("ADA@example.org", "dan@example.org"))
    found = substrings(item.message, item.envelope)[SUBSTRINGS.index("bcc")]
    assert found == "eve <eve@example.org>\n<dan@example.org>"


def test_null_sender_is_empty(captured):
    item = captured(sender="")
    assert substrings(item.message, item.envelope)[SUBSTRINGS.index("sender")] == ""


def test_flags_say_what_is_in_the_message(captured):
    assert _names(flags(captured(MAIL).message)) - {"defect"} == {"attachment", "text"}
    html = captured("Subject: a\nContent-Type: text/html\n\n<a href='https://example.org'>go</a>")
    assert {"link", "html"} <= _names(flags(html.message))
    assert "text" not in _names(flags(html.message))
    assert "defect" in _names(flags(captured("no header at all").message))
    assert "code" in _names(flags(captured("Subject: Your code is 481516\n\nYour code is 481516").message))


def _names(bits):
    return {name for place, name in enumerate(FLAGS) if bits >> place & 1}


def test_document_folds_what_the_store_indexes(captured):
    item = captured(MAIL)
    document = Document(item.message, item.envelope)
    assert list(document.columns().values()) == [fold(text) for text in columns(item.message, item.envelope)]
    assert list(document.substrings().values()) == list(substrings(item.message, item.envelope))


NAMES = st.sampled_from([b"From", b"To", b"Cc", b"Bcc", b"Reply-To", b"Subject", b"Message-ID"])
ATOMS = [b"a", b"B1", b'"c, d"', b"<e@f>", b",", b"=?utf-8?q?=C3=89=0Ax?=", b"(g)", b"\xe6\x97\xa5", b"\xff", b"\0", b":", b";", b"h@i"]
BREAKS = [b"\r", b"\n", b"\r\n ", b"\n\t", b"=?utf-8?q?=0D=0A?="]
VALUES = st.lists(st.sampled_from(ATOMS + BREAKS), max_size=6).map(lambda atoms: b" ".join(atoms))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.lists(VALUES.map(lambda value: value.decode("latin-1"))))
def test_every_word_of_a_field_searched_by_parts_is_in_the_index_of_words(header, paths):
    message = parse(b"".join(name + b": " + value + b"\r\n" for name, value in header) + b"\r\n")
    envelope = Envelope(paths[0] if paths else "", tuple(map(Recipient, paths[1:])))
    assert columns(message, envelope)[4].count("\n") == max(0, len(message.headers) - 1)
    indexed = {word for text in columns(message, envelope) for word in words(text)}
    for text in substrings(message, envelope):
        assert set(words(text)) <= indexed
        assert [flat(line) for line in text.split("\n")] == text.split("\n")
