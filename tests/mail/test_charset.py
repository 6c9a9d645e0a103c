import pytest

from mailcatcher.mail.charset import clean, codec, decode


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"plain", "us-ascii", "plain"),
        ("ä".encode(), "UTF-8", "ä"),
        (b"\xe4", "iso-8859-1", "ä"),
        (b"\x93a\x94", "iso-8859-1", "“a”"),
        (b"\x93a\x94", "windows-1252", "“a”"),
        ("한국".encode("cp949"), "ks_c_5601-1987", "한국"),
        ("ä".encode("utf-16"), "utf-16", "ä"),
        ("ä".encode(), "utf8mb4", "ä"),
        (b"\xe4", '"latin1"', "ä"),
    ],
)
def test_charset_is_followed(data, charset, text):
    assert decode(data, charset) == (text, None)


@pytest.mark.parametrize(
    ("data", "charset", "text", "defect"),
    [
        ("ä".encode(), "x-klingon", "ä", "bad_charset"),
        (b"\xe4", "x-klingon", "ä", "bad_charset"),
        (b"a", "punycode", "a", "bad_charset"),
        (b"a", "base64", "a", "bad_charset"),
        (b"a", "rot13", "a", "bad_charset"),
        (b"\\x41", "unicode_escape", "\\x41", "bad_charset"),
        ("ä".encode(), "us-ascii", "ä", "charset_mismatch"),
        (b"na\xefve", "us-ascii", "naïve", "charset_mismatch"),
        (b"na\xefve", "utf-8", "naïve", "charset_mismatch"),
        (b"x" * 60 + b"\xff", "utf-8", "x" * 60 + "\ufffd", "charset_mismatch"),
        ("ä".encode(), "iso-2022-jp", "ä", "charset_mismatch"),
        (b"\x81", "windows-1252", "\ufffd", "charset_mismatch"),
    ],
)
def test_text_is_readable_whatever_the_charset_says(data, charset, text, defect):
    found, problem = decode(data, charset)
    assert (found, problem[0]) == (text, defect)


def test_clean_text_can_be_stored():
    assert clean("a\0b\ud800c") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("name", ["x" * 1000, "a\0b", "é", "undefined", "idna", ""])
def test_what_is_no_charset_has_no_codec(name):
    assert codec(name) is None
