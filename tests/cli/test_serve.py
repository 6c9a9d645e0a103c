"""`mailcatcher serve`: start, settings, stop."""

import signal
import smtplib
import socket
import time
import urllib.request

import pytest

from tests.cli.conftest import environment, run


def one_line(completed, code=2):
    """The one line of stderr of a command that failed."""
    text = completed.stderr.decode()
    assert completed.returncode == code, text
    assert text.startswith("mailcatcher: ")
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_announce_is_the_only_line_on_stdout_and_everything_accepts(serve):
    server = serve()
    assert set(server.announced) == {"version", "pid", "smtp", "http", "url"}
    assert server.announced["pid"] == server.popen.pid
    with smtplib.SMTP(*server.smtp, timeout=5) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"Subject: x\r\n\r\n")
    with urllib.request.urlopen(server.url + "readyz") as answer:
        assert answer.status == 200
    code, out, errors = server.stop()
    assert (code, out) == (0, "")
    assert "Traceback" not in errors


def test_without_a_command_the_server_starts(serve):
    assert serve("--max-messages", "5").announced["url"].startswith("http://127.0.0.1:")


def test_localhost_is_both_families_on_one_port(serve):
    server = serve("--smtp", "localhost:0", "--http", "0")
    ports = {address.rpartition(":")[2] for address in server.announced["smtp"]}
    assert len(ports) == 1
    for host in [address.rpartition(":")[0].strip("[]") for address in server.announced["smtp"]]:
        socket.create_connection((host, int(next(iter(ports)))), timeout=5).close()


def test_sigterm_stops_within_two_seconds_with_busy_clients(serve):
    server = serve()
    idle = socket.create_connection(server.smtp, timeout=5)
    assert idle.recv(100).startswith(b"220 ")
    writing = socket.create_connection(server.smtp, timeout=5)
    writing.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
    while b"354" not in writing.recv(4096):
        pass
    waiting = socket.create_connection(("127.0.0.1", int(server.announced["http"].rpartition(":")[2])), timeout=5)
    waiting.sendall(b"GET /api/wait?timeout=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    started = time.monotonic()
    code, _, errors = server.stop()
    assert time.monotonic() - started < 3
    assert code == 0, errors
    assert b"421 4.3.2" in idle.recv(200)
    for client in (idle, writing, waiting):
        client.close()


def test_a_second_signal_cuts(serve):
    server = serve("--smtp-shutdown-seconds", "30")
    writing = socket.create_connection(server.smtp, timeout=5)
    writing.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
    while b"354" not in writing.recv(4096):
        pass
    server.popen.send_signal(signal.SIGTERM)
    with pytest.raises(Exception, match="timed out"):
        server.popen.wait(timeout=1)
    started = time.monotonic()
    code, _, errors = server.stop()
    assert (code, time.monotonic() - started < 3) == (0, True), errors
    writing.close()


def test_taken_port_is_one_line(serve):
    server = serve()
    address = server.announced["smtp"][0]
    line = one_line(run("--smtp", address, "--http", "127.0.0.1:0"))
    assert "smtp.listen" in line
    assert address in line
    assert "taken" in line
    assert "web.listen" in one_line(run("--smtp", "127.0.0.1:0", "--http", server.announced["http"]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--nonsense",), "--nonsense"),
        (("--smtp",), "--smtp"),
        (("frobnicate",), "frobnicate"),
        (("--smtp", "here:there"), "host:port"),
        (("--smtp", "127.0.0.1:99999"), "host:port"),
        (("--max-messages", "many"), "whole number"),
        (("--max-messages", "-1"), "0 or more"),
        (("--store-synchronous", "maybe"), "normal or full"),
        (("--smtp", "0.0.0.0:0"), "--public"),
        (("--http", "0.0.0.0:0"), "--public"),
        (("--database", "/nonexistent/folder/mail.db"), "/nonexistent/folder"),
        (("--database", "/"), "cannot open the database"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments, words):
    rest = () if {"--smtp", "--http"} & set(arguments) else ("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
    if arguments == ("frobnicate",):
        rest = ()
    assert words in one_line(run(*arguments, *rest))


def test_unreadable_database_is_one_line(tmp_path):
    path = tmp_path / "mail.db"
    path.write_bytes(b"this is no database at all" * 100)
    assert "not an SQLite database" in one_line(run("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database", str(path)))


def test_newer_database_is_refused(tmp_path):
    import apsw

    path = tmp_path / "mail.db"
    connection = apsw.Connection(str(path))
    connection.pragma("application_id", 0x6D636174)
    connection.pragma("user_version", 99)
    connection.close()
    line = one_line(run("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--database", str(path)))
    assert "schema version 99" in line


def test_variables_are_settings_and_flags_win(serve):
    env = environment(MAILCATCHER_SMTP_LISTEN="127.0.0.1:0,[::1]:0", MAILCATCHER_SMTP_HOSTNAME="from.variable.example")
    server = serve("serve", "--http", "127.0.0.1:0", "--smtp-max-recipients", "3", env=env)
    with smtplib.SMTP(*server.smtp, timeout=5) as client:
        assert b"from.variable.example" in client.ehlo()[1]
    flagged = serve("--smtp", "127.0.0.1:0", "--http", "0", "--smtp-hostname", "from.flag.example", env=env)
    with smtplib.SMTP(*flagged.smtp, timeout=5) as client:
        assert b"from.flag.example" in client.ehlo()[1]


def test_bad_variable_is_named():
    assert "MAILCATCHER_RETENTION_MAX_MESSAGES" in one_line(run(env=environment(MAILCATCHER_RETENTION_MAX_MESSAGES="x")))


def test_unknown_variable_is_a_warning_unless_kubernetes_made_it(serve):
    env = environment(
        MAILCATCHER_SMPT_LISTEN="1",
        MAILCATCHER_SERVICE_HOST="10.0.0.1",
        MAILCATCHER_PORT="tcp://10.0.0.1:1025",
        MAILCATCHER_PORT_1025_TCP_ADDR="10.0.0.1",
        MAILCATCHER_SERVICE_PORT_SMTP="1025",
    )
    _, _, errors = serve(env=env).stop()
    assert "MAILCATCHER_SMPT_LISTEN" in errors
    assert "KUBERNETES" not in errors
    assert "SERVICE" not in errors
    assert "PORT_1025" not in errors


def test_mail_survives_a_restart(serve, tmp_path):
    path = str(tmp_path / "mail.db")
    first = serve("--database", path)
    with smtplib.SMTP(*first.smtp, timeout=5) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"Subject: kept\r\n\r\n")
    first.stop()
    second = serve("--database", path)
    with urllib.request.urlopen(second.url + "api/messages/latest/raw") as answer:
        assert answer.read() == b"Subject: kept\r\n\r\n"


def test_public_address_with_the_switch_is_accepted(serve):
    server = serve("--smtp", "127.0.0.1:0", "--http", "0.0.0.0:0", "--public")
    assert server.url.startswith("http://127.0.0.1:")
