import pytest

from mailcatcher.mail.links import unsubscribe
from mailcatcher.mail.message import parse
from mailcatcher.mail.values import Unsubscribe


def html_mail(source: str):
    return parse(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode())


def test_link_in_text_and_html_counts_once_with_its_text(corpus):
    message = corpus("welcome-alternative")
    (link,) = message.links()
    assert (link.url, link.text, link.part) == ("https://example.org/confirm?token=abc", "Bestätigen", "2")
    assert message.has_link


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://x.org/a?b=c&d=e#f.", ["https://x.org/a?b=c&d=e#f"]),
        ("(see https://x.org/a)", ["https://x.org/a"]),
        ("https://x.org/wiki/A_(b)", ["https://x.org/wiki/A_(b)"]),
        ("<https://x.org/a>, https://x.org/b;", ["https://x.org/a", "https://x.org/b"]),
        ("myapp://open/1 and www.example.org/x!", ["myapp://open/1", "http://www.example.org/x"]),
        ("https://x.org/ä twice https://x.org/ä", ["https://x.org/ä"]),
        ("mailto:a@b.org http:// nothing.", []),
    ],
)
def test_urls_of_plain_text(parsed, text, urls):
    message = parsed("Content-Type: text/plain; charset=utf-8\n\n" + text)
    assert [link.url for link in message.links()] == urls
    assert message.has_link == bool(urls)


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ('<a href="https://x.org/?a=1&amp;b=2"> two\n words </a>', [("https://x.org/?a=1&b=2", "two words")]),
        ("<A HREF = https://x.org/>x</A>", [("https://x.org/", "x")]),
        ('<a href=" https://x.org/a\n b ">x</a>', [("https://x.org/a b", "x")]),
        ('<a href="https://x.org/"><img alt="logo" src=y></a>', [("https://x.org/", "logo")]),
        ('<map><area href="https://x.org/" alt="part"></map>', [("https://x.org/", "part")]),
        ('<a href="mailto:a@b">m</a><a href="tel:1">t</a><a href="#x">h</a><a href="/rel">r</a><a>n</a>', []),
        ('<a href="javascript://x.org/%0aalert(1)">j</a>', []),
        ('<a href="https://x.org/"></a><a href="https://x.org/">later</a>', [("https://x.org/", "later")]),
    ],
)
def test_links_of_html(source, links):
    assert [(link.url, link.text) for link in html_mail(source).links()] == links


def test_links_of_html_too_large_to_take_apart():
    message = html_mail("<div>" * 1_000 + '<a href="https://x.org/?a&amp;b">x</a>')
    assert [link.url for link in message.links()] == ["https://x.org/?a&b"]


def test_html_without_link_has_none():
    message = html_mail('<img src="https://x.org/a.png"><a name="x">y</a>')
    assert (message.has_link, message.links()) == (False, ())


@pytest.mark.parametrize(
    ("header", "post", "expected"),
    [
        (None, None, None),
        ("<https://x.org/u>", None, Unsubscribe("https://x.org/u", None, False)),
        ("<mailto:u@x.org?subject=u>,\t<https://x.org/u>", "List-Unsubscribe=One-Click",
         Unsubscribe("https://x.org/u", "mailto:u@x.org?subject=u", True)),
        ("<http://x.org/u>", "List-Unsubscribe=One-Click", Unsubscribe("http://x.org/u", None, False)),
        ("<https://x.org/u>", "something else", Unsubscribe("https://x.org/u", None, False)),
        ("<mailto:u@x.org>", "List-Unsubscribe=One-Click", Unsubscribe(None, "mailto:u@x.org", False)),
        ("https://x.org/without-brackets", None, Unsubscribe(None, None, False)),
    ],
)  # fmt: skip
def test_unsubscribe_fields(header, post, expected):
    assert unsubscribe(header, post) == expected


def test_unsubscribe_of_a_mail(corpus):
    assert corpus("related-cid").unsubscribe() == Unsubscribe("https://example.org/off/1", "mailto:off@example.org?subject=off", True)
    assert corpus("plain").unsubscribe() is None
