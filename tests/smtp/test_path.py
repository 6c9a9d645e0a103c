"""Paths, besides those of the dialogues."""

import pytest

from mailcatcher.smtp.path import PathError, parse_path


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("<a@b>", "a@b", ""),
        ("<a@b> SIZE=1", "a@b", " SIZE=1"),
        ("<>", "", ""),
        ('<"a@b"@c>', '"a@b"@c', ""),
        ('<"a\\">b"@c>', '"a\\">b"@c', ""),
        ("<@a,@b:c@d>", "c@d", ""),
        ("<(one(two))a@b>", "a@b", ""),
        ('<"(no comment)"@b>', '"(no comment)"@b', ""),
        ("a@b", "a@b", ""),
        ('"a b"@c X', '"a b"@c', " X"),
        ("<Ä@ö.example>", "Ä@ö.example", ""),
        ("<a@xn--bcher-kva.example>", "a@xn--bcher-kva.example", ""),
        ("<a@1.2>", "a@1.2", ""),
        ("<a@[IPv6:::ffff:192.0.2.1]>", "a@[IPv6:::ffff:192.0.2.1]", ""),
    ],
)
def test_address_is_kept_as_sent(text, address, rest):
    path, behind = parse_path(text)
    assert (path.address, behind) == (address, rest)


@pytest.mark.parametrize("text", [
    "<", ">", "<a", "a>", "<a>b", "<a@b>>", "<@>", "<@a>", "<@a:>", "<@a,b:c@d>", "<@a..b:c@d>", "<a@b(>", "<a@b)>", "<a@[>", "<a@[]>",
    "<a@[1.2.3.4>", "<a@b,c>", "<a,b@c>", '<""x@b>', "<a\\b@c>", "<:@b>", "<<a@b>>", "<a@b;c>", '"a', "<a@b.>", "<.@>", "<@a:@b>",
])  # fmt: skip
def test_path_without_a_plain_meaning_is_refused(text):
    with pytest.raises(PathError):
        parse_path(text)


def test_source_route_stands_apart():
    path, _ = parse_path("<@a.example,@b.example:c@d.example>")
    assert path.route == "@a.example,@b.example:"
    assert [defect.id for defect in path.defects] == ["source_route"]


def test_ordinary_path_has_no_defect():
    assert parse_path("<ada.lovelace+tag@mail.example.com>")[0].defects == ()
