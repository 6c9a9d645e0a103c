"""Words: the form of text that the index and the matcher share.

`fold` works character by character, so fold(a + b) == fold(a) + fold(b):

    ASCII                                lower case, punctuation as it is
    accents, joiners, soft hyphens       dropped
    letters, digits, vowel signs         NFKD and case folded, part of a word
    scripts written without spaces,      each character a word of its own, between spaces
      emoji, currency signs
    anything else                        a space

A word is a maximal run of 0-9, a-z and non-ASCII characters of the folded text: what FTS5's tokenizer `ascii` finds.
"""

import re
import unicodedata
from functools import lru_cache

COLUMNS = ("subject", "addresses", "text", "html", "headers", "attachments")
"""Columns of the index of words, in order."""

BETWEEN = "\x01-/:-`{-\x7f"
"""What stands between the words of folded text (which has no NUL), as the inside of a character class: all ASCII but 0-9 and a-z.

Letters are what it leaves over; a class that names them up to U+10FFFF takes milliseconds to compile, at every start.
"""

_WORD = re.compile(f"[^\\x00{BETWEEN}]+")
# Greek, Cyrillic (not й, which is и with an accent), Hebrew, Arabic: case folded, their letters need no more.
_UNSETTLED = re.compile("[^\x00-\x7f\u03b1-\u03c9\u0430-\u0438\u043a-\u044f\u05d0-\u05ea\u0627-\u063a\u0641-\u064a]+")

# Han, kana with its voicing marks, Bopomofo, Yi, Thai, Lao, Myanmar, Khmer; pictographs. Hangul is written with spaces.
_ALONE = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2600-\u27bf\u2b00-\u2bff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u312f\u3190-\u31ff\u3400-\u9fff"
    "\ua000-\ua4cf\uf900-\ufaff\U00016fe0-\U00018d8f\U0001aff0-\U0001b2ff\U0001f000-\U0001fbff\U00020000-\U0003ffff]"
)
# Letters and marks that show nothing (Default_Ignorable_Code_Point); mails pad their preview text with them.
_INVISIBLE = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
_VOICING = "\u3099\u309a"  # combining in Unicode, but they tell one kana from another

_MAX_TABLE = 20_000  # more than living scripts need; a text that walks through all of Unicode must not fill the memory


class _Table(dict[int, str]):
    """Folded forms by code point, made on first use; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _MAX_TABLE:
            self[code] = folded
        return folded


def fold(text: str) -> str:
    """The normal form of `text`; folding it again changes nothing but the number of spaces."""
    if text.isascii():
        return text.lower()
    return _UNSETTLED.sub(_fold_run, text.casefold())


def flat(text: str) -> str:
    """`fold(text)` on one line: every run of blanks is one space, none at the ends."""
    folded = text.lower() if text.isascii() else fold(text)
    if "\0" in folded:
        folded = folded.replace("\0", " ")
    return " ".join(folded.split())


def words(text: str) -> list[str]:
    """The words of `text`, folded, in order."""
    return _WORD.findall(fold(text))


def contains_words(folded: str, sought: tuple[str, ...], prefix: bool) -> bool:
    """True if the words `sought` follow each other in the folded text; with `prefix` the last may be longer there."""
    return _consecutive(sought, prefix).search(folded) is not None


def starts_word(folded: str, needle: str) -> bool:
    """True if `needle` stands in the folded text and its first character, if a letter, begins a word there."""
    if not _is_letter(needle[0]):
        return needle in folded
    return _at_start(needle).search(folded) is not None


def _fold_run(run: re.Match[str]) -> str:
    return run[0].translate(_TABLE)


def _fold_character(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    return "".join(map(_fold_decomposed, decomposed))


def _fold_decomposed(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if char not in _VOICING and (unicodedata.combining(char) or category in {"Cf", "Me"} or _class(_INVISIBLE).match(char)):
        return ""
    is_letter = char.isalnum() or category in {"Mn", "Mc"}
    if category == "Sc" or (_class(_ALONE).match(char) and (is_letter or category in {"So", "Sk"})):
        return f" {char} "
    return char if is_letter else " "


@lru_cache
def _class(pattern: str) -> re.Pattern[str]:
    """Compiled when the first character that is not ASCII is folded: these classes take milliseconds."""
    return re.compile(pattern)


def _is_letter(char: str) -> bool:
    return char >= "\x80" or "a" <= char <= "z" or "0" <= char <= "9"


# Both patterns look back behind their first literal, not before it: what starts with a literal is ten times as fast.
@lru_cache(maxsize=1024)
def _consecutive(sought: tuple[str, ...], prefix: bool) -> re.Pattern[str]:
    first, *others = map(re.escape, sought)
    end = "" if prefix else f"(?![^\\x00{BETWEEN}])"
    return re.compile(f"[\\x00{BETWEEN}]++".join((f"{first}(?<![^\\x00{BETWEEN}]{first})", *others)) + end)


@lru_cache(maxsize=1024)
def _at_start(needle: str) -> re.Pattern[str]:
    escaped = re.escape(needle)
    return re.compile(f"{escaped}(?<![^\\x00{BETWEEN}]{escaped})")


_TABLE = _Table()
