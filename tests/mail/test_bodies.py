from hashlib import sha256

import pytest

from mailcatcher.mail.message import parse
from mailcatcher.mail.plain import plain_words, snippet


def test_text_and_html_are_decoded(corpus):
    message = corpus("welcome-alternative")
    assert message.text == "Grüße! Bestätigen: https://example.org/confirm?token=abc"
    assert message.html is not None
    assert '<a href="https://example.org/confirm?token=abc">Bestätigen</a>' in message.html
    assert message.html_text == "Grüße! Bestätigen"
    assert message.snippet == message.text


def test_mail_without_a_body_has_none(parsed):
    message = parsed("Content-Type: application/pdf\n\nx")
    assert (message.text, message.html, message.html_text, message.snippet) == (None, None, "", "")


def test_lines_of_text_end_in_lf(parsed):
    assert parsed("\na\nb\n").text == "a\nb\n"
    assert parsed("Content-Transfer-Encoding: base64\n\nYQ0KYg==").text == "a\nb"
    assert parsed("Content-Transfer-Encoding: quoted-printable\n\na=0D=0Ab=\nc").text == "a\nbc"


def test_texts_that_are_shown_one_after_the_other_are_one_text(parsed):
    message = parsed("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nmail\n--b\n\nfooter of the list\n--b--\n")
    assert message.text == "mail\nfooter of the list"
    assert message.attachments() == ()


def test_second_alternative_of_a_type_is_not_shown(parsed):
    message = parsed("Content-Type: multipart/alternative; boundary=b\n\n--b\n\nfirst\n--b\n\nother\n--b--\n")
    assert message.text == "first"


def test_body_of_an_embedded_mail_is_not_the_mails(corpus):
    message = corpus("forwarded")
    assert message.text == "see below"
    assert message.content("2.1") == b"inner text"


@pytest.mark.parametrize("name", ["missing-boundary", "no-boundary-parameter"])
def test_multipart_without_parts_shows_its_text(corpus, ids, name):
    message = corpus(name)
    assert "text" in (message.text or "")
    assert ids(message) == ["missing_boundary"]


def test_flowed_text_is_left_as_it_is(parsed):
    assert parsed("Content-Type: text/plain; format=flowed\n\n>> a \n>> b\n").text == ">> a \n>> b\n"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('Content-Type: text/plain; name="a.txt"\nContent-Disposition: attachment', ("a.txt",)),
        ("Content-Type: text/plain\nContent-Disposition: attachment; filename=b.txt", ("b.txt",)),
        ("Content-Type: text/plain; name=b.txt", ("b.txt",)),
        ("Content-Type: text/html\nContent-Disposition: attachment", ("part-2.html",)),
        ("Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-ID: <a>", ("a.png",)),
        ("Content-Type: image/png", ("part-2.png",)),
        ("Content-Type: application/x-odd", ("part-2.bin",)),
        ("Content-Type: message/rfc822", ("part-2.eml",)),
        ("Content-Type: application/pdf; name=old.pdf\nContent-Disposition: attachment; filename=new.pdf", ("new.pdf",)),
        ("Content-Type: image/png\nContent-Disposition: inline; filename=a.png", ()),
        ("Content-Type: image/png\nContent-ID: <a@b>", ()),
        ("Content-Type: text/plain", ()),
    ],
)
def test_attachments_are_named(parsed, header, names):
    message = parsed(f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n{header}\n\nx\n--b--\n")
    assert message.attachment_names == names
    assert message.attachments_count == len(names)


def test_attachments_are_decoded_and_hashed_when_asked_for(corpus):
    first, second = corpus("attachments").attachments()
    assert (first.part, first.name, first.content_type, first.size_bytes, first.inline) == (
        "2", "Rechnung März 2025.pdf", "application/pdf", 28, False,
    )  # fmt: skip
    assert first.sha256 == sha256(b"%PDF-1.4\n% not really a PDF\n").hexdigest()
    assert (second.name, corpus("attachments").content("3")) == ("Zahlen.csv", b"a,b\r\n1,2")


def test_inline_parts_are_listed_apart(corpus):
    message = corpus("related-cid")
    (logo,) = message.attachments()
    assert (logo.inline, logo.cid) == (True, "logo=1@example.org")
    assert message.attachments_count == 0


def test_invite_is_noticed(corpus, parsed):
    assert corpus("invite").has_invite
    assert not corpus("plain").has_invite
    assert parsed("Content-Type: application/octet-stream; name=Event.ICS\n\nx").has_invite


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>a</p><p>b</p>", "a b"),
        ("H<b>ell</b>o <a href='x'>w</a>orld", "Hello world"),
        ("a<br>b<BR/>c", "a b c"),
        ("<td>4</td><td>9</td>", "4 9"),
        ("<style>p{}</style>a<script>var x = '<p>';</script>b", "a b"),
        ("<STYLE>p{}</STYLE >a", "a"),
        ("<head><title>t</title></head>a", "a"),
        ("a<!-- b <p> c -->d<!---->e", "a d e"),
        ("<!--[if mso]><table><![endif]-->a", "a"),
        ("a &amp; b &lt;c&gt; &uuml; &#252; &#xfc; &nbsp;x", "a & b <c> ü ü ü x"),
        ("&amp;lt; &unknown; & &#0; &#xd800; &#99999999;", "&lt; &unknown; & \ufffd \ufffd &#99999999;"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a <", "a <"),
        ("a<p", "a"),
        ("a<!-- never closed <p>b", "a"),
        ("a<style>never closed <p>b", "a"),
        ("<svg/>a<p\nclass=x>b", "a b"),
    ],
)
def test_html_becomes_words(source, words):
    assert plain_words(source) == words


def test_snippet_is_one_short_line():
    assert snippet("  Hello,\n\n\tAda \u200b\u00ad ") == "Hello, Ada"
    assert len(snippet("x" * 500)) == 200
    assert snippet("word " * 100).endswith("word…")
    assert len(snippet("word " * 100)) <= 200


def test_padding_before_the_text_is_not_in_the_snippet():
    assert snippet("Hello\u034f \u200c \u00a0" * 3 + "\u034f\u200c " * 200 + "there").startswith("Hello Hello Hello there")
    assert snippet(" " * 400 + "late") == "late"


def test_snippet_of_html_only_is_its_words(parsed):
    assert parsed("Content-Type: text/html\n\n<p>only</p><p>html</p>").snippet == "only html"
    both = "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n  \n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n"
    assert parsed(both).snippet == "html"


def test_empty_mail_is_a_mail():
    message = parse(b"")
    assert (message.raw, message.text, message.subject, message.from_, message.date) == (b"", "", "", (), None)
    assert [defect.id for defect in message.defects] == ["no_header", "no_from", "no_date", "no_message_id"]
