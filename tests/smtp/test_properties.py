"""Whatever comes, and however it is cut."""

import itertools
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REPLIES = re.compile(rb"(?:(?:[2345]\d\d-[\x20-\x7e]*\r\n)*[2345]\d\d [\x20-\x7e]*\r\n)*")
BEGIN = b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

pieces = st.sampled_from([
    b"EHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@example.com>\r\n", b"MAIL FROM:<> SIZE=5 BODY=8BITMIME\r\n", b"MAIL FROM:a@b c@d\r\n",
    b"RCPT TO:<b@example.com>\r\n", b'RCPT TO:<"x y"@[IPv6:::1]>\r\n', b"DATA\r\n", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n",
    b"AUTH PLAIN AGEAYg==\r\n", b"AUTH LOGIN\r\n", b"YWI=\r\n", b"*\r\n", b"BDAT 7\r\n", b"\r\n", b"\n", b"\r", b".", b".\r\n", b"\0",
    b"\r\n.\r\n", b"..\r\n", b"x" * 700, b"line\r\n", b"bare\n", b"\xc3\xa4", b"\xff", b"\x16\x03", b"GET / HTTP/1.1\r\n",
])  # fmt: skip
inputs = st.lists(pieces | st.binary(max_size=20), max_size=40).map(b"".join)
contents = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"..", b"\0", b"text", b"\xe9", b"y" * 500]), max_size=30).map(b"".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def state(driver) -> object:
    attempts = [
        (a.outcome, a.stage, a.reply, a.sender, a.recipients, a.content, a.size_bytes, a.defects) for a in driver.sessions.attempts()
    ]
    session = driver.session
    return driver.output, driver.closed, driver.messages, attempts, session.auth, session.end, session.defects


@quick
@given(inputs, st.lists(st.integers(0, 5000), max_size=12))
def test_any_cut_of_the_input_gives_the_same(drive, data, places):
    whole, parts = drive(max_line_bytes=512), drive(max_line_bytes=512)
    whole.send(data)
    for part in cut(data, places):
        parts.send(part)
    whole.end()
    parts.end()
    assert state(parts) == state(whole)


@quick
@given(inputs)
def test_one_line_a_read_gives_the_same(drive, data):
    """What waits for each reply takes a short cut."""
    whole, lines = drive(max_line_bytes=512), drive(max_line_bytes=512)
    whole.send(data)
    for line in re.findall(rb"(?s:.*?\r\n)|(?s:.+)", data):
        lines.send(line)
    whole.end()
    lines.end()
    assert state(lines) == state(whole)


@quick
@given(contents)
def test_content_in_a_read_of_its_own_gives_the_same(drive, content):
    whole, parts = drive(), drive()
    whole.send(BEGIN)
    whole.send(content + b"\r\n.\r\n")
    parts.send(BEGIN + content)
    parts.send(b"\r\n.\r\n")
    assert state(parts) == state(whole)


@quick
@given(contents, st.lists(st.integers(0, 5000), max_size=12))
def test_any_cut_of_a_content_gives_the_same_message(drive, content, places):
    whole, parts = drive(), drive()
    whole.send(BEGIN + content + b"\r\n.\r\nNOOP\r\n")
    parts.send(BEGIN)
    for part in cut(content + b"\r\n.\r\nNOOP\r\n", places):
        parts.send(part)
    assert state(parts) == state(whole)
    assert len(whole.messages) >= 1


@quick
@given(st.binary(max_size=2000))
def test_any_content_comes_out_as_it_went_in(drive, content):
    stuffed = b"\r\n" + content
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    raw = stuffed[2:]
    driver = drive()
    driver.send(BEGIN)
    driver.send(stuffed.replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
    assert driver.messages == [("a@example.com", ("b@example.com",), raw)]


@quick
@given(inputs | st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_and_every_reply_is_well_formed(drive, data):
    driver = drive(max_line_bytes=512)
    driver.send(data)
    driver.end()
    assert driver.closed
    assert REPLIES.fullmatch(driver.output)
    assert all(len(line) <= 512 for line in driver.output.splitlines(keepends=True))


@quick
@given(inputs)
def test_everything_recorded_is_valid_text(drive, data):
    driver = drive(max_line_bytes=512)
    driver.send(b"EHLO x\r\n" + data)
    driver.end()
    for attempt in driver.sessions.attempts():
        attempt.sender.encode()
        for recipient in attempt.recipients:
            recipient.address.encode()


@quick
@given(inputs, st.lists(st.integers(0, 5000), max_size=5))
def test_no_byte_is_lost_while_a_mail_is_stored(drive, data, places):
    plain, held = drive(max_line_bytes=512), drive(max_line_bytes=512, hold=True)
    plain.send(BEGIN + data)
    for part in cut(BEGIN + data, places):
        held.send(part)
    held.release()
    plain.end()
    held.end()
    assert state(held) == state(plain)
