"""Stopping: idle sessions are told, content finishes, the rest is cut."""

import asyncio
import socket
import time

import pytest


def stop(server, grace_seconds):
    """Begin to stop; the future of its end."""
    return asyncio.run_coroutine_threadsafe(server.listener.stop(grace_seconds), server.loop)


def test_idle_sessions_are_told_and_the_port_is_closed(listen):
    server = listen()
    with server.connect() as client:
        stop(server, 5).result(5)
        assert client.rest() == b"421 4.3.2 Service is shutting down, closing connection\r\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 1)
    assert server.ended_session().end == "shutdown"
    assert server.listener.connections == set()


def test_stop_without_sessions_is_immediate_and_may_be_repeated(listen):
    server = listen()
    start = time.monotonic()
    stop(server, 60).result(5)
    stop(server, 60).result(5)
    assert time.monotonic() - start < 1


def test_content_finishes_and_gets_its_reply(listen):
    server = listen()
    server.mailroom.hold = True
    with server.connect() as client:
        client.begin()
        client.send(b"half")
        stopped = stop(server, 5)
        client.send(b" a mail\r\n.\r\n")
        server.mailroom.wait_for(1)
        server.call(server.mailroom.release)
        assert client.rest() == (b"250 2.0.0 Ok: queued as M1\r\n421 4.3.2 Service is shutting down, closing connection\r\n")
        stopped.result(5)


def test_content_that_does_not_finish_is_cut(listen):
    server = listen()
    with server.connect() as client:
        client.begin()
        client.send(b"half")
        stop(server, 0.1).result(5)
        assert client.rest() == b""
    assert server.ended_session().end == "shutdown"
    (attempt,) = server.sessions.attempts()
    assert attempt.outcome == "aborted"


def test_delivery_under_way_finishes_behind_the_cut(listen):
    server = listen()
    server.mailroom.hold = True
    with server.connect() as client:
        client.begin()
        client.send(b"x\r\n.\r\n")
        server.mailroom.wait_for(1)
        stop(server, 0).result(5)
    server.call(server.mailroom.release)
    (attempt,) = server.sessions.attempts()
    assert (attempt.outcome, attempt.message_ids) == ("accepted", ("M1",))
    assert server.ended_session().end == "shutdown"


def test_second_stop_cuts_at_once(listen):
    server = listen()
    with server.connect() as client:
        client.begin()
        first = stop(server, 60)
        stop(server, 0).result(5)
        first.result(5)
        assert client.rest() == b""


def test_client_that_was_accepted_too_late_is_told(listen):
    server = listen()
    server.listener.stopping = True
    with server.connect() as client:
        assert client.greeting == b"421 4.3.2 Service is shutting down, closing connection\r\n"
        assert client.rest() == b""
