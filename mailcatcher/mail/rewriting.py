"""What is changed in the tree of a mail's HTML so that sandbox and policy hold, and what it would load from elsewhere."""

import re
from typing import TYPE_CHECKING

from mailcatcher.mail import stylesheet
from mailcatcher.mail.bodies import file_name
from mailcatcher.mail.embedding import Embedding
from mailcatcher.mail.message import Message
from mailcatcher.mail.values import Remote

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = frozenset(
    ("script", "iframe", "frame", "frameset", "object", "embed", "applet", "portal", "fencedframe", "template", "noframes", "noembed")
)  # fmt: skip
"""`template` as well: lexbor keeps its content apart, and with `shadowrootmode` a browser shows it."""
_STRIPPED = frozenset(
    ("ping", "formaction", "autofocus", "srcdoc", "referrerpolicy", "attributionsrc", "manifest", "nonce", "xml:base", "shadowrootmode",
     "imagesrcset", "dynsrc", "lowsrc", "browsingtopics", "sharedstoragewritable", "is")
)  # fmt: skip
_URLS = frozenset(("href", "src", "background", "poster", "data", "action", "cite", "longdesc", "from", "to", "values", "by"))
_LOSES_A_LINE = frozenset(("pre", "listing", "textarea"))
_ANIMATIONS = frozenset(("set", "animate", "animatetransform", "animatemotion", "animatecolor"))
_JUDGED = _ANIMATIONS | {"base", "meta", "link"}
_SOURCES = {
    "img": "image", "image": "image", "input": "image", "feimage": "image", "video": "media", "audio": "media", "source": "media",
    "track": "media", "bgsound": "media", "use": "other", "pattern": "other", "mpath": "other", "textpath": "other",
    "lineargradient": "other", "radialgradient": "other", "filter": "other", "cursor": "image",
}  # fmt: skip
"""Elements whose src or href is loaded, and what it is."""
_RUNS = re.compile(r"(?:javascript|vbscript|livescript|mocha):", re.I)
_NO_PAGE = re.compile(r"(?:javascript|vbscript|livescript|mocha|data|file|blob|filesystem|jar|view-source|chrome|about):", re.I)
_REMOTE = re.compile(r"(?:https?|ftp):|[/\\]{2}", re.I)
_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:,+|([^,]*))")
_AFTER_CANDIDATES = ", \t\r\n\f"
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")


