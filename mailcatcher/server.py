"""The server: a catcher with its web, started and stopped together."""

import asyncio
import ipaddress
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from socket import socket

import uvicorn

from mailcatcher import __version__
from mailcatcher.catcher import Catcher
from mailcatcher.config import Config
from mailcatcher.errors import ConfigError
from mailcatcher.net.binding import bind, parse_address
from mailcatcher.schema import Announcement, Info, Limits, StoreInfo
from mailcatcher.store.sqlite import SqliteStore
from mailcatcher.web.app import create_app
from mailcatcher.web.page import stale

logger = logging.getLogger(__name__)

WEB_SHUTDOWN_SECONDS = 1
"""How long requests that are being answered may take when the server stops."""

CLIENT_MESSAGE_BYTES = 4096
"""Largest WebSocket message of a client; the feed needs none."""


class Server:
    """Every part of the product; `stop` may be called once `start` has returned."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._started_at = datetime.now(UTC)
        self._accepting = False
        self._sockets: list[socket] = []

    async def start(self) -> None:
        """Bind every address, open the store, accept. Raises ConfigError, StoreError."""
        config = self._config
        if not config.web.public:
            _refuse_public(config)
        smtp, self._sockets = _bound("smtp.listen", config.smtp.listen), []
        try:
            self._sockets = _bound("web.listen", config.web.listen)
            store = SqliteStore(config.store.path, synchronous=config.store.synchronous, max_messages=config.retention.max_messages)
            self.catcher = Catcher(store, config.smtp, sockets=smtp)
            await self.catcher.start()
        except BaseException:
            for opened in (*smtp, *self._sockets):
                opened.close()
            raise
        await self._start_web()
        self._accepting = True

    async def stop(self) -> None:
        """Stop accepting; mail under way is finished within `smtp.shutdown_seconds`."""
        self._accepting = False
        self._web.should_exit = True
        await asyncio.gather(self.catcher.stop(), self._serving)

    def cut(self) -> None:
        """End at once what a stop is still waiting for; deliveries under way are finished all the same."""
        self._web.force_exit = True
        self._cutting = asyncio.create_task(self.catcher.listener.stop(0))

    @property
    def smtp(self) -> tuple[str, ...]:
        """The SMTP addresses really bound, as `host:port`."""
        return tuple(_text(address) for address in self.catcher.listener.addresses)

    @property
    def http(self) -> tuple[str, ...]:
        """The HTTP addresses really bound, as `host:port`."""
        return self._http

    @property
    def url(self) -> str:
        """Where the page is."""
        host, _, port = self.http[0].rpartition(":")
        return f"http://{ {'0.0.0.0': '127.0.0.1', '[::]': '[::1]'}.get(host, host) }:{port}/"  # noqa: S104

    def announcement(self) -> Announcement:
        """What `--announce` prints."""
        return Announcement(__version__, os.getpid(), self.smtp, self.http[0], self.url)

    def info(self) -> Info:
        """What `/api/info` answers."""
        config, catcher = self._config, self.catcher
        counts = catcher.store.counts(None)
        return Info(
            version=__version__,
            instance=catcher.events.instance,
            pid=os.getpid(),
            started_at=self._started_at,
            url=self.url,
            smtp=self.smtp,
            http=self.http,
            messages=counts.messages,
            unread=counts.unread,
            size_bytes=counts.size_bytes,
            store=StoreInfo(catcher.store.path, catcher.store.sqlite_version),
            limits=Limits(config.retention.max_messages, config.smtp.max_message_bytes),
        )

    async def _start_web(self) -> None:
        self._http = tuple(_text(opened.getsockname()) for opened in self._sockets)
        app = create_app(self._config.web, self.catcher.mailroom, info=self.info, ready=lambda: self._accepting)
        settings = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=CLIENT_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=WEB_SHUTDOWN_SECONDS,
        )
        self._web = _Web(settings)
        self._serving = asyncio.create_task(self._web.serve(self._sockets))
        await self._web.listening.wait()
        if stale():
            logger.warning("the page is older than its sources: run `pip install -e .` to build it again")


class _Web(uvicorn.Server):
    """uvicorn without signal handlers of its own, which says when it accepts."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bound(key: str, addresses: tuple[str, ...]) -> list[socket]:
    opened: list[socket] = []
    try:
        for address in addresses:
            opened += bind(address)
    except ConfigError as error:
        for one in opened:
            one.close()
        raise ConfigError(f"{key}: {error}") from error
    return opened


def _refuse_public(config: Config) -> None:
    for key, addresses in (("smtp.listen", config.smtp.listen), ("web.listen", config.web.listen)):
        for address in addresses:
            if not _is_loopback(address):
                raise ConfigError(
                    f"{key}: {address} can be reached from other machines, and nobody has to log in: "
                    "add --public if that is wanted, or use localhost"
                )


def _is_loopback(address: str) -> bool:
    host, _ = parse_address(address)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
