"""The commands that talk to a running catcher."""

import json

import pytest

import mailcatcher
from tests.cli.conftest import environment, run


@pytest.fixture
def catcher(serve):
    """A running server, and a way to run commands against it."""
    server = serve()

    def command(*arguments: str, stdin: bytes | None = None):
        return run(*arguments, env=environment(MAILCATCHER_URL=server.url), stdin=stdin)

    return command


def test_send_list_show_and_wait(catcher):
    assert catcher("list").stdout == b""
    assert catcher("send", "--subject", "Grüße 1", "--to", "ada@example.org", "--to", "bob@example.org").returncode == 0
    listed = catcher("list").stdout.decode()
    assert "sender@example.com -> ada@example.org, bob@example.org  Grüße 1" in listed
    shown = json.loads(catcher("show", "latest").stdout)
    assert (shown["subject"], shown["recipients"]) == ("Grüße 1", ["ada@example.org", "bob@example.org"])
    assert catcher("show", shown["id"], "--text").stdout == b"It works.\n"
    assert catcher("wait", "to:bob", "--timeout", "5").stdout.decode() == listed


def test_send_takes_a_file_exactly(catcher, tmp_path):
    raw = b"Subject: raw\r\n\r\n.dot\r\n\xff\r\n"
    path = tmp_path / "mail.eml"
    path.write_bytes(raw)
    assert catcher("send", str(path)).returncode == 0
    assert catcher("show", "--raw").stdout == raw
    assert catcher("send", "-", stdin=raw + b"more\r\n").returncode == 0
    assert catcher("show", "--raw").stdout == raw + b"more\r\n"
    assert catcher("send", "-", stdin=b"Subject: unix\n\n1\n2\n").returncode == 0
    assert catcher("show", "--raw").stdout == b"Subject: unix\r\n\r\n1\r\n2\r\n"


def test_list_as_json_and_by_query(catcher):
    for subject in ("one", "two"):
        catcher("send", "--subject", subject)
    lines = catcher("list", "subject:two", "--json").stdout.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == ["two"]
    limited = catcher("list", "--limit", "1")
    assert len(limited.stdout.splitlines()) == 1
    assert b"1 more" in limited.stderr


def test_wait_that_is_too_late_exits_with_1(catcher):
    late = catcher("wait", "subject:never", "--timeout", "0.1")
    assert (late.returncode, late.stdout) == (1, b"")
    assert late.stderr == b"mailcatcher: 0 of 1 messages matched within 0.1 s\n"


def test_unknown_message_exits_with_1(catcher):
    missing = catcher("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert missing.returncode == 1
    assert b"no message" in missing.stderr


def test_bad_query_is_one_line_with_its_place(catcher):
    bad = catcher("list", "ok nofield:x")
    assert bad.returncode == 2
    assert bad.stderr.count(b"\n") == 1
    assert b"character 4" in bad.stderr


def test_hostile_subject_cannot_write_to_the_terminal(catcher, tmp_path):
    path = tmp_path / "mail.eml"
    path.write_bytes("Subject: a\x1b[2Jb\u202ec\r\n\r\n".encode())
    catcher("send", str(path))
    listed = catcher("list").stdout
    assert b"\x1b" not in listed
    assert "\u202e".encode() not in listed


def test_ready_and_version(catcher):
    assert catcher("ready").returncode == 0
    assert catcher("version").stdout.decode().strip() == mailcatcher.__version__
    assert catcher("--version").stdout.decode().strip() == mailcatcher.__version__


@pytest.mark.parametrize("command", [("list",), ("show",), ("wait",), ("send",)])
def test_no_server_is_one_line(command):
    completed = run(*command, "--url", "http://127.0.0.1:9")
    assert completed.returncode == 2
    assert completed.stderr.count(b"\n") == 1
    assert b"http://127.0.0.1:9" in completed.stderr
    assert run("ready", "--url", "http://127.0.0.1:9").returncode == 1


def test_help_lists_every_command_and_setting():
    text = run("--help").stdout.decode()
    for name in ("serve", "send", "list", "show", "wait", "ready", "version"):
        assert f"  {name} " in text
    assert "--max-messages" in run("serve", "--help").stdout.decode()
