"""The parser of the standard library as a second opinion."""

import email
import email.header
import email.policy
from email.message import EmailMessage
from email.message import Message as OldMessage
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcatcher.mail.message import Message, parse

_LINES = st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), exclude_characters="\x85\u2028\u2029")
_WORDS = st.text(_LINES, max_size=60).map(lambda text: " ".join(text.split()))
_PARAGRAPHS = st.lists(st.text(_LINES, max_size=120), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))
_NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=("Cc", "Cf", "Zs")), max_size=20)
_ATOMS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_+", min_size=1, max_size=12).filter(
    lambda atom: atom[0].isalnum() and atom[-1].isalnum() and ".." not in atom
)
_FILE_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc", "Cf", "Zs")), min_size=1, max_size=30)


@st.composite
def _addresses(draw: st.DrawFn) -> str:
    name, local, domain = draw(_NAMES), draw(_ATOMS), draw(_ATOMS)
    return email.utils.formataddr((name, f"{local}@{domain}.example"))


@st.composite
def mails(draw: st.DrawFn) -> EmailMessage:
    """A well-formed mail with any of text, HTML, attachments."""
    mail = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=4_000))  # its folding may encode a comma between addresses
    mail["From"] = draw(_addresses())
    mail["To"] = ", ".join(draw(st.lists(_addresses(), min_size=1, max_size=4)))
    mail["Subject"] = draw(_WORDS)
    mail["Date"] = draw(st.datetimes(timezones=st.just(None)).filter(lambda at: at.year >= 1000)).strftime("%d %b %Y %H:%M:%S +0130")
    encodings = st.sampled_from([None, "base64", "quoted-printable"])
    mail.set_content(draw(_PARAGRAPHS), cte=draw(encodings))
    if draw(st.booleans()):
        mail.add_alternative(f"<p>{draw(_WORDS)}</p>", subtype="html", cte=draw(encodings))
    for content, name in draw(st.lists(st.tuples(st.binary(max_size=200), _FILE_NAMES), max_size=2)):
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


def lines(text: str | None) -> str | None:
    return None if text is None else text.replace("\r\n", "\n")


def body(theirs: EmailMessage, kind: str) -> str | None:
    part = theirs.get_body((kind,))
    return None if part is None or part.is_multipart() else lines(part.get_content())


def same_bodies(ours: Message, theirs: EmailMessage) -> None:
    assert ours.text == body(theirs, "plain")
    assert ours.html == body(theirs, "html")


def leaves(part: OldMessage) -> list[OldMessage]:
    """Leaves and embedded mails in order, not what is inside the latter."""
    if part.get_content_maintype() == "multipart":
        return [leaf for child in part.get_payload() for leaf in leaves(child)]
    return [part]


@pytest.fixture(params=[email.policy.default, email.policy.compat32], ids=["default", "compat32"])
def policy(request):
    return request.param


def test_well_formed_mail_has_the_bodies_of_the_standard_library(well_formed):
    same_bodies(parse(well_formed), email.message_from_bytes(well_formed, policy=email.policy.default))


def test_well_formed_mail_has_the_header_of_the_standard_library(well_formed):
    ours, theirs = parse(well_formed), email.message_from_bytes(well_formed, policy=email.policy.default)
    assert [name for name, _ in ours.headers] == theirs.keys()
    assert ours.subject == theirs["Subject"]
    for name, addresses in (("From", ours.from_), ("To", ours.to), ("Cc", ours.cc)):
        their_addresses = theirs[name].addresses if theirs[name] else ()
        assert [(one.name, one.address) for one in addresses] == [(one.display_name, one.addr_spec) for one in their_addresses]
    assert ours.date == theirs["Date"].datetime
    assert f"<{ours.message_id}>" == theirs["Message-ID"]


def test_well_formed_mail_has_the_parts_of_the_standard_library(well_formed, policy):
    ours, theirs = parse(well_formed), email.message_from_bytes(well_formed, policy=policy)
    found = [part for part in leaf_parts(ours) if not part.part.startswith("2.") or ours.part("2").content_type != "message/rfc822"]
    assert [part.content_type for part in found] == [part.get_content_type() for part in leaves(theirs)]
    assert [part.name for part in found] == [their_name(part) for part in leaves(theirs)]
    for part, their_part in zip(found, leaves(theirs), strict=True):
        if their_part.get_content_maintype() != "message":
            assert ours.content(part.part) == their_part.get_payload(decode=True)
            assert part.size_bytes == len(their_part.get_payload(decode=True))


def leaf_parts(message: Message) -> list:
    found, stack = [], [message.tree()]
    while stack:
        part = stack.pop()
        if part.content_type.startswith("multipart/"):
            stack.extend(reversed(part.parts))
        else:
            found.append(part)
    return found


def their_name(part: OldMessage) -> str | None:
    name = part.get_filename()
    return None if name is None else str(email.header.make_header(email.header.decode_header(name)))


@settings(max_examples=200, deadline=None)
@given(mails())
def test_generated_mail_is_read_as_it_was_written(mail: EmailMessage):
    raw = mail.as_bytes()
    ours, theirs = parse(raw), email.message_from_bytes(raw, policy=email.policy.default)
    same_bodies(ours, theirs)
    assert " ".join(ours.subject.split()) == " ".join(theirs["Subject"].split())
    for name, addresses in (("From", ours.from_), ("To", ours.to)):
        assert [(one.name, one.address) for one in addresses] == [(one.display_name, one.addr_spec) for one in theirs[name].addresses]
    assert ours.date == parsedate_to_datetime(theirs["Date"])
    assert ours.attachment_names == tuple(part.get_filename() for part in theirs.iter_attachments())
    assert [ours.content(one.part) for one in ours.attachments()] == [part.get_content() for part in theirs.iter_attachments()]
    assert {defect.id for defect in ours.defects} <= {"no_message_id", "long_line"}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ab .'", max_size=8), _ATOMS, st.sampled_from(["{n} <{a}>", "{a}", '"{n}" <{a}>', "{a} ({n})"])),
        min_size=1,
        max_size=5,
    )
)
def test_address_lists_are_read_as_by_getaddresses(items):  # fmt: skip
    value = ", ".join(form.format(n=name.strip(" ."), a=f"{local}@example.org") for name, local, form in items)
    ours = parse(f"To: {value}\r\n\r\n".encode()).to
    assert [(one.name, one.address) for one in ours] == [(" ".join(name.split()), address) for name, address in getaddresses([value])]
