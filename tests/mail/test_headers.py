import pytest

from mailcatcher.mail.message import parse


def test_headers_keep_wire_order_names_and_duplicates(parsed):
    message = parsed("RECEIVED: b\nReceived: a\nX-Two: 2\nsubject: =?utf-8?q?=C3=A4?=\n\n")
    assert message.headers == (("RECEIVED", "b"), ("Received", "a"), ("X-Two", "2"), ("subject", "ä"))


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (b"X: one\r\n two\r\n", "one two"),
        (b"X: one\r\n\ttwo\r\n", "one\ttwo"),
        (b"X:\r\n folded only\r\n", "folded only"),
        (b"X: a\r\n \r\n b\r\n", "a  b"),
        (b"X:no blank\r\n", "no blank"),
        (b"X : blank before colon\r\n", "blank before colon"),
        (b"X: trailing  \t\r\n", "trailing"),
        (b"X: bare\n lf\n", "bare lf"),
        (b"X: colon: inside\r\n", "colon: inside"),
        (b"X:\r\n", ""),
    ],
)
def test_field_is_unfolded(block, value):
    message = parse(block + b"\r\nbody")
    assert message.headers == (("X", value),)
    assert message.text == "body"


def test_first_of_duplicate_fields_counts(corpus):
    message = corpus("duplicate-subject")
    assert message.subject == "one"
    assert [defect.text for defect in message.defects] == ["The Subject field may occur once and occurs 2 times (RFC 5322 3.6)."]


def test_fields_after_a_broken_line_are_read(corpus, ids):
    message = corpus("malformed-line")
    assert ("X-After", "still here") in message.headers
    assert message.text == "body\n"
    assert ids(message) == ["malformed_header"]


def test_body_without_separator_is_text(corpus, ids):
    message = corpus("missing-separator")
    assert message.text == "This is the body already.\nsecond line\n"
    assert ids(message) == ["missing_separator"]


def test_mail_without_header_is_text(corpus, ids):
    message = corpus("no-header")
    assert (message.headers, message.text, ids(message)) == ((), "Just text\nand more\n", ["no_header"])


def test_header_without_body_has_empty_text(corpus):
    message = corpus("headers-only")
    assert (message.subject, message.text) == ("nothing follows", "")


def test_mbox_separator_is_no_field(corpus, ids):
    message = corpus("mbox-from")
    assert (message.headers[0][0], message.text, ids(message)) == ("From", "body\n", ["mbox_from"])


@pytest.mark.parametrize(
    ("name", "subject", "defect"),
    [("raw-utf8-header", "café ☃", "raw_utf8_header"), ("raw-8bit-header", "café", "raw_8bit_header"), ("nul", "a\ufffdb", "nul")],
)
def test_raw_bytes_in_a_header_become_valid_text(corpus, ids, name, subject, defect):
    message = corpus(name)
    assert message.subject == subject
    assert defect in ids(message)


def test_encoded_line_break_makes_no_new_line(parsed):
    assert parsed("Subject: =?utf-8?q?a=0D=0AX-Fake:_b?=\n\n").subject == "a X-Fake: b"


def test_message_id_has_no_brackets(parsed):
    assert parsed("Message-ID:  <a.b@example.org> \n\n").message_id == "a.b@example.org"
