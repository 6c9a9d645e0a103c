"""URLs in CSS, found in one linear pass over its tokens (CSS Syntax 3); the sheet itself is left as it is."""

import re
from collections.abc import Callable, Iterator

_TOKEN = re.compile(
    r"/\*(?:[^*]|\*(?!/))*(?:\*/)?"
    r"|(?P<url>u(?:rl|\\72 ?l|\\0{0,4}72 ?l)|\\0{0,4}75 ?rl)\(\s*"
    r"(?:\"(?P<double>[^\"\\\n]*(?:\\.[^\"\\\n]*)*)\"?|'(?P<single>[^'\\\n]*(?:\\.[^'\\\n]*)*)'?"
    r"|(?P<bare>[^\s\"'()]*))\s*\)?"
    r"|(?P<import>@import\b)|(?P<face>@font-face\b)|(?P<set>image-set\()"
    r"|\"(?P<text>[^\"\\\n]*(?:\\.[^\"\\\n]*)*)\"?|'(?P<text2>[^'\\\n]*(?:\\.[^'\\\n]*)*)'?"
    r"|(?P<end>[;}])",
    re.I | re.S,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(\n)|(.))", re.S)


def urls(sheet: str) -> Iterator[tuple[str, str]]:
    """Each URL with its kind: image, font or stylesheet."""
    for _, url, kind in _found(sheet):
        yield url, kind


def replaced(sheet: str, replacement: Callable[[str], str | None]) -> str:
    """The sheet with each `url(…)` for which there is a replacement pointing to it."""
    pieces: list[str] = []
    position = 0
    for match, url, _ in _found(sheet):
        new = replacement(url) if match["url"] else None
        if new is not None:
            pieces += (sheet[position : match.start()], f'url("{new}")')
            position = match.end()
    return "".join(pieces) + sheet[position:] if pieces else sheet


def _found(sheet: str) -> Iterator[tuple[re.Match[str], str, str]]:
    kind = "image"
    strings = False  # a string is a URL here
    for match in _TOKEN.finditer(sheet):
        if match["import"]:
            kind, strings = "stylesheet", True
        elif match["face"]:
            kind = "font"
        elif match["set"]:
            strings = True
        elif match["end"]:
            if match["end"] == "}" or kind == "stylesheet":
                kind = "image"
            strings = False
        elif match["url"]:
            yield match, _unescaped(match["double"] or match["single"] or match["bare"] or ""), kind
        elif strings and (match["text"] or match["text2"]):
            yield match, _unescaped(match["text"] or match["text2"]), kind


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text).strip() if "\\" in text else text.strip()


def _character(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return match[3] or ""
