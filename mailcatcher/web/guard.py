"""One gate before every route and WebSocket: Host, site, size.

Host    stops DNS rebinding, where Origin and Host are both the attacker's name
site    stops other pages of the same browser from reading or changing anything
size    bounds what a request can make the server hold
"""

import ipaddress
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailcatcher.web.problems import problem_response

LOCAL_SUFFIXES = (".test", ".internal", ".local", ".home.arpa", ".localhost")
"""Special-use domains no public DNS serves (RFC 6761, RFC 6762, RFC 8375, .internal)."""

DRAINED_BYTES = 16 << 20
"""Read and thrown away of a body that is too large, so that a client which sends all before it reads gets the 413."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEALTH = frozenset({"/livez", "/readyz"})
"""Asked by probes from anywhere, and they say nothing."""


def host_allowed(host: str, allowed: Iterable[str], *, strict: bool = False) -> bool:
    """Whether a Host header names this server: an IP address, a local name, or a configured one.

    Single-label names are container services; `strict` refuses them and the special-use suffixes, since a search domain
    under somebody else's control could answer for them.
    """
    name = _host_name(host)
    if name is None:
        return False
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return True
    if not strict and ("." not in name or name.endswith(LOCAL_SUFFIXES)):
        return True
    return any(_covers(pattern.lower().rstrip("."), name) for pattern in allowed)


def site_allowed(method: str, headers: Headers, allowed_origins: Iterable[str]) -> bool:
    """Whether a request comes from our own page, an allowed origin, or no page at all (curl, tests)."""
    origin = headers.get("origin")
    if origin is not None and origin in allowed_origins:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is None:
        return True
    if origin == "null":
        return method in SAFE_METHODS and site is not None
    return _same_origin(origin, headers.get("host", ""))


class Guard:
    """ASGI middleware; `is_page` tells the page's own documents and assets, which any site may link to."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: tuple[str, ...],
        allowed_origins: tuple[str, ...],
        strict_host: bool,
        max_body_bytes: int,
        is_page: Callable[[str], bool],
        is_document: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._hosts = allowed_hosts
        self._origins = frozenset(allowed_origins)
        self._strict = strict_host
        self._max_body = max_body_bytes
        self._is_page = is_page
        self._is_document = is_document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_body:
            await self._refuse_body(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, self._with_cors(headers, send))
            return
        if self._preflight(scope, headers):
            await _answer_preflight(send, headers["origin"])
            return
        await self._limited(scope, receive, self._with_cors(headers, send))

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, str, str] | None:
        host = headers.get("host", "")
        if not host_allowed(host, self._hosts, strict=self._strict):
            return (
                421, "foreign_host", f"this server does not answer for the host {host[:100]!r}",
                "start it with --allow-host and that name, or use an IP address or localhost",
            )  # fmt: skip
        path = scope["path"]
        if scope["type"] == "http" and (path in HEALTH or self._is_page(path)):
            return None
        if site_allowed(scope.get("method", "GET"), headers, self._origins) or self._top_level(scope, headers, path):
            return None
        return (
            403, "foreign_origin", "another site may not use this API",
            "start the server with --allow-origin and the exact origin of that site",
        )  # fmt: skip

    def _top_level(self, scope: Scope, headers: Headers, path: str) -> bool:
        """A link that leads here may open an isolated document, which shows nothing to the page it came from."""
        return (
            scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
            and self._is_document(path)
        )

    def _preflight(self, scope: Scope, headers: Headers) -> bool:
        return scope["method"] == "OPTIONS" and headers.get("origin") in self._origins

    def _with_cors(self, headers: Headers, send: Send) -> Send:
        origin = headers.get("origin")
        if origin not in self._origins:
            return send
        assert origin is not None

        async def allowing(message: Message) -> None:
            if message["type"] == "http.response.start":
                cors = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
                message = {**message, "headers": [*message.get("headers", ()), *cors]}
            await send(message)

        return allowing

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the body on while it keeps its limit, also one that was sent without a length."""
        received = 0
        started = False

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body:
                raise _BodyTooLargeError
            return message

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except _BodyTooLargeError:
            if not started:
                await self._refuse_body(scope, receive, send)

    async def _refuse_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _drain(receive)
        text = f"the body is larger than {self._max_body} bytes"
        await _refuse(scope, receive, send, 413, "too_large", text, "send less, or raise web.max_body_bytes")


class _BodyTooLargeError(Exception):
    """A body grew past its limit while it was read."""


async def _drain(receive: Receive) -> None:
    """Read on for a while: a connection that is closed with unread input is reset, and the client never sees the answer."""
    drained = 0
    while drained < DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
        drained += len(message.get("body", b""))


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, message: str, hint: str) -> None:
    response = problem_response(status, code, message, hint=hint)
    if scope["type"] == "websocket":
        # Denial of a handshake as an HTTP response; every server of ours supports the extension.
        await send({"type": "websocket.http.response.start", "status": status, "headers": response.raw_headers})
        await send({"type": "websocket.http.response.body", "body": response.body})
        return
    response.headers["connection"] = "close"
    await response(scope, receive, send)


async def _answer_preflight(send: Send, origin: str) -> None:
    headers = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, PUT, DELETE"),
        (b"access-control-allow-headers", b"content-type, authorization"),
        (b"vary", b"Origin"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _host_name(host: str) -> str | None:
    """The name in a Host header without its port, lower case; None for one that is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or parts.path or parts.query or parts.fragment or "@" in host:
        return None
    return name.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _covers(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return pattern == name


def _same_origin(origin: str, host: str) -> bool:
    """Origin and Host agree in name and port (RFC 6454 5, with the scheme's default port)."""
    try:
        source, target = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}.get(source.scheme)
        return (source.hostname, source.port or default) == (target.hostname, target.port or default)
    except ValueError:
        return False
