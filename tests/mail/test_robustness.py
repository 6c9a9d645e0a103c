"""Whatever comes in: no exception, and text that SQLite and JSON can hold."""

from contextlib import suppress
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from mailcatcher.mail.document import DocumentTooLarge, isolated
from mailcatcher.mail.message import Message, parse

_PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b"--", b"=?", b"?=", b"\xff", b"\xc3", b"<", b">", b'"', b"(", b")", b";", b":", b"=", b"&#", b"<!--",
    b"<style>", b"Content-Type: text/html\r\n", b"\r\n\r\n", b"boundary=", b"base64", b"charset=utf-16", b"multipart/mixed",
    b"message/rfc822",
    b"&#xd800;", b"+2AA-", b"charset=utf-7", b"=?utf-7?q?+2AA-?=", b"=?utf-8?b?", b"filename*0*=utf-8''%ff", b"Content-Transfer-Encoding: ",
    b"List-Unsubscribe: <", b"<a href=", b"http://x", b"cid:", b"url(", b"code 123456", b"--b\r\n",
    b"Content-Type: multipart/related; boundary=b\r\n",
]  # fmt: skip
_EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(_PIECES) | st.binary(max_size=8)), min_size=1, max_size=12)


def touch(message: Message) -> None:
    """Ask for everything, and encode it as the store and the API do."""
    tree = message.tree()
    values = (
        tree, message.attachments(), message.links(), message.codes(), message.unsubscribe(), message.defects, message.headers,
        message.subject, message.from_, message.to, message.cc, message.bcc, message.reply_to, message.date, message.message_id,
        message.text, message.html, message.html_text, message.snippet, message.code, message.attachment_names,
    )  # fmt: skip
    encoded = msgspec.json.encode(values)  # refuses lone surrogates
    assert b"\\u0000" not in encoded
    stack = [tree]
    while stack:
        part = stack.pop()
        assert message.part(part.part) == part
        assert isinstance(message.content(part.part), bytes)
        stack.extend(part.parts)
    assert (message.codes()[0].code if message.codes() else None) == message.code
    if message.html is not None:
        with suppress(DocumentTooLarge):
            assert "\0" not in isolated(message).html


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2_000) | st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join))
def test_any_bytes_are_a_mail(raw: bytes):
    message = parse(raw)
    assert message.raw == raw
    touch(message)


_CORPUS = [file.read_bytes() for file in sorted((Path(__file__).parent.parent / "corpus").glob("*/*.eml"))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_CORPUS), _EDITS)
def test_any_damage_to_a_mail_is_survived(mail: bytes, edits):
    raw = bytearray(mail)
    for place, removed, added in edits:
        position = int(place * len(raw))
        raw[position : position + removed] = added
    touch(parse(bytes(raw)))


_TAGS = [
    "svg", "math", "style", "table", "td", "form", "mglyph", "mtext", "mi", "title", "textarea", "xmp", "noscript", "template", "select",
    "option", "p", "a", "b", "plaintext", "annotation-xml", "foreignObject", "desc", "iframe", "script", "frameset", "frame", "object",
    "head", "body", "html", "base", "meta", "link", "button", "li", "h1", "pre", "listing", "noembed", "noframes", "image", "img", "use",
]  # fmt: skip
_HTML = st.lists(
    st.sampled_from([f"<{slash}{name}>" for name in _TAGS for slash in ("", "/")])
    | st.sampled_from(
        ["x", "<!--", "-->", "--!>", "<![CDATA[", "]]>", '"', "'", ">", "<", "\n", "&lt;", "&quot;", "<iframe src=//x>",
         '<img title="-->">', "<a href=javascript:x onclick=y>", '<p id="</style>">', '<p id="</title><iframe src=//x>">', "<svg><style>",
         "<math><annotation-xml encoding=text/html>",
         "<style>@import '//x';", "<img src=cid:a srcset='cid:a, //x 2x'>", "</"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_HTML)
def test_nothing_that_runs_or_connects_is_left_of_any_html(source: str):
    with suppress(DocumentTooLarge):
        html = isolated(parse(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode())).html
        nodes = list(LexborHTMLParser(html).root.traverse())
        assert not {node.tag for node in nodes} & {"script", "iframe", "frame", "frameset", "object", "template", "noscript"}
        for node in nodes:
            assert "onclick" not in node.attributes
            assert not (node.attributes.get("href") or "").startswith("javascript:")
            assert node.tag != "base" or node.attributes == {"target": "_blank"}
        assert sum(node.tag == "meta" and "http-equiv" in node.attributes for node in nodes) == 1


def test_every_mail_of_the_corpus_can_be_shown(any_mail):
    touch(parse(any_mail))
