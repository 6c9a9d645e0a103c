"""What is read on a short cut is what the general way reads."""

import re
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailcatcher.mail import addresses, bodies, codes, headers, structure
from mailcatcher.mail.message import Message, parse
from tests.mail.test_robustness import _CORPUS, _EDITS
from tests.mail.test_stdlib import mails

_FIELDS = sorted({name for name in Message.__slots__ if not name.startswith("_")})
_LINES = st.lists(
    st.sampled_from(
        ["", " ", "\t", "a", " a ", "a  b", "\r", "\n", "\r\n", "\0", "é", "code 123456", "x" * 990, "\x0b", "www.a.example", "To:", "To: ",
         "Ada <ada@a.example>", "ada@a.example", " Ada\t L  <a@a.example>", "A <a@b>, <c@d>", '"A" <a@b>', "A\x0bB <a@b>", "A <a=b@c>",
         "<a@b> ", ":"]
    ),
    max_size=4,
).map("".join)  # fmt: skip
_NAMES = st.sampled_from(
    ["From", "to", "CC", "Subject", "Date", "Message-ID", "X", "From ", "Content-Type", "Content-Transfer-Encoding", ""]
)
_TYPES = st.sampled_from(
    ["", "text/plain", "text/html", "html", "Text/Plain; charset=UTF-8", "text/plain; charset=utf-16", "text/plain; charset=iso-8859-1",
     "text/calendar", "message/rfc822", "multipart/digest; boundary=c", "7bit", "base64", "quoted-printable"]
)  # fmt: skip


@st.composite
def plain_mails(draw: st.DrawFn) -> bytes:
    """Mail that is nearly usual: of one part, or a multipart of several."""
    raw = b""
    for _ in range(draw(st.integers(1, 3))):
        fields = draw(st.lists(st.tuples(_NAMES, st.sampled_from([": ", ":", ":  ", " : "]), _LINES | _TYPES), max_size=5))
        head = "".join(f"{name}{colon}{value}\r\n" for name, colon, value in fields)
        raw += f"--b\r\n{head}\r\n{draw(_LINES)}\r\n{draw(_LINES)}\r\n".encode()
    if draw(st.booleans()):
        return raw.removeprefix(b"--b\r\n")
    return b"Content-Type: multipart/" + draw(st.sampled_from([b"mixed", b"digest"])) + b"; boundary=b\r\n\r\n" + raw + b"--b--\r\n"


def read(raw: bytes) -> dict[str, object]:
    message = parse(raw)
    return {name: getattr(message, name) for name in _FIELDS} | {"tree": message.tree()}


def same_both_ways(raw: bytes) -> None:
    usual = read(raw)
    never = re.compile(r"(?!)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "_USUAL_FIELD", never)
        patch.setattr(structure, "_usual_head", lambda block: None)
        patch.setattr(bodies, "_ASCII_COMPATIBLE", frozenset())
        patch.setattr(addresses, "_ONE", never)
        patch.setattr(addresses, "_cached", addresses._read)
        patch.setattr(codes, "has_digit", lambda text: True)
        assert read(raw) == usual


def test_corpus_reads_the_same_both_ways(any_mail):
    same_both_ways(any_mail)


@settings(max_examples=300, deadline=None)
@given(plain_mails() | mails())
def test_generated_mail_reads_the_same_both_ways(mail: bytes | EmailMessage):
    same_both_ways(mail if isinstance(mail, bytes) else mail.as_bytes())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_CORPUS), _EDITS)
def test_damaged_mail_reads_the_same_both_ways(mail: bytes, edits):
    raw = bytearray(mail)
    for place, removed, added in edits:
        position = int(place * len(raw))
        raw[position : position + removed] = added
    same_both_ways(bytes(raw))
