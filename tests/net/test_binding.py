"""Addresses and sockets."""

import errno
import socket

import pytest

from mailcatcher.errors import ConfigError
from mailcatcher.net import binding
from mailcatcher.net.binding import bind, parse_address


@pytest.fixture
def bound():
    """`bind`, whose sockets are closed at the end."""
    opened: list[socket.socket] = []

    def call(text: str) -> list[socket.socket]:
        sockets = bind(text)
        opened.extend(sockets)
        return sockets

    yield call
    for sock in opened:
        sock.close()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1025", ("localhost", 1025)),
        (":1025", ("localhost", 1025)),
        ("localhost:0", ("localhost", 0)),
        ("0.0.0.0:25", ("0.0.0.0", 25)),
        ("[::1]:1025", ("::1", 1025)),
        (" mail.example:587 ", ("mail.example", 587)),
    ],
)
def test_address_is_host_and_port(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "localhost", "::1", "localhost:", "localhost:65536", "localhost:-1", "a:b:1", "x:1:"])
def test_unreadable_address_says_how_to_write_it(text):
    with pytest.raises(ConfigError, match=r"write host:port, :port or port"):
        parse_address(text)


def test_localhost_is_both_loopback_addresses_on_one_port(bound):
    sockets = bound("localhost:0")
    addresses = [sock.getsockname()[:2] for sock in sockets]
    assert addresses[0][0] == "127.0.0.1"
    assert addresses[0][1] != 0
    assert len({port for _, port in addresses}) == 1
    assert [host for host, _ in addresses[1:]] in ([], ["::1"])


def test_missing_ipv6_is_no_error(bound, monkeypatch):
    def without_ipv6(family, address, port):
        if family is socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return listening(family, address, port)

    listening = binding._listening
    monkeypatch.setattr(binding, "_listening", without_ipv6)
    assert [sock.getsockname()[0] for sock in bound("localhost:0")] == ["127.0.0.1"]


def test_number_that_is_taken_for_ipv6_is_tried_no_more(bound, monkeypatch):
    ports: list[int] = []

    def taken_twice(family, address, port):
        if family is socket.AF_INET6:
            ports.append(port)
            if len(ports) <= 2:
                raise OSError(errno.EADDRINUSE, "Address already in use")
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return listening(family, address, port)

    listening = binding._listening
    monkeypatch.setattr(binding, "_listening", taken_twice)
    (sock,) = bound("localhost:0")
    assert sock.getsockname()[1] == ports[2]


def test_taken_port_is_one_clear_line(bound):
    port = bound("127.0.0.1:0")[0].getsockname()[1]
    with pytest.raises(ConfigError) as caught:
        bind(f"127.0.0.1:{port}")
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{port}: the port is taken; stop the other program, or choose another port (0 takes a free one)"
    )


def test_port_taken_on_one_loopback_address_frees_the_other(bound):
    try:
        taken = bound("[::1]:0")[0].getsockname()[1]
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    with pytest.raises(ConfigError, match=r"cannot listen on \[::1\]"):
        bind(f"localhost:{taken}")
    assert bound(f"127.0.0.1:{taken}")


def test_address_of_another_machine_is_one_clear_line():
    with pytest.raises(ConfigError, match=r"^cannot listen on 192\.0\.2\.1:0: "):
        bind("192.0.2.1:0")
