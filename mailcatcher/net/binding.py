"""Addresses to listen on, and sockets bound to them.

    address = port / ":" port / host ":" port         an IPv6 host stands in brackets; no host means `localhost`

`localhost` is 127.0.0.1 and ::1 on one port number, without asking a resolver; that a machine has no IPv6 is no error.
"""

import errno
import os
import re
import socket

from mailcatcher.errors import ConfigError

BACKLOG = 1024
"""Connections the kernel keeps for us; a burst of 500 clients must not be slowed down by SYN retries."""

_ADDRESS = re.compile(r"(?:(?:\[(?P<ipv6>[^\]]*)\]|(?P<host>[^:\[\]]*)):)?(?P<port>[0-9]{1,5})")
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_IPV6 = frozenset((errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT))
_PAIR_TRIES = 50  # until one free number is free for both families


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port`, `:port` or `port`. Raises ConfigError."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or int(match["port"]) > 65535:
        raise ConfigError(f"cannot listen on {text!r}: write host:port, :port or port, and an IPv6 host in brackets")
    return match["ipv6"] or match["host"] or "localhost", int(match["port"])


def bind(text: str) -> list[socket.socket]:
    """Listening sockets for an address; port 0 takes one free number for all of them. Raises ConfigError."""
    host, port = parse_address(text)
    pairs = _LOOPBACK if host == "localhost" else _resolved(host, text)
    for _ in range(_PAIR_TRIES if port == 0 else 1):
        sockets = _bound(pairs, port, text)
        if sockets is not None:
            return sockets
    raise ConfigError(f"cannot listen on {text}: found no port that is free for IPv4 and IPv6")


def _resolved(host: str, text: str) -> tuple[tuple[socket.AddressFamily, str], ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"cannot listen on {text}: no address is known for {host!r}") from error
    families = (socket.AF_INET, socket.AF_INET6)
    return tuple(dict.fromkeys((family, str(address[0])) for family, *_, address in found if family in families))


def _bound(pairs: tuple[tuple[socket.AddressFamily, str], ...], port: int, text: str) -> list[socket.socket] | None:
    """A socket for each pair on one port; None if a number the kernel chose for the first is taken for another."""
    sockets: list[socket.socket] = []
    number = port
    try:
        for family, address in pairs:
            try:
                sockets.append(_listening(family, address, number))
            except OSError as error:
                if family is socket.AF_INET6 and error.errno in _NO_IPV6 and len(pairs) > 1:
                    continue
                if port == 0 and sockets and error.errno == errno.EADDRINUSE:
                    _close(sockets)
                    return None
                raise
            number = sockets[0].getsockname()[1]
    except OSError as error:
        _close(sockets)
        raise ConfigError(f"cannot listen on {_shown(address, number)}: {_reason(error)}") from error
    if not sockets:
        raise ConfigError(f"cannot listen on {text}: this machine has no such address")
    return sockets


def _listening(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # With the protocol named asyncio sets TCP_NODELAY; without, replies would wait 40 ms for a delayed ACK.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows this would let two servers share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _shown(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is taken; stop the other program, or choose another port (0 takes a free one)"
    if error.errno == errno.EACCES:
        return "permission denied; ports below 1024 need privileges"
    return error.strerror or str(error)
