"""A whole server on the test's loop, spoken to over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mailcatcher.config import Config, Retention, Smtp, Store, Web
from mailcatcher.mail.envelope import Envelope, Recipient
from mailcatcher.server import Server

MAIL = b"From: Shop <shop@example.com>\r\nTo: Ada <ada@example.org>\r\nSubject: Order 1\r\n\r\nThank you.\r\n"


class Running:
    """A running server with a client and short ways to put mail in."""

    def __init__(self, server: Server, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def put(self, raw: bytes = MAIL, sender: str = "shop@example.com", *recipients: str, mailbox: str = "inbox") -> str:
        """Store one mail as SMTP would; its id."""
        mailroom = self.server.catcher.mailroom
        envelope = Envelope(sender, tuple(Recipient(address) for address in recipients or ("ada@example.org",)))
        with mailroom.mailboxes.scope(mailbox):
            arrival = mailroom.prepare(envelope, raw)
        return (await mailroom.deliver(arrival))[0]


def config(**web: object) -> Config:
    """Settings for a server on free ports."""
    return Config(
        smtp=Smtp(listen=("127.0.0.1:0",)),
        web=Web(listen=("127.0.0.1:0",), **web),  # type: ignore[arg-type]
        store=Store(),
        retention=Retention(max_messages=0),
    )


@pytest.fixture
def web_settings() -> dict[str, object]:
    """Web settings of the server; a test overrides it by parametrization."""
    return {}


@pytest.fixture
async def running(web_settings: dict[str, object], tmp_path: Path) -> AsyncIterator[Running]:
    """A running server."""
    server = Server(config(**web_settings))
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=server.url, timeout=10) as http:
            yield Running(server, http)
    finally:
        await server.stop()
