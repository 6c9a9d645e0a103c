"""A small HTTP/1.1 client on one kept connection, so that the client's own time hardly shows in a latency."""

import json
import socket
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

TIMEOUT_SECONDS = 70.0


class Http:
    """GET on one connection; only answers with Content-Length."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"127.0.0.1:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def get(self, path: str) -> bytes:
        """The body of a 200. Raises RuntimeError for anything else."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: */*\r\n\r\n".encode())
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head, body = data[:end], data[end + 4 :]
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        chunks = [body]
        missing = length - len(body)
        while missing > 0:
            chunks.append(self._receive())
            missing -= len(chunks[-1])
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"GET {path}: {head.decode('latin-1')}\n{b''.join(chunks)[:500]!r}")
        return b"".join(chunks)

    def json(self, path: str) -> Any:
        """The body as JSON."""
        return json.loads(self.get(path))

    def milliseconds(self, path: str) -> float:
        """How long one GET takes."""
        began = time.perf_counter()
        self.get(path)
        return 1000 * (time.perf_counter() - began)

    def _receive(self) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data


def search(query: str, **options: int) -> str:
    """The path of a search."""
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return f"/api/messages?query={quote(query)}{more}"
