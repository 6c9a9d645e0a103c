import pytest

from mailcatcher.errors import NotFound
from mailcatcher.mail.message import Part


def outline(part: Part) -> list:
    """Number and type of each node, nested."""
    inner = [outline(child) for child in part.parts]
    return [part.part, part.content_type, *inner]


def test_mail_without_multipart_is_part_1(corpus):
    assert outline(corpus("plain").tree()) == ["1", "text/plain"]


def test_parts_are_numbered_as_in_imap(corpus):
    assert outline(corpus("attachments").tree()) == [
        "", "multipart/mixed",
        ["1", "multipart/alternative", ["1.1", "text/plain"], ["1.2", "text/html"]],
        ["2", "application/pdf"],
        ["3", "text/csv"],
    ]  # fmt: skip


def test_embedded_mail_is_read_in_place(corpus):
    assert outline(corpus("forwarded").tree()) == [
        "", "multipart/mixed",
        ["1", "text/plain"],
        ["2", "message/rfc822", ["2.TEXT", "multipart/mixed", ["2.1", "text/plain"], ["2.2", "image/gif"]]],
    ]  # fmt: skip


def test_parts_of_a_digest_are_mails(corpus):
    message = corpus("digest")
    assert outline(message.tree()) == [
        "", "multipart/digest",
        ["1", "message/rfc822", ["1.1", "text/plain"]],
        ["2", "message/rfc822", ["2.1", "text/plain"]],
    ]  # fmt: skip
    assert message.content("2") == b"From: two@example.org\r\nSubject: second\r\n\r\ntwo"
    assert message.content("2.1") == b"two"


def test_encoded_embedded_mail_is_a_leaf(parsed):
    message = parsed("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0KDQo=\n")
    assert outline(message.tree()) == ["1", "message/rfc822"]
    assert message.content("1") == b"Subject: x\r\n\r\n"


def test_part_tells_all_about_itself(corpus):
    part = corpus("related-cid").part("2")
    assert (part.content_type, part.encoding, part.disposition, part.name, part.cid) == (
        "image/png", "base64", "inline", "logo.png", "logo=1@example.org",
    )  # fmt: skip
    assert (part.size_bytes, part.encoded_bytes) == (70, 98)


def test_unknown_part_is_not_found(corpus):
    message = corpus("plain")
    with pytest.raises(NotFound):
        message.part("2")
    with pytest.raises(NotFound):
        message.content("1.1")


def test_boundary_that_begins_with_another_is_told_apart(corpus):
    assert outline(corpus("prefix-boundaries").tree()) == [
        "", "multipart/mixed", ["1", "multipart/alternative", ["1.1", "text/plain"]], ["2", "text/plain"],
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", ["--b ", "--b\t ", "--b"])
def test_blanks_after_a_boundary_do_not_matter(parsed, delimiter):
    message = parsed(f"Content-Type: multipart/mixed; boundary=b\n\n{delimiter}\n\none\n{delimiter}\n\ntwo\n--b--  \n")
    assert outline(message.tree()) == ["", "multipart/mixed", ["1", "text/plain"], ["2", "text/plain"]]


def test_preamble_and_epilogue_belong_to_no_part(parsed):
    message = parsed("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b--\nepilogue\n--b\n\nlate\n")
    assert (message.text, message.defects[-1].id) == ("one", "no_message_id")


def test_outer_boundary_ends_an_unterminated_inner_part(parsed, ids):
    message = parsed(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nin\n--o\n\nout\n--o--\n"
    )
    assert message.text == "in\nout"
    assert ids(message) == ["unterminated_multipart"]


def test_large_part_does_not_hide_the_boundary_after_it(parsed):
    body = "QUJD" * 19 + "\n"
    message = parsed(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\nContent-Type: image/png\n\n"
        + body * 400
        + "--b\nContent-Type: image/gif\n\nx\n--b--\n"
    )
    assert [part.content_type for part in message.tree().parts] == ["image/png", "image/gif"]
    assert message.content("2") == b"x"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_multipart_with_either_line_end(ending, ids):
    from mailcatcher.mail.message import parse

    text = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x</p>\n--b--\n"
    message = parse(text.replace("\n", ending).encode())
    assert message.html == "<p>x</p>"
