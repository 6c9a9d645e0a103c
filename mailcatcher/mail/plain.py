"""HTML as plain words by a cheap scan, and the snippet; neither needs a parser, both are linear."""

import html
import re

SNIPPET_LENGTH = 200
MAX_SOURCE = 2_097_152  # characters of HTML read for words; hostile HTML of this size takes 0.3 s

_SKIPPED_NAMES = "script style title template svg math object iframe noembed noframes"
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code del em font i ins kbd mark o:p q s samp small span strike strong sub sup tt u var wbr"
)
_BLOCK_NAMES = "p div table tbody tr td th br hr img h1 h2 h3 ul ol li center body html head meta"
_KNOWN = {
    f"{slash}{name}": between
    for names, between in ((_INLINE_NAMES, ""), (_BLOCK_NAMES, " "))
    for name in names.split()
    for slash in ("", "/")
}
"""What stands between the text before and after a tag; of blocks only the usual ones, all others count as such."""
_TAG_BEGINNINGS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?")
_REFERENCE = re.compile(r"&(?:#(?:[xX][0-9a-fA-F]{1,6}(?![0-9a-fA-F])|[0-9]{1,7}(?![0-9]))|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_COMMON = (("&nbsp;", " "), ("&#160;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&zwnj;", ""), ("&shy;", ""))
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")


def plain_words(source: str) -> str:
    """The words of an HTML document on one line, without scripts, styles, title and comments."""
    first, *pieces = (source[:MAX_SOURCE] if len(source) > MAX_SOURCE else source).split("<")
    shown = [first]
    awaited = ""  # what ends the skipped element or comment
    known = dict(_KNOWN)  # and the tags met so far with their attributes: most come again
    for piece in pieces:
        if awaited:
            piece, awaited = _resumed(piece, awaited)
            if awaited:
                continue
        tag, _, text = piece.partition(">")
        between = known.get(tag)
        if between is None:
            between = _KNOWN.get(tag.partition(" ")[0])
            if between is None:
                text, awaited = _unusual(piece, tag, text)
                shown.append(text)
                continue
            known[tag] = between
        shown += (between, text)
    text = "".join(shown)
    if "&" in text:
        for reference, character in _COMMON:
            text = text.replace(reference, character)
        text = _REFERENCE.sub(_referenced, text)
    return " ".join(text.split())


def _unusual(piece: str, tag: str, text: str) -> tuple[str, str]:
    """What is shown of a piece whose tag is none of the usual ones, and what ends what it opens."""
    if piece[:1] not in _TAG_BEGINNINGS:
        return "<" + piece, ""
    if piece.startswith("!--"):
        text, awaited = _resumed(piece, "-->")
        return " " + text[2:], awaited
    name = tag.split(None, 1)[0].lower()
    if name in _SKIPPED and not tag.endswith("/"):
        return " ", "/" + name
    return _KNOWN.get(name, " ") + text, ""


def _resumed(piece: str, awaited: str) -> tuple[str, str]:
    """What is shown of a piece inside something skipped, and what is still awaited."""
    if awaited == "-->":
        _, found, rest = piece.partition("-->")
        return ("!>" + rest, "") if found else ("", awaited)
    return (piece, "") if piece[: len(awaited)].lower() == awaited else ("", awaited)


def _referenced(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def snippet(text: str) -> str:
    """The beginning of the text on one line, at most 200 characters; the last word is whole if it can be."""
    head = text[: SNIPPET_LENGTH + 60]
    if not head.isascii():
        head = _INVISIBLE.sub("", text[: SNIPPET_LENGTH * 10])
    line = " ".join(head.split())
    if len(line) < SNIPPET_LENGTH < len(text):  # much of the beginning was blank
        line = " ".join(_INVISIBLE.sub("", text[: SNIPPET_LENGTH * 10]).split())
    if len(line) <= SNIPPET_LENGTH:
        return line
    cut = line.rfind(" ", SNIPPET_LENGTH - 20, SNIPPET_LENGTH)
    return line[: cut if cut > 0 else SNIPPET_LENGTH - 1] + "…"
