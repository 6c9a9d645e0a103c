"""The HTML of a mail as a document that can be shown in a sandboxed frame.

Nothing is sanitised: sandbox and Content-Security-Policy make the document harmless, and what those leave is removed here (frames that
connect although they are blocked, `base`, `meta` that overrules a header, links that would navigate the frame or run). Parts of the mail
become `data:` URIs. The result is parsed again, and only a text in which nothing is left to change is given out: what a browser reads is
what was looked at.
"""

import re
from typing import TYPE_CHECKING

import msgspec

from mailcatcher.errors import NotFound
from mailcatcher.mail.dom import MAX_CHARACTERS, DocumentTooLarge, parsed
from mailcatcher.mail.embedding import TOTAL_BYTES
from mailcatcher.mail.message import Message
from mailcatcher.mail.rewriting import Rewriting
from mailcatcher.mail.values import Remote

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

__all__ = ["Document", "DocumentTooLarge", "isolated"]

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'{more}; img-src data:{more}; font-src data:{more}; media-src data:{more}; "
    "form-action 'none'"
)
"""A copy of the document that is saved, or set into a page without our headers, stays as quiet."""
_RESULT_CHARACTERS = 2 * MAX_CHARACTERS + 4 * TOTAL_BYTES // 3
_ROUNDS = 4
_DOCTYPE = re.compile(r"\s*<!doctype[^<>]{0,1000}>", re.I)


class Document(msgspec.Struct, frozen=True):
    """The rewritten HTML, and what it would load from elsewhere, each once in order."""

    html: str
    remote: tuple[Remote, ...]


def isolated(message: Message, *, remote: bool = False) -> Document:
    """The HTML of the mail for a sandboxed frame; `remote`: its own policy lets remote content load, as the header then does.

    Raises NotFound for a mail without HTML, DocumentTooLarge for one whose HTML can be shown only as source.
    """
    if message.html is None:
        raise NotFound("the mail has no HTML")
    policy = _POLICY.format(more=" http: https:" if remote else "")
    rewriting = Rewriting(message, policy)
    tree = parsed(message.html)
    rewriting.rewrite(tree)
    _inject(tree, policy)
    for _ in range(_ROUNDS):
        text = _with_doctype(tree.html or "", message.html)
        tree = parsed(text, _RESULT_CHARACTERS)
        if not rewriting.rewrite(tree):
            return Document(text, tuple(rewriting.remote))
    raise DocumentTooLarge("the HTML reads differently each time it is parsed; it is shown only as source")


def _inject(tree: "LexborHTMLParser", policy: str) -> None:
    meta = tree.create_node("meta")
    meta.attrs["http-equiv"] = "Content-Security-Policy"
    meta.attrs["content"] = policy
    base = tree.create_node("base")
    base.attrs["target"] = "_blank"
    head = tree.head
    if head is None:
        return
    first = head.first_child
    for node in (meta, base):
        if first is None:
            head.insert_child(node)
        else:
            first.insert_before(node)


def _with_doctype(text: str, source: str) -> str:
    """The text with the whole doctype of the source: it decides the mode of rendering, and lexbor writes its name only."""
    doctype = _DOCTYPE.match(source)
    return _DOCTYPE.sub(lambda _: doctype[0].strip(), text, count=1) if doctype else text
