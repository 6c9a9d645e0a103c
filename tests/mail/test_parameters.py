import pytest

from mailcatcher.mail.parameters import parameters


@pytest.mark.parametrize(
    ("value", "word", "expected"),
    [
        ("text/plain", "text/plain", {}),
        ("TEXT/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        ('text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        ('multipart/mixed; boundary="a;b=c"; x=1', "multipart/mixed", {"boundary": "a;b=c", "x": "1"}),
        ('attachment; filename="a \\"b\\".txt"', "attachment", {"filename": 'a "b".txt'}),
        ('attachment; filename="C:\\dir\\a.txt"', "attachment", {"filename": "C:\\dir\\a.txt"}),
        ("attachment; filename=no quotes.txt", "attachment", {"filename": "no quotes.txt"}),
        ("attachment; filename*=utf-8''%e2%82%ac%20rates.txt", "attachment", {"filename": "€ rates.txt"}),
        ("attachment; filename*=iso-8859-1'en'%A3.txt", "attachment", {"filename": "£.txt"}),
        ("attachment; filename*0=a; filename*1=b.txt", "attachment", {"filename": "ab.txt"}),
        ("attachment; filename*1=b.txt; filename*0=a", "attachment", {"filename": "ab.txt"}),
        ("attachment; filename*0*=utf-8''%c3; filename*1*=%a4; filename*2=\".txt\"", "attachment", {"filename": "ä.txt"}),
        ("attachment; filename*0=a; filename*2=c", "attachment", {"filename": "a"}),
        ("attachment; filename=old.txt; filename*=utf-8''new.txt", "attachment", {"filename": "new.txt"}),
        ('attachment; filename="=?utf-8?q?=C3=A4.txt?="', "attachment", {"filename": "ä.txt"}),
        ("attachment; filename*=x-none''%e4.txt", "attachment", {"filename": "ä.txt"}),
        ("text/plain (comment); charset=utf-8 (another)", "text/plain", {"charset": "utf-8"}),
        ("text/plain;;; charset=utf-8;", "text/plain", {"charset": "utf-8"}),
        ("text/plain; charset=a; charset=b", "text/plain", {"charset": "a"}),
        ('text/plain; name="unclosed', "text/plain", {"name": "unclosed"}),
        ("text/plain; novalue; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ("", "", {}),
    ],
)
def test_parameters_are_read(value, word, expected):
    assert parameters(value) == (word, expected)
