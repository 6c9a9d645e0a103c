"""One test for each name of aiosmtpd that is replaced or relied on and that it does not promise to keep."""

import asyncio
import inspect
import smtplib

import pytest
from aiosmtpd import smtp as aiosmtpd

from mailcatcher.listeners.smtp import SmtpConnection, SmtpSession


def connection_of(server) -> SmtpConnection:
    (connection,) = server.listener.connections
    return connection


def test_class_is_a_protocol_that_the_loop_feeds():
    assert issubclass(SmtpConnection, aiosmtpd.SMTP)
    for name in ("connection_made", "data_received", "eof_received", "connection_lost", "pause_writing", "resume_writing"):
        assert name in vars(SmtpConnection)
        assert callable(getattr(asyncio.Protocol, name))


def test_create_session_makes_ours(listen):
    assert "_create_session" in inspect.getsource(aiosmtpd.SMTP.connection_made)
    server = listen()
    with server.connect():
        session = connection_of(server).session
        assert isinstance(session, SmtpSession)
        assert session.record is server.sessions.running()[0]
        assert session.peer == "127.0.0.1"


def test_create_envelope_makes_aiosmtpds(listen):
    server = listen()
    with server.connect():
        assert type(connection_of(server).envelope) is aiosmtpd.Envelope


def test_reset_timeout_arms_the_timer_that_calls_timeout_cb(listen):
    names = aiosmtpd.SMTP._reset_timeout.__code__.co_names
    assert {"_timeout_handle", "_timeout_duration", "_timeout_cb"} <= set(names)
    server = listen(idle_seconds=0.05)
    with server.connect() as client:
        assert client.rest()[:3] == b"421"


def test_timeout_handle_is_cancelled_with_the_connection(listen):
    server = listen()
    with server.connect() as client:
        connection = connection_of(server)
        client.command(b"QUIT")
    server.ended_session()
    assert connection._timeout_handle.cancelled()


def test_no_task_handles_the_client(listen):
    server = listen()
    with server.connect() as client:
        client.begin()
        assert server.call(lambda: len(asyncio.all_tasks(server.loop))) == 1  # the one that asks


def test_authenticate_asks_the_authenticator(listen, monkeypatch):
    asked = []

    def refuse(server, session, envelope, mechanism, credentials):
        asked.append((type(session), mechanism, credentials.user, credentials.secret))
        return aiosmtpd.AuthResult(success=False)  # `handled` is true, although nothing was sent

    monkeypatch.setattr("mailcatcher.listeners.smtp.accept_any", refuse)
    server = listen()
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.login("ada", "secret", initial_response_ok=True)
        assert (caught.value.smtp_code, caught.value.smtp_error) == (535, b"5.7.8 Authentication credentials invalid")
        assert client.noop()[0] == 250
    assert asked[0] == (SmtpSession, "PLAIN", "ada", b"secret")


def test_push_writes_a_line(listen):
    server = listen()
    with server.connect() as client:
        server.run(connection_of(server).push("250 text"))
        server.run(connection_of(server).push(b"250 bytes"))
        assert client.file.readline() == b"250 text\r\n"
        assert client.file.readline() == b"250 bytes\r\n"


def test_starttls_finds_what_it_reads():
    names = set(aiosmtpd.SMTP.smtp_STARTTLS.__code__.co_names)
    assert {"push", "tls_context", "loop", "transport", "_tls_protocol", "_original_transport"} <= names
    assert (SmtpConnection.tls_context, SmtpConnection._tls_protocol, SmtpConnection._original_transport) == (None,) * 3
