"""What all listeners share: binding, counting connections, stopping."""

import asyncio
import socket
from typing import Protocol

from mailcatcher.net.binding import BACKLOG, bind

_ABORT_SECONDS = 1.0  # for the loop to call back `connection_lost` after an abort


class Connection(Protocol):
    """One accepted connection, as its listener sees it."""

    def shut_down(self) -> None:
        """Say goodbye as soon as the protocol allows it, and close."""
        ...

    def cut(self) -> None:
        """Close at once."""
        ...


class Listener:
    """Accepts connections on some addresses; a subclass makes the protocol objects.

    A protocol object reports itself by `opened` and `closed`.
    """

    def __init__(self, listen: tuple[str, ...], sockets: list[socket.socket] | None = None) -> None:
        self.connections: set[Connection] = set()
        self.stopping = False
        self._listen = listen
        self._sockets = sockets or []
        self._servers: list[asyncio.Server] = []
        self._addresses: tuple[tuple[str, int], ...] = ()
        self._all_closed = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Host and port of every socket, as really bound."""
        return self._addresses

    def connection(self) -> asyncio.Protocol:
        """The protocol object for a new connection."""
        raise NotImplementedError

    async def start(self) -> None:
        """Bind, unless sockets were given, and accept. Raises ConfigError for an address that cannot be had."""
        self.loop = asyncio.get_running_loop()
        if not self._sockets:
            self._bind()
        self._addresses = tuple(sock.getsockname()[:2] for sock in self._sockets)
        for sock in self._sockets:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which accepted sockets inherit
            self._servers.append(await self.loop.create_server(self.connection, sock=sock, backlog=BACKLOG))

    async def stop(self, grace_seconds: float) -> None:
        """Accept no more; let sessions come to an end for so long, then cut the rest. May be called again to hurry."""
        self.stopping = True
        for server in self._servers:
            server.close()
        self._servers.clear()
        for connection in tuple(self.connections):
            connection.shut_down()
        if not await self._closed_within(grace_seconds):
            for connection in tuple(self.connections):
                connection.cut()
            await self._closed_within(_ABORT_SECONDS)

    def opened(self, connection: Connection) -> None:
        """Count a connection."""
        self.connections.add(connection)
        self._all_closed.clear()

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        if not self.connections:
            self._all_closed.set()

    def _bind(self) -> None:
        try:
            for address in self._listen:
                self._sockets += bind(address)
        except ValueError:
            for sock in self._sockets:
                sock.close()
            self._sockets = []
            raise

    async def _closed_within(self, seconds: float) -> bool:
        if not self.connections:
            return True
        try:
            await asyncio.wait_for(self._all_closed.wait(), seconds)
        except TimeoutError:
            return False
        return True