class Rewriting:
    """One document on its way; `rewrite` is repeated on its own result."""

    def __init__(self, message: Message, policy: str) -> None:
        self.parts = Embedding(message)
        self.policy = policy
        self.remote: dict[Remote, None] = {}
        self.changed = False
        self.first = True

    def rewrite(self, tree: "LexborHTMLParser") -> bool:
        """Change the tree; whether that was needed."""
        self.changed = False
        node = tree.root
        while node is not None:
            node = self._visit(tree, node)
        self.first = False
        return self.changed

    def _visit(self, tree: "LexborHTMLParser", node: "LexborNode") -> "LexborNode | None":
        """Treat one node; the next one in document order. A removed node is freed with all it holds, so that is found out before."""
        tag = (node.tag or "").lower()
        if self._is_dropped(node, tag):
            following = _after(node)
            node.decompose()
            self.changed = True
            return following
        following = node.first_child or _after(node)
        if tag == "style":
            return self._style(tree, node)
        if tag == "plaintext":  # it has no end, so nothing may follow it
            return self._replace(node, _with_text(tree, "pre", node.text(deep=True)))
        if tag in _LOSES_A_LINE and self.first:
            _keep_first_line(node)
        if tag == "noscript":  # a browser without scripts shows what is inside; one with scripts would read it as text
            node.unwrap(delete_empty=True)
            self.changed = True
        elif node.is_element_node:
            self._element(tree, node, tag)
        return following

    def _is_dropped(self, node: "LexborNode", tag: str) -> bool:
        attributes = node.attributes if tag in _JUDGED else {}
        if tag == "base":
            return attributes != {"target": "_blank"}
        if tag == "meta":
            ours = attributes == {"http-equiv": "Content-Security-Policy", "content": self.policy}
            return not ours and ("http-equiv" in attributes or (attributes.get("name") or "").strip().lower() == "referrer")
        if tag == "link":
            return "stylesheet" not in (attributes.get("rel") or "").lower().split()
        if tag in _ANIMATIONS:
            return (attributes.get("attributeName") or "").lower().rpartition(":")[2] in ("href", "src", "style")
        return tag in _DROPPED

    def _element(self, tree: "LexborHTMLParser", node: "LexborNode", tag: str) -> None:
        for name, value in list(node.attributes.items()):
            self._attribute(node, tag, name, value)
        if tag in ("a", "area"):
            self._set(node, "target", "_blank")
            self._set(node, "rel", "noopener noreferrer")
        elif tag == "link":
            self._set(node, "rel", "stylesheet")
        elif tag == "img":
            self._large_image(tree, node)

    def _attribute(self, node: "LexborNode", tag: str, name: str, value: str | None) -> None:
        lower = name.lower()
        local = lower.rpartition(":")[2]
        if local.startswith("on") or lower in _STRIPPED or local in _STRIPPED:
            self._delete(node, name)
        elif value is None or (local == "src" and value.startswith("data:image/")):
            return
        elif lower == "srcset":
            self._set(node, name, ", ".join(self._candidate(match) for match in _CANDIDATE.finditer(value.rstrip(_AFTER_CANDIDATES))))
        elif local in _URLS:
            self._url(node, tag, name, value)
        elif lower == "style" or ("(" in value and "url(" in value.lower()):
            self._set(node, name, self._sheet(value))

    def _url(self, node: "LexborNode", tag: str, name: str, value: str) -> None:
        local = name.lower().rpartition(":")[2]
        compact = _INVISIBLE.sub("", value)
        kind = _kind(node, tag, local)
        if tag == "use" and not compact.startswith("#"):  # loads a whole document
            self._record(compact, "other")
            self._delete(node, name)
        elif (_NO_PAGE if tag in ("a", "area", "form") else _RUNS).match(compact):
            self._delete(node, name)
        elif kind is not None:
            self._load(node, name, compact, kind)

    def _load(self, node: "LexborNode", name: str, compact: str, kind: str) -> None:
        """Put the part in the place of the URL that names it; record what lies elsewhere."""
        found = self.parts.data(compact)
        if found:
            self._set(node, name, found)
        elif found is None:
            self._record(compact, kind)

    def _candidate(self, match: re.Match[str]) -> str:
        """An image of a srcset with its descriptor (HTML 4.8.4.2.1); a part it names takes its place."""
        url, descriptor = match[1], match[2] or ""
        found = self.parts.data(url)
        if found is None:
            self._record(url, "image")
        return f"{found or url} {descriptor.strip()}".strip()

    def _sheet(self, sheet: str) -> str:
        """A style sheet with the parts it names; what it loads from elsewhere is recorded."""
        for url, kind in stylesheet.urls(sheet):
            self._record(url, kind)
        if not self.parts:
            return sheet
        return stylesheet.replaced(sheet, lambda url: self.parts.data(url) or None)

    def _style(self, tree: "LexborHTMLParser", node: "LexborNode") -> "LexborNode | None":
        """Treat a style block; the next node. The text of a node cannot be set, so a new block takes its place."""
        self._element(tree, node, "style")
        sheet = node.text(deep=True) or ""
        new = self._sheet(sheet)
        if new == sheet:
            return node.first_child or _after(node)
        style = _with_text(tree, "style", new)
        for name, value in node.attributes.items():
            style.attrs[name] = value or ""
        return self._replace(node, style)

    def _replace(self, node: "LexborNode", new: "LexborNode") -> "LexborNode | None":
        """Put another node in the place of this one; the next one."""
        following = _after(node)
        node.insert_before(new)
        node.decompose()
        self.changed = True
        return following

    def _large_image(self, tree: "LexborHTMLParser", node: "LexborNode") -> None:
        """Put a link to the part after an image that is too large to be shown in place."""
        part = self.parts.named(_INVISIBLE.sub("", node.attributes.get("src") or ""))
        if part is None:
            return
        megabytes = (part.end - part.body) / 1_048_576
        text = f"{file_name(part)} ({megabytes:.1f} MB) is too large to be shown here"
        note = _with_text(tree, "span" if _is_inside_link(node) else "a", text)
        note.attrs["href"] = f"parts/{part.part}"
        node.insert_before(note)
        self._delete(node, "src")

    def _record(self, url: str, kind: str) -> None:
        url = _INVISIBLE.sub("", url)
        if _REMOTE.match(url):
            self.remote.setdefault(Remote(url, kind))

    def _set(self, node: "LexborNode", name: str, value: str) -> None:
        if node.attributes.get(name) != value:
            node.attrs[name] = value
            self.changed = True

    def _delete(self, node: "LexborNode", name: str) -> None:
        del node.attrs[name]
        self.changed = True


def _with_text(tree: "LexborHTMLParser", tag: str, text: str | None) -> "LexborNode":
    node = tree.create_node(tag)
    node.insert_child(text or "")
    return node


def _after(node: "LexborNode") -> "LexborNode | None":
    """The next node in document order that is not inside this one."""
    current: LexborNode | None = node
    while current is not None:
        if current.next is not None:
            return current.next
        current = current.parent
    return None


def _keep_first_line(node: "LexborNode") -> None:
    """Double a line feed at the beginning: a parser drops one (HTML 13.2.6.4.7), and the text is parsed once more."""
    first = node.first_child
    if first is not None and first.is_text_node and (first.text_content or "").startswith("\n"):
        first.insert_before("\n")


def _is_inside_link(node: "LexborNode") -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag == "a":
            return True
        parent = parent.parent
    return False


def _kind(node: "LexborNode", tag: str, name: str) -> str | None:
    """What a URL in this place loads, None if nothing."""
    if name in ("background", "poster"):
        return "image"
    if name not in ("src", "href"):
        return None
    if tag == "link":
        return "stylesheet"
    if tag == "source" and node.parent is not None and node.parent.tag == "picture":
        return "image"
    return _SOURCES.get(tag)
