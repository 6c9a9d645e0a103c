"""The SMTP listener over real sockets."""

import logging
import smtplib
import socket
import time

import pytest
from aiosmtpd.smtp import AuthResult

from mailcatcher.errors import ConfigError, StoreError, StoreFull

BEGIN = b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
ODD = b"..dots\r\n.\r\n trailing \t \r\n\xff\xfe 8-bit\r\nNUL \0\r\nbare\nLF\r\n" + b"y" * 2000 + b"\r\nend\r\n"


def fill(client, data: bytes) -> int:
    """Send until nobody takes it any more; how many bytes went."""
    client.socket.settimeout(0.1)
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 200_000_000:
            sent += client.socket.send(data)
    client.socket.settimeout(10)
    return sent


def test_smtplib_delivers_exact_bytes(listen):
    server = listen()
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.login("ada", "secret")
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], b"Subject: x\r\n\r\n.dot\r\n\xe4\r\n")
    (arrival,) = server.mailroom.arrivals
    assert arrival.raw == b"Subject: x\r\n\r\n.dot\r\n\xe4\r\n"
    assert arrival.envelope.sender == "a@example.com"
    assert arrival.envelope.addresses == ("b@example.com", "c@example.com")
    assert arrival.user == "ada"
    session = server.ended_session()
    assert session.end == "quit"
    (attempt,) = server.sessions.attempts()
    assert (attempt.id, session.id) == (arrival.attempt_id, arrival.session_id)
    assert (attempt.outcome, attempt.message_ids, attempt.mailbox) == ("accepted", ("M1",), "inbox")
    assert attempt.options == {"SIZE": "23"}


def test_odd_bytes_arrive_as_sent(listen):
    server = listen()
    with server.connect() as client:
        client.begin()
        client.send(ODD.replace(b"\r\n.", b"\r\n..").replace(b"..dots", b"...dots", 1) + b".\r\n")
        assert client.reply() == b"250 2.0.0 Ok: queued as M1\r\n"
    assert server.mailroom.arrivals[0].raw == ODD


def test_megabytes_arrive_as_sent(listen):
    server = listen()
    raw = bytes(range(14, 250)) * 30_000
    with server.connect() as client:
        client.begin()
        client.send(raw + b"\r\n.\r\n")
        assert client.reply() == b"250 2.0.0 Ok: queued as M1\r\n"
    assert server.mailroom.arrivals[0].raw == raw + b"\r\n"


def test_greeting_names_host_and_product(listen):
    with listen(hostname="mail.test").connect() as client:
        assert client.greeting == b"220 mail.test ESMTP mailcatcher\r\n"


def test_whole_sessions_may_be_pipelined(listen):
    server = listen()
    with server.connect() as client:
        client.send(BEGIN + b"one\r\n.\r\n" + BEGIN + b"two\r\n.\r\nQUIT\r\n")
        codes = [line[:3] for line in client.rest().splitlines() if line[3:4] != b"-"]
    assert codes == [b"250", b"250", b"250", b"354", b"250"] * 2 + [b"221"]
    assert [arrival.raw for arrival in server.mailroom.arrivals] == [b"one\r\n", b"two\r\n"]


def test_a_thousand_mails_in_one_stretch(listen):
    server = listen()
    one = b"MAIL FROM:<>\r\nRCPT TO:<b@c>\r\nDATA\r\nx\r\n.\r\n"
    with server.connect() as client:
        client.send(b"EHLO x\r\n" + one * 1000 + b"QUIT\r\n")
        assert client.rest().endswith(b"250 2.0.0 Ok: queued as M1000\r\n221 2.0.0 Bye\r\n")


def test_commands_behind_a_mail_wait_until_it_is_stored(listen):
    server = listen()
    server.mailroom.hold = True
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\nNOOP\r\nQUIT\r\n")
        server.mailroom.wait_for(1)
        client.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(5)
        server.call(server.mailroom.release)
        assert client.socket.recv(1000) == b"250 2.0.0 Ok: queued as M1\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"


