"""Dialogues in tests/conversations, replayed however the input may be cut.

== title                 one dialogue
# setting=value          of the listener; fail=True lets the store fail
C: text                  a line of the client; \\x00 \\n \\r are escapes, {n} is n letters
C~ text                  the same without CR LF
E:                       the client ends its side
S: text                  a line of the server; EHLO is the whole reply to EHLO, (closed) the end
M: sender > rcpt, rcpt : raw      a mail that was stored
A: outcome stage code    an attempt; - is none
F: id id                 every defect
U: mechanism user        a user that authenticated
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "conversations"
EHLO = (
    b"250-localhost\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250-AUTH PLAIN LOGIN\r\n250 HELP\r\n"
)


@dataclass
class Conversation:
    title: str
    settings: dict[str, Any] = field(default_factory=dict)
    client: list[bytes] = field(default_factory=list)  # one entry a line
    steps: list[tuple[int, bytes]] = field(default_factory=list)  # after so many lines, so much was answered
    server: bytes = b""
    ends: bool = False
    closes: bool = False
    messages: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


def unescape(text: str) -> bytes:
    text = re.sub(r"\{(\d+)\}", lambda match: "a" * int(match[1]), text)
    return text.encode().decode("unicode_escape").encode("latin-1")


def parse(block: str) -> Conversation:
    title, *lines = block.splitlines()
    conversation = Conversation(title.strip())
    for line in filter(None, lines):
        if line.startswith("# "):
            name, _, value = line[2:].partition("=")
            conversation.settings[name] = True if value == "True" else int(value)
        else:
            add(conversation, line[:2], line[3:])
    return conversation


def add(conversation: Conversation, kind: str, text: str) -> None:
    match kind:
        case "C:" | "C~":
            conversation.client.append(unescape(text) + (b"\r\n" if kind == "C:" else b""))
        case "E:":
            conversation.ends = True
        case "S:" if text == "(closed)":
            conversation.closes = True
        case "S:":
            conversation.server += EHLO if text == "EHLO" else unescape(text) + b"\r\n"
            conversation.steps.append((len(conversation.client), conversation.server))
        case "M:":
            envelope, _, raw = text.partition(" :")
            sender, _, recipients = unescape(envelope).decode("latin-1").partition(" > ")
            conversation.messages.append((sender, tuple(recipients.split(", ")), unescape(raw.removeprefix(" "))))
        case "A:":
            conversation.attempts.append(text)
        case "F:":
            conversation.defects = text.split()
        case "U:":
            conversation.users.append(text)
        case _:
            pytest.fail(f"cannot read {kind} {text} in {conversation.title}")


def conversations() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for block in path.read_text().split("== ")[1:]:
            conversation = parse(block)
            found.append(pytest.param(conversation, id=f"{path.stem}: {conversation.title}"))
    return found


def whole(conversation: Conversation) -> list[bytes]:
    return [b"".join(conversation.client)]


def byte_by_byte(conversation: Conversation) -> list[bytes]:
    data = b"".join(conversation.client)
    return [data[at : at + 1] for at in range(len(data))]


def line_by_line(conversation: Conversation) -> list[bytes]:
    return list(conversation.client)


def behind_each_cr(conversation: Conversation) -> list[bytes]:
    return re.findall(rb"[^\r]*\r|[^\r]+$", b"".join(conversation.client))


def summary(attempt) -> str:
    return f"{attempt.outcome or '-'} {attempt.stage} {attempt.reply.code if attempt.reply else '-'}"


def check(conversation: Conversation, driver) -> None:
    assert driver.output.removeprefix(b"220 localhost ESMTP mailcatcher\r\n") == conversation.server
    assert driver.closed == conversation.closes
    assert driver.messages == conversation.messages
    assert [summary(attempt) for attempt in driver.sessions.attempts()] == conversation.attempts
    assert sorted(driver.defects) == sorted(conversation.defects)
    assert [f"{auth.mechanism} {auth.user}" for auth in driver.session.auth] == conversation.users


@pytest.mark.parametrize("cut", [whole, byte_by_byte, line_by_line, behind_each_cr])
@pytest.mark.parametrize("conversation", conversations())
def test_replies_do_not_depend_on_how_input_is_cut(drive, conversation, cut):
    driver = drive(**conversation.settings)
    for data in cut(conversation):
        driver.send(data)
    if conversation.ends:
        driver.end()
    check(conversation, driver)


@pytest.mark.parametrize("conversation", conversations())
def test_each_reply_comes_as_soon_as_its_command_is_complete(drive, conversation):
    driver = drive(**conversation.settings)
    wanted = dict(conversation.steps)
    for number, line in enumerate(conversation.client, 1):
        driver.send(line)
        if number in wanted:
            assert driver.output.removeprefix(b"220 localhost ESMTP mailcatcher\r\n") == wanted[number]


@pytest.mark.parametrize("conversation", [c for c in conversations() if "fail" not in c.values[0].settings])
def test_input_that_comes_while_a_mail_is_stored_is_kept(drive, conversation):
    driver = drive(hold=True, **conversation.settings)
    for line in conversation.client:
        driver.send(line)
    if conversation.ends:
        driver.end()
    driver.release()
    check(conversation, driver)


@pytest.mark.parametrize("conversation", [c for c in conversations() if not c.values[0].closes])
def test_a_correct_transaction_succeeds_afterwards(drive, conversation):
    settings = {name: value for name, value in conversation.settings.items() if name != "fail"}
    driver = drive(**settings)
    driver.send(b"".join(conversation.client))
    stored = len(driver.messages)
    assert driver.send(b"EHLO again\r\n").startswith(b"250-")
    assert driver.send(b"MAIL FROM:<a@example.com>\r\n") == b"250 2.1.0 Ok\r\n"
    assert driver.send(b"RCPT TO:<b@example.com>\r\n") == b"250 2.1.5 Ok\r\n"
    assert driver.send(b"DATA\r\n").startswith(b"354 ")
    assert driver.send(b"fine\r\n.\r\n").startswith(b"250 2.0.0 ")
    assert driver.messages[stored:] == [("a@example.com", ("b@example.com",), b"fine\r\n")]
