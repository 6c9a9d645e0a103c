import re
from pathlib import Path

import pytest

from mailcatcher.mail import defects

BROKEN = {
    "bad-address": [("bad_address", None)],
    "bad-base64": [("bad_base64", "1")],
    "bad-content-type": [("bad_content_type", None)],
    "bad-date": [("bad_date", None)],
    "bad-encoded-word": [("bad_encoded_word", None)],
    "bad-quoted-printable": [("bad_quoted_printable", "1")],
    "bare-line-ends": [("bare_lf", "1"), ("bare_cr", "1")],
    "duplicate-subject": [("duplicate_header", None)],
    "encoded-multipart": [("encoded_multipart", "")],
    "long-line": [("long_line", "1")],
    "nul": [("nul", None), ("nul", "1")],
    "unknown-charset": [("bad_charset", "1")],
    "unknown-encoding": [("unknown_encoding", "1")],
    "unterminated": [("unterminated_multipart", "")],
    "wrong-charset": [("charset_mismatch", "1")],
    "lf-only": [("bare_lf", None), ("bare_lf", "1")],
    "plain": [],
    "attachments": [],
    "forwarded": [],
    "japanese": [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_defect_is_listed_with_its_part(corpus, name):
    message = corpus(name)
    assert [(defect.id, defect.part) for defect in message.defects] == BROKEN[name]


def test_tree_shows_the_defects_of_each_part(corpus):
    assert [defect.id for defect in corpus("unterminated").tree().defects] == ["unterminated_multipart"]


def test_each_defect_has_a_plain_sentence(any_mail):
    from mailcatcher.mail.message import parse

    for defect in parse(any_mail).defects:
        assert re.fullmatch(r"[A-Z].*\.", defect.text, re.DOTALL)
        assert defect.id in defects.TEXTS


def test_each_defect_is_found_somewhere():
    """Every id of the table is listed by the code; the tests of this folder name most of them."""
    sources = "".join(file.read_text() for file in Path(defects.__file__).parent.glob("*.py") if file.name != "defects.py")
    unused = [name for name in defects.TEXTS if not name.startswith("budget_") and f'"{name}"' not in sources]
    assert unused == []


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", "QUJD\n" * 2_000, []),
        ("base64", "QUJD\n" * 2_000 + "-- \nfooter\n", ["bad_base64"]),
        ("base64", "this is no base64!\n" * 500, ["bad_base64"]),
        ("base64", "QUJD\n" * 300 + "QQ==\n", []),
        ("base64", "QQ==\n" * 3, ["bad_base64"]),
        ("quoted-printable", "a=3D=\n" * 2_000, []),
        ("quoted-printable", "100 =ZZ", ["bad_quoted_printable"]),
        ("7bit", "x" * 2_000, ["long_line"]),
        ("binary", "x" * 2_000, []),
        ("x-odd", "x", ["unknown_encoding"]),
    ],
)
def test_ends_of_an_attachment_are_looked_at(parsed, ids, encoding, body, expected):
    assert ids(parsed(f"Content-Type: application/pdf\nContent-Transfer-Encoding: {encoding}\n\n{body}")) == expected


@pytest.mark.parametrize(("length", "expected"), [(998, []), (999, ["long_line"])])
def test_line_limit_is_998_bytes(parsed, ids, length, expected):
    assert ids(parsed("Subject: x\n\n" + "x" * length + "\n")) == expected
    assert ids(parsed("Subject: x\n\nshort\n" + "x" * length + "\nshort\n" * 300)) == expected
    assert ids(parsed("X: " + "x" * (length - 3) + "\n\n")) == expected
