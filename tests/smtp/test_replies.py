"""Replies on the wire."""

import pytest

from mailcatcher.sessions.reply import Reply
from mailcatcher.smtp import replies


def constants() -> list[Reply]:
    return [value for value in vars(replies).values() if isinstance(value, Reply)]


def test_enhanced_code_stands_on_every_line():
    assert replies.WIRE[Reply(550, "5.7.1", "one\ntwo")] == b"550-5.7.1 one\r\n550 5.7.1 two\r\n"


def test_long_text_becomes_several_lines():
    lines = replies.WIRE[Reply(451, "4.3.0", "x" * 1200)].splitlines(keepends=True)
    assert [len(line) for line in lines] == [512, 512, 212]
    assert [line[3:4] for line in lines] == [b"-", b"-", b" "]


@pytest.mark.parametrize("text", ["a\rb", "a\x00b", "a\x1bb", "a\x85b", "a\u2028b", "ä"])
def test_no_control_character_and_nothing_but_ascii_leaves(text):
    wire = replies.WIRE[Reply(550, "5.1.1", text)]
    assert wire.startswith(b"550 5.1.1 ")
    assert wire.count(b"?") == 1
    assert wire.endswith(b"\r\n")


def test_empty_text_is_a_reply():
    assert replies.WIRE[Reply(250, "", "")] == b"250 \r\n"


@pytest.mark.parametrize("reply", constants(), ids=lambda reply: f"{reply.code} {reply.text[:30]}")
def test_class_of_the_enhanced_code_is_that_of_the_code(reply):
    if reply.enhanced:
        assert reply.enhanced[0] == str(reply.code)[0]
    assert replies.WIRE[reply] == f"{reply.code} {reply.enhanced} {reply.text}\r\n".replace("  ", " ").encode()


def test_only_the_first_message_is_named():
    assert replies.queued(("M1", "M2")).text == "Ok: queued as M1"
    assert replies.queued(()).text == "Ok: queued"
