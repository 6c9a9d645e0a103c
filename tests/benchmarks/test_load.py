"""The load generator counts what a server really took, and says what went wrong."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.load import Ready, Result, Run, measure
from benchmarks.text import Author


class Keeper:
    """Keeps every mail and the connection it came on; answers what it was told to."""

    def __init__(self, answer: str = "250 2.0.0 OK") -> None:
        self.answer = answer
        self.mails: list[tuple[object, Envelope]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append((session.peer, envelope))
        return self.answer


@asynccontextmanager
async def peer(keeper: Keeper) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(keeper, hostname="peer.example.com"), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def author_mails(count: int) -> list[Ready]:
    author = Author(5)
    return [Ready.of(author.plain()) for _ in range(count)]


async def loaded(port: int, *, count: int, mode: str = "kept", connections: int = 3) -> Result:
    run = Run(itertools.cycle(author_mails(count)), count, 20.0, mode, port)
    return await measure(run, connections, None)


async def test_every_mail_that_is_counted_arrived_as_it_was_written() -> None:
    keeper = Keeper()
    async with peer(keeper) as port:
        result = await loaded(port, count=20)
    assert (result.sent, result.errors) == (20, [])
    written = sorted(mail.content.removesuffix(b".\r\n") for mail in author_mails(20))
    assert sorted(envelope.original_content or b"" for _, envelope in keeper.mails) == written


@pytest.mark.parametrize(("mode", "connections"), [("kept", 3), ("each", 12)])
async def test_the_mode_decides_how_many_connections_there_are(mode: str, connections: int) -> None:
    keeper = Keeper()
    async with peer(keeper) as port:
        result = await loaded(port, count=12, mode=mode)
    assert result.sent == 12
    assert len({address for address, _ in keeper.mails}) == connections


async def test_a_refused_mail_is_an_error_and_not_counted() -> None:
    async with peer(Keeper("451 4.3.0 Not now")) as port:
        result = await loaded(port, count=5, connections=1)
    assert result.sent == 0
    assert "451 4.3.0" in result.errors[0]


async def test_no_server_is_an_error_and_not_a_wait() -> None:
    async with peer(Keeper()) as port:
        pass
    result = await loaded(port, count=5)
    assert result.sent == 0
    assert result.errors


async def test_latencies_are_ordered() -> None:
    async with peer(Keeper()) as port:
        result = await loaded(port, count=30)
    assert 0 < result.p50_ms <= result.p99_ms <= result.max_ms
    assert result.rate == pytest.approx(30 / result.seconds)
