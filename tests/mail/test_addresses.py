import pytest

from mailcatcher.mail.addresses import addresses


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@example.org", [("", "a@example.org")]),
        ("<a@example.org>", [("", "a@example.org")]),
        ("Ada Lovelace <a@example.org>", [("Ada Lovelace", "a@example.org")]),
        ("Ada  Lovelace\t<a@example.org>", [("Ada Lovelace", "a@example.org")]),
        ('"Lovelace, Ada" <a@example.org>', [("Lovelace, Ada", "a@example.org")]),
        ('"say \\"hi\\"" <a@example.org>', [('say "hi"', "a@example.org")]),
        ('"a\\\\b" <a@example.org>', [("a\\b", "a@example.org")]),
        ("a@x.org, B <b@x.org>,c@x.org", [("", "a@x.org"), ("B", "b@x.org"), ("", "c@x.org")]),
        ('"A, B" <a@x.org>, c@x.org', [("A, B", "a@x.org"), ("", "c@x.org")]),
        ("a@x.org; b@x.org", [("", "a@x.org"), ("", "b@x.org")]),
        ("a@x.org,,b@x.org,", [("", "a@x.org"), ("", "b@x.org")]),
        ("Team: a@x.org, B <b@x.org>;", [("", "a@x.org"), ("B", "b@x.org")]),
        ("A: a@x.org;, B: b@x.org;, c@x.org", [("", "a@x.org"), ("", "b@x.org"), ("", "c@x.org")]),
        ("undisclosed-recipients:;", []),
        ("a@x.org (Ada Lovelace)", [("Ada Lovelace", "a@x.org")]),
        ("Ada (the (first) programmer) <a@x.org>", [("Ada", "a@x.org")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x.org>", [("Jörg", "j@x.org")]),
        ('"=?utf-8?q?J=C3=B6rg=2C_B?=" <j@x.org>', [("Jörg, B", "j@x.org")]),
        ("=?utf-8?q?A=2C_B?= <j@x.org>, c@x.org", [("A, B", "j@x.org"), ("", "c@x.org")]),
        ("jörg@exämple.org", [("", "jörg@exämple.org")]),
        ("a@xn--exmple-cua.org", [("", "a@xn--exmple-cua.org")]),
        ('"john doe"@x.org', [("", '"john doe"@x.org')]),
        ('<"john@doe"@x.org>', [("", '"john@doe"@x.org')]),
        ("a@[IPv6:2001:db8::1]", [("", "a@[IPv6:2001:db8::1]")]),
        ("A <a@[192.0.2.1]>", [("A", "a@[192.0.2.1]")]),
        ("<@relay.org,@b.org:a@x.org>", [("", "a@x.org")]),
        ("a @ x . org", [("", "a@x.org")]),
        ("a@x.org <a@x.org>", [("a@x.org", "a@x.org")]),
        ('"unclosed <a@x.org>, b <b@x.org>', [("unclosed", "a@x.org"), ("b", "b@x.org")]),
        ('"unclosed \\" <a@x.org>', [("unclosed \\", "a@x.org")]),
        ("Dr. No & Co. <a@x.org>", [("Dr. No & Co.", "a@x.org")]),
        ("O'Neil <o'neil@x.org>", [("O'Neil", "o'neil@x.org")]),
    ],
)
def test_addresses_are_read(value, expected):
    found, good = addresses(value, 100)
    assert [(address.name, address.address) for address in found] == expected
    assert good


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nobody in particular", [("nobody in particular", "")]),
        ("root", [("root", "")]),
        ("<>", [("", "")]),
        ("Ada <>, b@x.org", [("Ada", ""), ("", "b@x.org")]),
        ("@x.org", [("@x.org", "")]),
    ],
)
def test_what_is_no_address_is_kept_as_a_name(value, expected):
    found, good = addresses(value, 100)
    assert [(address.name, address.address) for address in found] == expected
    assert not good


def test_list_ends_at_the_limit():
    assert len(addresses("a@x.org," * 50, 10)[0]) == 10
    assert len(addresses('"a" <a@x.org>,' * 50, 10)[0]) == 10
