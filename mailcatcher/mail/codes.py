"""One-time codes: digits such as 493201, `493 201` or `4 9 3 2 0 1`, and AB12-CD34, near a word that announces them.

One translation of the text into classes of characters and one search for the runs a code must have come first; only around such a
run is the text looked at. Years, prices, phone and order numbers are skipped.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_PLACES = 32  # looked at in one text; a mail with more numbers is a report
_BEFORE, _AFTER = 120, 70  # characters in which a word announces a code

_STRONG_WORDS = (
    "otp pin pins tan mtan passcode passcodes cod codigo código códigos codice codici kode koden kodu kodunuz kodun kod kód mã"
    " einmalpasswort engangskode κωδικός κωδικό одноразовый одноразового رمز الرمز كود کد קוד הקוד รหัส ओटीपी कोड"
)
_STRONG = frozenset(_STRONG_WORDS.split())
_STRONG_BEGINNINGS = ("code", "einmal", "engång", "kertakäyt", "kód", "kod", "код", "одноразов", "κωδικ")
_STRONG_ENDINGS = ("code", "codes", "kod", "koden", "kode", "koodi", "koodisi", "kódja", "kód", "passwort")
_STRONG_ANYWHERE = (
    "验证码", "驗證碼", "校验码", "动态码", "動態碼", "确认码", "確認碼", "コード", "認証番号", "ワンタイム", "인증", "코드",
)  # fmt: skip
_YEAR_WORDS = ("code", "kod", "cod", "cód", "kód", "pin", "otp", "tan", "код", "码", "碼", "コード", "番号", "인증")
_WEAK_BEGINNINGS = (
    "verif", "vérif", "bestätig", "confirm", "conferma", "authent", "2fa", "mfa", "login", "signin", "anmeld", "security", "sicherheit",
    "sécurité", "token", "passwor", "contrase", "парол", "подтвержд", "weryfik", "potwierdz", "doğrulama", "vahvist", "bekræft", "bekreft",
    "bekräft", "bevestig", "xác", "onetime",
)  # fmt: skip
_AGAINST_WORDS = (
    "order orders invoice receipt tracking shipment ticket case phone tel fax mobile hotline zip plz coupon voucher iban copyright vat ref"
    " reference sku serial build version amount total price balance eur usd gbp chf sek pln commande pedido ordine facture fattura factura"
    " faktura article customer account since founded street"
)
_AGAINST = frozenset(_AGAINST_WORDS.split())
_AGAINST_BEGINNINGS = (
    "bestell", "rechnung", "telefon", "téléphon", "teléfon", "postleitzahl", "postcode", "promocode", "kundennumm", "sendung", "zamówieni",
    "заказ", "artikel", "gutschein", "rabatt", "aktionscode", "barcode", "qrcode", "vertragsnumm", "auftrag",
)  # fmt: skip
_OTHER_CODES = (
    "zip post postal area error status promo discount coupon voucher qr source country product sort bar swift reference order promotional"
    " referral gift response exit dress color colour"
)
_NOT_A_CODE_AFTER = frozenset(_OTHER_CODES.split())
_WORD = re.compile(r"\w+")
_CODE = re.compile(
    r"(?<![0-9A-Za-z_\u00c0-\u02af\u0370-\u052f.,/@#$€£¥+=&?%:\\~-])(?<!\*\*\*)(?<!\d[ \u00a0])(?<!\) )(?<!: \+)(?:[A-Z]{1,3}-(?=\d{4}))?"
    r"(?:(?P<spaced>\d(?:[ \u00a0]\d){3,7})|(?P<groups>\d{3,4}[ \u00a0-]\d{3,4}|\d{2}(?:[ -]\d{2}){2,3})|(?P<digits>\d{4,8})"
    r"|(?P<mixed>[A-Z0-9]{3,6}(?:-[A-Z0-9]{3,6}){1,3}|[A-Z0-9]{5,10}))"
    r"(?![0-9A-Za-z_\u00c0-\u02af\u0370-\u052f@%/=&$€£¥-]|\*\*\*|[.,:]\d|[ \u00a0]\d"
    r"|[ \u00a0]?(?:€|%|(?:EUR|USD|GBP|CHF|kr|zł|minutes?|min|hours?|seconds?|days?|Minuten|Stunden|Tagen?|items?|users?|people)\b))"
)
_SOLID_RUNS = (b"0000", b"A0", b"0A")
_RUNS = (b"0000", b"000 000", b"000-000", b"00 00 0", b"00-00-0", b"0 0 0 0", b"A0", b"0A")
"""What every code holds, in classes of characters: 0 digit, A capital."""
_CLASSES = bytes(
    48 if 48 <= byte <= 57 else 65 if 65 <= byte <= 90 else 32 if byte in (32, 160) else 45 if byte == 45 else 46
    for byte in range(256)
)  # fmt: skip


class Found(NamedTuple):
    """A code as one types it, how likely it is (higher is likelier), and the line it stands in."""

    code: str
    score: int
    context: str


def has_digit(text: str) -> bool:
    """Whether there is an ASCII digit. Ten searches for one character are ten times as fast as one for a class of them."""
    return (
        "0" in text or "1" in text or "2" in text or "3" in text or "4" in text
        or "5" in text or "6" in text or "7" in text or "8" in text or "9" in text
    )  # fmt: skip


def find(text: str, title: str = "") -> list[Found]:
    """The codes of a text, likeliest first; words of the title (the subject) announce codes as well."""
    places = _places(text) if has_digit(text) else []
    if not places:
        return []
    best: dict[str, Found] = {}
    position = 0
    for place in places:
        if place < position:
            continue
        match = _CODE.search(text, max(position, place - 12), place + 40)
        if match is None or match.start() > place + 1:
            continue
        position = match.end()
        found = _judged(text, match, title)
        if found is not None and (found.code not in best or best[found.code].score < found.score):
            best[found.code] = found
    return sorted(best.values(), key=lambda found: -found.score) if best else []


def _places(text: str) -> list[int]:
    """Where a code may stand."""
    classes = text.encode("latin-1", "replace").translate(_CLASSES)
    found: list[int] = []
    spaced = b"0 0" in classes or b"0-0" in classes
    for run in _RUNS if spaced else _SOLID_RUNS:
        place = classes.find(run)
        count = 0
        while place >= 0 and count < _PLACES:
            found.append(place)
            count += 1
            place = classes.find(run, place + len(run))
    found.sort()
    return found


def _judged(text: str, match: re.Match[str], title: str) -> Found | None:
    """The candidate with its score, None if nothing announces it or it is something else."""
    code = _typed(match)
    if code is None:
        return None
    if _is_year(code) and not _names_a_code(text[max(0, match.start() - 40) : match.start()]):
        return None
    before, after = text[max(0, match.start() - _BEFORE) : match.start()], text[match.end() : match.end() + _AFTER]
    alone = _is_alone(before, after)
    if any(map(_kind, _WORD.findall(f"{before} {after}".lower()))):
        score = max(_score_before(before), _score_after(after))
    elif alone:
        score = _score_of_title(title)
    else:
        return None
    if score <= 0 or (score < 70 and (_is_year(code) or not (code.isdigit() or "-" in match[0]))):
        return None
    start = text.rfind("\n", max(0, match.start() - 80), match.start()) + 1 or max(0, match.start() - 80)
    context = " ".join(text[start : match.end() + 60].partition("\n\n")[0].split())
    return Found(code, score + (25 if alone else 0) + (5 if len(code) == 6 else 0), context)


def _typed(match: re.Match[str]) -> str | None:
    """The code without separators; a mixed one keeps its hyphens. None for what has the wrong number of digits."""
    if match["digits"] is not None:
        return match["digits"]
    if match["mixed"] is not None:
        code = match["mixed"]
        digits = sum(character.isdigit() for character in code)
        return code if 0 < digits < len(code.replace("-", "")) else None
    code = "".join(character for character in match[0] if character.isdigit())
    return code if 4 <= len(code) <= 8 else None


def _is_year(code: str) -> bool:
    return len(code) == 4 and code[:2] in ("19", "20")


def _names_a_code(text: str) -> bool:
    """Whether a word for code stands in a few words; quick, since most numbers of four digits are years."""
    lower = text.lower()
    return any(word in lower for word in _YEAR_WORDS)


def _is_alone(before: str, after: str) -> bool:
    line_before, line_after = before.rpartition("\n")[2].strip(" \t*"), after.partition("\n")[0].strip(" \t.*")
    return not line_before and not line_after


def _score_before(text: str) -> int:
    """From the nearest words before a candidate: 100 and less with the distance, 0 for no announcement, -1 for another number."""
    score = 0
    length = len(text)
    previous = ""
    for match in _WORD.finditer(text.lower()):
        kind = _kind(match[0])
        distance = max(0, length - match.end())
        if kind == "strong":
            score = -1 if previous in _NOT_A_CODE_AFTER else 100 - distance // 4
        elif kind == "against":
            score = -1 if distance < 40 else 0
        elif kind == "weak" and score < 60:
            score = max(score, 50 - distance // 4)
        previous = match[0]
    return score


def _score_after(text: str) -> int:
    """From the first words after a candidate: `123456 is your code`."""
    for match in _WORD.finditer(text.strip().partition("\n")[0].lower()):
        kind = _kind(match[0])
        if kind == "strong":
            return 90 - match.start() // 4
        if kind == "against":
            return 0
    return 0


def _score_of_title(title: str) -> int:
    kinds = {_kind(word) for word in _WORD.findall(title[:200].lower())}
    return 0 if "against" in kinds else 60 if "strong" in kinds else 30 if "weak" in kinds else 0


@lru_cache(maxsize=4_096)
def _kind(word: str) -> str:
    """What a lower-case word says of a number near it: strong, weak, against or nothing."""
    if word in _AGAINST or word.startswith(_AGAINST_BEGINNINGS):
        return "against"
    if word in _STRONG or word.startswith(_STRONG_BEGINNINGS) or word.endswith(_STRONG_ENDINGS):
        return "strong"
    if not word.isascii() and any(strong in word for strong in _STRONG_ANYWHERE):
        return "strong"
    return "weak" if word.startswith(_WEAK_BEGINNINGS) else ""
