"""HTML parsed by lexbor, after a look at what that would cost.

The HTML standard's tree construction takes quadratic time: every block element looks through all that is open, and open formatting
elements are made anew in every paragraph (1 MB of `<div>` takes minutes in any parser). The open elements are therefore counted first,
never fewer than the parser will find open.
"""

import re
from typing import TYPE_CHECKING

from mailcatcher.errors import MailcatcherError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_CHARACTERS = 5_242_880  # the page shows larger HTML as source only
MAX_ELEMENTS = 100_000
MAX_DEPTH = 512  # Chromium flattens what is deeper
MAX_ATTRIBUTES = 256  # of one element; each is compared with all before it
MAX_LOOKS = 5_000_000  # open elements over all tags; about 20 ms
MAX_CLONES = 300_000  # open formatting elements over all tags

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*[^\s/>][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*\"?|'[^']*'?|[^\s>]*))?")
_MANY = 512  # characters a tag must have to hold more attributes than allowed
_VOID = frozenset(
    ("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta", "param",
     "source", "track", "wbr")
)  # fmt: skip
_ENDS_BY_ITSELF = frozenset(
    ("html", "head", "body", "p", "li", "dd", "dt", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup", "caption", "option",
     "optgroup", "rb", "rp", "rt", "rtc")
)  # fmt: skip
"""An end tag may be left out; nested ones need another element between them, and that one counts."""
_FORMATTING = frozenset(("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_BARRIERS = frozenset(("table", "template", "object", "applet", "marquee", "svg", "math", "foreignobject", "desc", "button", "select"))
"""An end tag does not reach through these (HTML 13.2.4.2, scopes), unless it is their own."""


class DocumentTooLarge(MailcatcherError):
    """The HTML is too large or too deeply nested to be taken apart; it can still be shown as source."""


def parsed(source: str, limit: int = MAX_CHARACTERS) -> "LexborHTMLParser":
    """The document. Raises DocumentTooLarge for more characters than the limit, or for what would take too long."""
    from selectolax.lexbor import LexborHTMLParser

    if len(source) > limit:
        raise DocumentTooLarge(f"the HTML has {len(source):,} characters; more than {limit:,} are shown only as source")
    _weigh(source)
    return LexborHTMLParser(source)


def _weigh(source: str) -> None:
    """Raise DocumentTooLarge if building the tree would take too long."""
    opened: list[str] = []
    formatting = elements = looks = clones = 0
    last = 0
    for match in _TAG.finditer(source):
        if match.start() - last > _MANY:
            _count_attributes(source, last)
        last = match.end()
        name = match[2].lower()
        if match[1]:
            looks += _close(opened, name)
            formatting = sum(name in _FORMATTING for name in opened) if formatting else 0
        else:
            elements += 1
            if name not in _VOID and name not in _ENDS_BY_ITSELF:
                opened.append(name)
                formatting += name in _FORMATTING
        looks += len(opened)
        clones += formatting
        if len(opened) > MAX_DEPTH:
            raise DocumentTooLarge(f"the HTML is nested deeper than {MAX_DEPTH} elements; it is shown only as source")
        if elements > MAX_ELEMENTS or looks > MAX_LOOKS or clones > MAX_CLONES:
            raise DocumentTooLarge("the HTML has too many elements; it is shown only as source")
    if len(source) - last > _MANY:
        _count_attributes(source, last)


def _count_attributes(source: str, position: int) -> None:
    """Raise DocumentTooLarge if the tag whose name ends at the position has too many attributes (HTML 13.2.5.32 to 38)."""
    for _ in range(MAX_ATTRIBUTES):
        match = _ATTRIBUTE.match(source, position)
        if match is None:
            return
        position = match.end()
    raise DocumentTooLarge(f"an element has more than {MAX_ATTRIBUTES} attributes; the HTML is shown only as source")


def _close(opened: list[str], name: str) -> int:
    """Take the element, and what is open inside it, from the list; how many were looked at."""
    for place in range(len(opened) - 1, -1, -1):
        if opened[place] == name:
            looked = len(opened) - place
            del opened[place:]
            return looked
        if opened[place] in _BARRIERS:
            return len(opened) - place
    return len(opened)
