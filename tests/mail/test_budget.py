from contextlib import suppress
from time import thread_time

import pytest

from mailcatcher.mail.budget import DEFAULT_BUDGET, Budget
from mailcatcher.mail.document import DocumentTooLarge, isolated
from mailcatcher.mail.message import parse

MIXED = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
HTML = b"Content-Type: text/html\r\n\r\n"


def nested(levels: int) -> bytes:
    return b"".join(b"Content-Type:multipart/x;boundary=%d\r\n\r\n--%d\r\n" % (level, level) for level in range(levels))


OVER_BUDGET = {
    "nested multiparts of 2 kB": (nested(42), "budget_depth"),
    "nested mails of 2 kB": (b"Content-Type:message/rfc822\r\n\r\n" * 64, "budget_depth"),
    "100,000 parts": (MIXED + b"--x\r\n\r\na\r\n" * 100_000, "budget_parts"),
    "1,000,000 empty parts": (MIXED + b"--x\r\n" * 1_000_000, "budget_parts"),
    "parts in parts": (
        MIXED + (b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n" + b"--y\r\n\r\na\r\n" * 50 + b"--y--\r\n") * 500,
        "budget_parts",
    ),
    "lines like a boundary": (MIXED + b"--xx\r\n" * 200_000, "budget_boundaries"),
    "header of 10 MB": (b"X: " + b"a" * 10_000_000 + b"\r\n\r\n", "budget_header_bytes"),
    "1,000,000 fields": (b"a:\r\n" * 1_000_000 + b"\r\n", "budget_header_bytes"),
    "headers of many parts": (MIXED + (b"--x\r\nX: " + b"a" * 1_000 + b"\r\n\r\n\r\n") * 500, "budget_header_bytes"),
    "addresses": (b"To: " + b"a@b," * 30_000 + b"\r\n\r\n", "budget_addresses"),
    "text": (b"\r\n" + b"a" * 9_000_000, "budget_text_bytes"),
}


@pytest.mark.parametrize("name", OVER_BUDGET)
def test_mail_over_the_budget_is_read_in_part_and_says_so(name, ids):
    raw, defect = OVER_BUDGET[name]
    start = thread_time()
    message = parse(raw)
    message.tree()
    assert defect in ids(message)
    assert "budget_seconds" not in ids(message)  # a slow machine apart, counted limits come first
    assert thread_time() - start < DEFAULT_BUDGET.seconds


def test_time_is_a_limit_too(ids):
    assert ids(parse(MIXED + b"--x\r\n\r\na\r\n--x--\r\n", Budget(seconds=-1))) == ["budget_seconds"]


def test_same_mail_parses_the_same_each_time():
    raw = OVER_BUDGET["parts in parts"][0]
    assert parse(raw).tree() == parse(raw).tree()


TIRESOME = {
    "commas": b"To: " + b"," * 120_000 + b"\r\n\r\n",
    "quotes": b"To: " + b'"a' * 60_000 + b"\r\n\r\n",
    "comments": b"To: " + b"(" * 120_000 + b"\r\n\r\n",
    "backslashes": b"To: " + b"\\" * 120_000 + b"\r\n\r\n",
    "colons": b"To: " + b"a:" * 60_000 + b"\r\n\r\n",
    "blanks": b"To: a" + b" " * 120_000 + b"b <c@d>\r\n\r\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 8_000 + b"\r\n\r\n",
    "half encoded words": b"Subject: " + b"=?utf-8?q?" * 12_000 + b"\r\n\r\n",
    "parameters": b"Content-Type: text/plain" + b";a=b" * 30_000 + b"\r\n\r\n",
    "continued parameters": b"Content-Type: text/plain" + b"".join(b";a*%d*=b" % i for i in range(999)) * 10 + b"\r\n\r\n",
    "broken lines": b"X: y\r\n" + b"bad\r\nX: y\r\n" * 12_000 + b"\r\n",
    "less-than signs": HTML + b"<" * 5_000_000,
    "open tags": HTML + b"<a" * 2_500_000,
    "open comments": HTML + b"<!--" * 1_250_000,
    "open styles": HTML + b"<style>" * 700_000,
    "references": HTML + b"&#" * 2_500_000,
    "large reference": HTML + b"&#" + b"9" * 5_000_000,
    "nested elements": HTML + b"<div>" * 200_000,
    "elements that only seem closed": HTML + b"<div><table></div></table>" * 100_000,
    "formatting made anew": HTML + b"<p>" + b"".join(b"<b id=%d>" % i for i in range(400)) + b"</p><p>" * 50_000,
    "attributes": HTML + b"<a " + b" ".join(b"a%d=1" % i for i in range(100_000)) + b">",
    "CSS": HTML + b"<style>" + b"url(/*\"a\n'" * 200_000,
    "digits": b"\r\n" + b"code 123456 " * 200_000,
    "URLs": b"\r\n" + b"http://" * 300_000,
    "brackets after a URL": b"\r\nhttp://" + b")" * 1_000_000,
    "damaged base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + bytes(range(256)) * 10_000,
    "equal signs": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= " * 1_500_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-b" * 500_000,
}


@pytest.mark.parametrize("name", TIRESOME)
def test_no_input_takes_more_than_linear_time(name):
    start = thread_time()
    message = parse(TIRESOME[name])
    message.tree(), message.attachments(), message.links(), message.codes(), message.unsubscribe()
    if message.html is not None:
        with suppress(DocumentTooLarge):
            isolated(message)
    assert thread_time() - start < 5  # quadratic time would be minutes