def test_half_close_behind_quit_gets_every_reply(listen):
    server = listen()
    server.mailroom.hold = True
    with server.connect() as client:
        client.send(BEGIN + b"x\r\n.\r\nQUIT\r\n")
        client.half_close()
        server.mailroom.wait_for(1)
        server.call(server.mailroom.release)
        assert client.rest().endswith(b"250 2.0.0 Ok: queued as M1\r\n221 2.0.0 Bye\r\n")
    assert server.ended_session().end == "quit"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_client_gone_behind_the_dot_loses_no_mail(listen, how):
    server = listen()
    server.mailroom.hold = True
    client = server.connect()
    client.begin()
    client.send(b"x\r\n.\r\n")
    getattr(client, how)()
    assert server.mailroom.wait_for(1) == [b"x\r\n"]
    server.call(server.mailroom.release)
    session = server.ended_session()
    assert session.end == "client_closed"
    (attempt,) = server.sessions.attempts()
    assert (attempt.outcome, attempt.message_ids) == ("accepted", ("M1",))


def test_client_gone_while_two_mails_are_behind_each_other(listen):
    server = listen()
    server.mailroom.hold = True
    client = server.connect()
    client.send(BEGIN + b"one\r\n.\r\n" + BEGIN + b"two\r\n.\r\n")
    server.mailroom.wait_for(1)
    client.close()
    server.call(server.mailroom.release)
    server.mailroom.wait_for(2)
    server.call(server.mailroom.release)
    server.ended_session()
    assert [attempt.outcome for attempt in server.sessions.attempts()] == ["accepted", "accepted"]


def test_line_lost_inside_content_is_an_aborted_attempt(listen):
    server = listen()
    client = server.connect()
    client.begin()
    client.send(b"half a mail\r\n")
    client.close()
    assert server.ended_session().end == "client_closed"
    (attempt,) = server.sessions.attempts()
    assert (attempt.outcome, attempt.content) == ("aborted", b"half a mail\r\n")
    assert server.mailroom.arrivals == []


def test_store_that_fails_is_a_fixed_451(listen, caplog):
    server = listen()
    server.mailroom.error = StoreFull("disk /secret/path is full")
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\n")
        assert client.reply() == b"451 4.3.0 Message could not be stored, try again later\r\n"
        server.mailroom.error = None
        client.begin()
        client.send(b"y\r\n.\r\n")
        assert client.reply() == b"250 2.0.0 Ok: queued as M1\r\n"
    refused, accepted = server.sessions.attempts()
    assert (refused.outcome, refused.content) == ("refused", b"x\r\n")
    assert (accepted.outcome, accepted.content) == ("accepted", None)
    assert "disk /secret/path is full" in caplog.text


def test_failure_that_comes_late_is_a_451_too(listen):
    server = listen()
    server.mailroom.hold = True
    server.mailroom.error = StoreError("no")
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\nNOOP\r\n")
        server.mailroom.wait_for(1)
        server.call(server.mailroom.release)
        assert client.reply()[:9] == b"451 4.3.0"
        assert client.reply()[:9] == b"250 2.0.0"


def test_mistake_in_the_mailroom_costs_one_mail_and_leaves_a_traceback(listen, caplog):
    server = listen()
    server.mailroom.broken = True
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\n")
        assert client.reply()[:9] == b"451 4.3.0"
        assert client.command(b"NOOP") == b"250 2.0.0 Ok\r\n"
    assert "a mistake of ours" in caplog.text


def test_endless_line_is_read_in_bounded_memory(listen):
    server = listen()
    with server.connect() as client:
        for _ in range(320):
            client.send(b"x" * 65_536)
        client.send(b"\r\n")
        assert client.reply() == b"500 5.5.2 Command line is too long\r\n"
        (connection,) = server.listener.connections
        assert connection._engine.backlog_bytes == 0


def test_client_that_does_not_read_is_not_read(listen):
    server = listen()
    with server.connect() as client:
        sent = fill(client, b"NOOP\r\n" * 10_000)
        answered = 0
        while answered < sent // 6:
            answered += client.socket.recv(1_000_000).count(b"\n")


def test_client_that_pipelines_without_end_is_not_read_while_a_mail_is_stored(listen):
    server = listen()
    server.mailroom.hold = True
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\n")
        server.mailroom.wait_for(1)
        sent = fill(client, b"NOOP\r\n" * 10_000)
        (connection,) = server.listener.connections
        assert connection._engine.backlog_bytes < 1_000_000
        server.call(server.mailroom.release)
        assert client.reply() == b"250 2.0.0 Ok: queued as M1\r\n"
        answered = 0
        while answered < sent // 6:
            answered += client.file.read1(1_000_000).count(b"\n")


