"""Links of a mail, and what the List-Unsubscribe fields say."""

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailcatcher.mail.dom import DocumentTooLarge, parsed
from mailcatcher.mail.values import Link, Unsubscribe

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_URL = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s<>\"'`\\^{|}\x00-\x1f\x7f-\xa0]+"
    r"|\bwww\.[a-zA-Z0-9-]+\.[^\s<>\"'`\\^{|}\x00-\x1f]+"
)
_URL_HINT = re.compile(r"(?<=[a-zA-Z0-9+.-])://[^\s<>\"'`\\^{|}.,;:!?]|www\.[a-zA-Z0-9-]+\.[a-zA-Z0-9]")
_HREF = re.compile(
    r"<a(?:rea)?[\s/][^<>]{0,4096}?\bhref\s{0,9}=\s{0,9}[\"']?\s{0,9}([a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s<>\"']{0,2048})", re.I
)
_TRAILING = ".,;:!?'\"*_~…»”’"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_BRACKETED = re.compile(r"<([^<>]*)>")
_REFUSED = ("javascript:", "vbscript:", "data:", "cid:", "file:")
_BLANKS = re.compile(r"[\t\n\r]+")


def has_link(text: str | None, source: str | None) -> bool:
    """Whether a text or an HTML source holds a link, by a cheap scan."""
    if text is not None and ((":" in text and "://" in text) or "www." in text) and _URL_HINT.search(text):
        return True
    if source is None:
        return False
    return '<a href="https://' in source or ("://" in source and _HREF.search(source) is not None)


def in_text(text: str, part: str) -> Iterator[Link]:
    """The URLs that stand in plain text."""
    for match in _URL.finditer(text):
        url = _trimmed(match[0])
        if not url.endswith("://"):
            yield Link(f"http://{url}" if url.startswith("www.") else url, url, part)


def _trimmed(url: str) -> str:
    """The URL without the punctuation of the sentence around it; a closing bracket stays if it was opened inside."""
    surplus = {closing: url.count(closing) - url.count(opening) for closing, opening in _CLOSING.items()}
    end = len(url)
    while end and (url[end - 1] in _TRAILING or surplus.get(url[end - 1], 0) > 0):
        end -= 1
        if url[end] in surplus:
            surplus[url[end]] -= 1
    return url[:end]


def in_html(source: str, part: str) -> Iterator[Link]:
    """The targets of `a` and `area` which have an authority (`scheme://`); mailto, tel and the like are no pages to open."""
    try:
        found = parsed(source).css("a[href], area[href]")
    except DocumentTooLarge:
        for match in _HREF.finditer(source):
            yield Link(html.unescape(source[match.start(1) : match.end()]), "", part)
        return
    for node in found:
        url = _BLANKS.sub("", node.attributes.get("href") or "").strip()
        if "://" in url and not url.lower().startswith(_REFUSED):
            text = " ".join(node.text(separator=" ").split()) or node.attributes.get("alt") or _image_text(node)
            yield Link(url, text, part)


def _image_text(node: "LexborNode") -> str:
    image = node.css_first("img[alt]")
    return " ".join((image.attributes.get("alt") or "").split()) if image is not None else ""


def unsubscribe(header: str | None, post: str | None) -> Unsubscribe | None:
    """What List-Unsubscribe (RFC 2369 3.2) and List-Unsubscribe-Post (RFC 8058 3.1) say; None without the former."""
    if header is None:
        return None
    http = mailto = None
    for match in _BRACKETED.finditer(header):
        url = "".join(match[1].split())
        lower = url.lower()
        if lower.startswith(("https://", "http://")):
            http = http or url
        elif lower.startswith("mailto:"):
            mailto = mailto or url
    one_click = post is not None and "".join(post.split()).lower() == "list-unsubscribe=one-click"
    return Unsubscribe(http, mailto, one_click and http is not None and http.lower().startswith("https://"))
