"""SASL exchanges."""

import pytest

from mailcatcher.sessions.sasl import Credentials, Login, Plain, SaslError


def test_plain_takes_one_response():
    assert Plain().step(None) == b""
    assert Plain().step(b"boss\0ada\0s\xffcret") == Credentials("PLAIN", "ada", b"s\xffcret", "boss")


@pytest.mark.parametrize("response", [b"", b"ada", b"\0ada", b"\0ada\0secret\0"])
def test_plain_wants_exactly_two_nuls(response):
    with pytest.raises(SaslError):
        Plain().step(response)


def test_login_asks_for_name_and_secret():
    exchange = Login()
    assert exchange.step(None) == b"Username:"
    assert exchange.step(b"ada") == b"Password:"
    assert exchange.step(b"secret") == Credentials("LOGIN", "ada", b"secret")


def test_names_are_valid_text():
    exchange = Login()
    exchange.step(b"a\xff\0")
    assert exchange.step(b"") == Credentials("LOGIN", "a\ufffd\ufffd", b"")


def test_secret_does_not_show():
    assert "secret" not in repr(Credentials("PLAIN", "ada", b"secret"))