def test_silent_client_is_told_and_left(listen):
    server = listen(idle_seconds=0.05)
    with server.connect() as client:
        assert client.rest() == b"421 4.4.2 Idle for too long, closing connection\r\n"
    assert server.ended_session().end == "timeout"


def test_active_client_is_not_silent(listen):
    server = listen(idle_seconds=0.2)
    with server.connect() as client:
        start = time.monotonic()
        while time.monotonic() - start < 0.5:
            assert client.command(b"NOOP") == b"250 2.0.0 Ok\r\n"


def test_silent_client_that_does_not_read_either_is_cut(listen, monkeypatch):
    monkeypatch.setattr("mailcatcher.listeners.smtp._LINGER_SECONDS", 0.05)
    server = listen(idle_seconds=0.3)
    with server.connect() as client:
        fill(client, b"HELP\r\n" * 10_000)
        assert server.ended_session().end == "timeout"


def test_tls_client_gets_the_reason(listen):
    with listen().connect() as client:
        client.send(b"\x16\x03\x01\x02\x00\x01\x00")
        assert client.rest() == b"500 5.5.2 Client speaks TLS, but this port does not\r\n"


def test_http_client_gets_the_reason(listen):
    server = listen()
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.rest().startswith(b"421 4.7.0 ")
    assert [defect.id for defect in server.ended_session().defects] == ["http"]


def test_one_session_too_many_gets_421_instead_of_the_greeting(listen):
    server = listen(max_sessions=1)
    with server.connect() as first:
        with server.connect() as second:
            assert second.greeting == b"421 4.3.2 Too many connections, try again later\r\n"
            assert second.rest() == b""
        assert first.command(b"QUIT")[:3] == b"221"
        assert first.rest() == b""
    server.ended_session()
    with server.connect() as third:
        assert third.greeting[:3] == b"220"
    assert [session.end for session in server.sessions.sessions()][:2] == ["quit", "refused"]


def test_one_session_too_many_of_one_client(listen):
    server = listen(max_sessions_per_client=1)
    with server.connect() as first, server.connect() as second:
        assert (first.greeting[:3], second.greeting[:3]) == (b"220", b"421")


def test_replies_are_not_delayed_by_nagle(listen):
    server = listen()
    with server.connect():
        (connection,) = server.listener.connections
        sock = connection.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_one_line_of_log_a_session_without_secrets(listen, caplog):
    caplog.set_level(logging.INFO, logger="mailcatcher")
    server = listen()
    with server.connect() as client:
        client.command(b"EHLO x")
        client.command(b"AUTH PLAIN AGFkYQBzZWNyZXQ=")
        client.command(b"QUIT")
    session = server.ended_session()
    lines = [record.getMessage() for record in caplog.records if session.id in record.getMessage()]
    assert len(lines) == 1
    assert "quit" in lines[0]
    assert "AGFkYQBzZWNyZXQ" not in caplog.text


def test_both_loopback_addresses_have_one_port(listen):
    server = listen(listen=("localhost:0",))
    assert len({port for _, port in server.listener.addresses}) == 1
    for host, port in server.listener.addresses:
        with socket.create_connection((host, port), 5) as client:
            assert client.recv(100).startswith(b"220 ")


def test_taken_port_is_one_clear_line_and_frees_the_rest(listen):
    taken = listen().port
    with pytest.raises(ConfigError, match=rf"^cannot listen on 127\.0\.0\.1:{taken}: the port is taken"):
        listen(listen=("127.0.0.1:0", f"127.0.0.1:{taken}"))


def test_sockets_that_are_bound_already_are_used(listen):
    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    server = listen(sockets=[sock])
    assert server.listener.addresses == (("127.0.0.1", port),)
    with server.connect() as client:
        assert client.command(b"QUIT")[:3] == b"221"


def test_a_thousand_failed_logins_in_one_stretch(listen, monkeypatch):
    refused = AuthResult(success=False)
    monkeypatch.setattr("mailcatcher.listeners.smtp.accept_any", lambda *_: refused)
    server = listen()
    with server.connect() as client:
        client.send(b"EHLO x\r\n" + b"AUTH PLAIN AGEAYg==\r\n" * 1000 + b"QUIT\r\n")
        assert client.rest().count(b"535 5.7.8 ") == 1000
    assert len(server.ended_session().auth) == 100
