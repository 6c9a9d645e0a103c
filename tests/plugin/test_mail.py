"""What a mail tells a test."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from hashlib import sha256

import pytest

from pytest_mailcatcher import Address, Code, Link

RAW = (
    b"Received: from a\r\nReceived: from b\r\nDate: Mon, 06 Jan 2025 10:00:00 +0100\r\nMessage-ID: <42@shop.example>\r\n"
    b"From: =?utf-8?q?Caf=C3=A9?= <cafe@shop.example>, other@shop.example\r\nTo: ada@example.com\r\nCc: Bob <bob@example.com>\r\n"
    b"Reply-To: help@shop.example\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
    b"List-Unsubscribe: <https://shop.example/u/1>, <mailto:u@shop.example>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
    b"hello\r\n.dot\r\n"
)


@pytest.fixture
def mail(mailcatcher, post):
    post(RAW, mail_from="bounces@shop.example", rcpt=["ada@example.com", "hidden@example.com"])
    return mailcatcher.one()


def test_header_fields(mail):
    assert mail.subject == "Grüße"
    assert mail.from_ == Address("Café", "cafe@shop.example")
    assert mail.to == (Address("", "ada@example.com"),)
    assert mail.cc == (Address("Bob", "bob@example.com"),)
    assert mail.reply_to == (Address("", "help@shop.example"),)
    assert mail.bcc == ("hidden@example.com",)
    assert mail.date == datetime(2025, 1, 6, 9, tzinfo=UTC)
    assert mail.message_id == "42@shop.example"
    assert (mail.unsubscribe.http, mail.unsubscribe.mailto) == ("https://shop.example/u/1", "mailto:u@shop.example")
    assert mail.unsubscribe.one_click


def test_headers_are_found_in_any_case(mail):
    assert mail.headers["SUBJECT"] == "Grüße"
    assert mail.headers.get_all("received") == ["from a", "from b"]
    assert mail.headers["received"] == "from a"
    assert mail.headers.get_all("x-none") == []
    assert mail.headers.get("x-none") is None
    assert "message-id" in mail.headers
    assert list(mail.headers)[:2] == ["Received", "Date"]
    assert len(mail.headers) == len(set(mail.headers))
    assert "Grüße" in repr(mail.headers)


def test_envelope_and_raw(mail):
    assert mail.raw == RAW
    assert mail.size_bytes == len(RAW)
    assert mail.envelope.sender == "bounces@shop.example"
    assert [recipient.address for recipient in mail.envelope.recipients] == ["ada@example.com", "hidden@example.com"]
    assert abs((datetime.now(UTC) - mail.received_at).total_seconds()) < 60
    assert len(mail.id) == 26
    assert mail.seq > 0
    assert repr(mail) == "<Mail bounces@shop.example -> ada@example.com, hidden@example.com 'Grüße'>"


def test_message_is_that_of_the_standard_library(mail):
    assert isinstance(mail.message, EmailMessage)
    assert mail.message is mail.message
    assert mail.message["subject"] == "Grüße"
    assert mail.message.get_content() == "hello\r\n.dot\r\n"


def test_plain_mail_has_no_html(mail):
    assert mail.text == "hello\n.dot\n"
    assert mail.html is None
    assert mail.html_as_text == ""


def test_html_mail_has_no_text(mailcatcher, post):
    message = EmailMessage()
    message.set_content("<p>Hi&nbsp;<b>Ada</b></p>", subtype="html")
    post(message, mail_from="a@b.example", rcpt=["c@d.example"])
    mail = mailcatcher[0]
    assert mail.text is None
    assert "<b>Ada</b>" in mail.html
    assert mail.html_as_text == "Hi Ada"


def test_bad_mail_lists_its_defects(mailcatcher, post):
    post(b"\r\nno header\r\n")
    mail = mailcatcher[0]
    assert {"no_from", "no_date"} <= set(mail.defects)
    assert mail.from_ == Address("", "")
    assert mail.to == ()
    assert mail.subject == mail.message_id == ""
    assert mail.date is None
    assert mail.unsubscribe is None


# Attachments


@pytest.fixture
def parcel(mailcatcher, post):
    message = EmailMessage()
    message.set_content("see attached")
    message.add_attachment(b'{"total": 42}', maintype="application", subtype="json", filename="order.json")
    message.add_attachment("größe", filename="size.txt", charset="latin-1")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png", disposition="inline", cid="<logo@shop>")
    post(message, mail_from="a@b.example", rcpt=["c@d.example"])
    return mailcatcher.one()


def test_attachments_and_inline_parts(parcel):
    assert [part.filename for part in parcel.attachments] == ["order.json", "size.txt"]
    order, size = parcel.attachments
    assert order.json() == {"total": 42}
    assert order.content == b'{"total": 42}'
    assert (order.content_type, order.size_bytes, order.cid) == ("application/json", 13, None)
    assert order.sha256 == sha256(order.content).hexdigest()
    assert size.text().strip() == "größe"
    assert size.text("latin-1").strip() == "größe"
    (logo,) = parcel.inline
    assert (logo.filename, logo.cid, logo.content) == ("logo.png", "logo@shop", b"\x89PNG")
    assert repr(logo) == "<Attachment 'logo.png' image/png 4 bytes>"


def test_one_attachment_is_found_by_glob_and_type(parcel):
    assert parcel.attachment("*.JSON").filename == "order.json"
    assert parcel.attachment(content_type="text/*").filename == "size.txt"
    assert parcel.attachment(inline=True).filename == "logo.png"
    with pytest.raises(AssertionError) as caught:
        parcel.attachment("*.pdf")
    assert str(caught.value).splitlines() == [
        "expected 1 attachment with name='*.pdf', got 0.",
        "The attachments of this mail:",
        "  <Attachment 'order.json' application/json 13 bytes>",
        "  <Attachment 'size.txt' text/plain 7 bytes>",
    ]
    with pytest.raises(AssertionError, match="expected 1 attachment, got 2"):
        parcel.attachment()


@pytest.mark.parametrize(
    ("name", "saved"), [("order.json", "order.json"), ("../../etc/passwd", "_.._etc_passwd"), ("a\\b", "a_b"), ("..", "attachment")]
)
def test_attachment_is_saved_inside_the_directory_whatever_its_name(mailcatcher, post, tmp_path, name, saved):
    quoted = name.replace("\\", "\\\\").encode()
    post(b'Content-Type: application/json; name="' + quoted + b'"\r\nContent-Disposition: attachment\r\n\r\n{}')
    path = mailcatcher[0].attachments[0].save(tmp_path)
    assert path.parent == tmp_path
    assert path.name == saved
    assert path.read_bytes().strip() == b"{}"


def test_attachment_is_saved_under_the_name_given(parcel, tmp_path):
    assert parcel.attachments[0].save(tmp_path / "mine.json").read_bytes() == b'{"total": 42}'
    assert parcel.attachments[0].save(str(tmp_path / "other.json")).name == "other.json"


# Links and codes


@pytest.fixture
def sign_up(mailcatcher, post):
    message = EmailMessage()
    message["Subject"] = "Your code"
    message.set_content("Confirm: https://shop.example/confirm?t=1\nHelp: https://shop.example/help\nYour code is 482913.\n")
    message.add_alternative(
        '<a href="https://shop.example/confirm?t=1">Confirm</a> <a href="https://shop.example/help">Get  help</a>', subtype="html"
    )
    post(message, mail_from="a@b.example", rcpt=["c@d.example"])
    return mailcatcher.one()


def test_link_of_text_and_html_counts_once(sign_up):
    assert sign_up.links() == ["https://shop.example/confirm?t=1", "https://shop.example/help"]


@pytest.mark.parametrize(
    "asked",
    [
        {"contains": "confirm"},
        {"text": "Confirm"},
        {"text": re.compile("^Conf")},
        {"pattern": r"t=\d$"},
        {"pattern": re.compile("T=", re.I)},
    ],
    ids=str,
)
def test_one_link(sign_up, asked):
    link = sign_up.link(**asked)
    assert isinstance(link, Link)
    assert link == "https://shop.example/confirm?t=1"
    assert (link.text, link.part) == ("Confirm", "2")


def test_more_than_one_link_fails_and_lists_them(sign_up):
    with pytest.raises(AssertionError) as caught:
        sign_up.link("shop.example")
    assert str(caught.value).splitlines() == [
        "expected 1 link with contains='shop.example', got 2.",
        "They are:",
        "  https://shop.example/confirm?t=1  Confirm",
        "  https://shop.example/help  Get help",
    ]


def test_no_such_link_fails_and_lists_the_others(sign_up):
    with pytest.raises(AssertionError) as caught:
        sign_up.link(text="Unsubscribe")
    assert "expected 1 link with text='Unsubscribe', got 0." in str(caught.value)
    assert "The links of this mail:\n  https://shop.example/confirm?t=1  Confirm" in str(caught.value)


def test_many_links_are_counted(mailcatcher, post):
    post(text="\n".join(f"https://shop.example/{number}" for number in range(15)))
    with pytest.raises(AssertionError, match="got 15") as caught:
        mailcatcher[0].link()
    assert str(caught.value).endswith("and 5 more")


def test_code(sign_up):
    code = sign_up.code()
    assert isinstance(code, Code)
    assert code == "482913"
    assert code.context == "Your code is 482913."
    assert sign_up.code(length=6) == sign_up.code(r"^\d+$") == sign_up.codes()[0] == "482913"


def test_no_code_fails(sign_up, mailcatcher, post):
    with pytest.raises(AssertionError) as caught:
        sign_up.code(length=4)
    assert str(caught.value).splitlines() == [
        "expected 1 code with length=4, got 0.",
        "The codes of this mail:",
        "  482913  in: Your code is 482913.",
    ]
    post(subject="x", text="nothing")
    with pytest.raises(AssertionError, match=re.escape("expected 1 code, got 0.\nThe mail has no code.")):
        mailcatcher[-1].code()
