"""`mailcatcher serve`: run the server until a signal ends it."""

import asyncio
import gc
import logging
import os
import signal
import sys
from typing import Any

import click

from mailcatcher.cli.settings import load, options, unknown_variables
from mailcatcher.config import Config
from mailcatcher.schema import encode
from mailcatcher.server import Server

logger = logging.getLogger(__name__)


@click.command("serve")
@options
@click.option("--announce", is_flag=True, help="Print one JSON line with the bound addresses once everything accepts.")
def serve_command(*, announce: bool, **flags: Any) -> int:
    """Accept mail and show it."""
    config = load(flags, os.environ)
    logging.basicConfig(level=config.log.level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in unknown_variables(os.environ):
        logger.warning("the variable %s is no setting of mailcatcher", name)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(config, announce=announce))


async def _serve(config: Config, *, announce: bool) -> int:
    server = Server(config)
    stopping = asyncio.Event()
    _on_signals(server, stopping)
    await server.start()
    if announce:
        sys.stdout.write(encode(server.announcement()).decode() + "\n")
        sys.stdout.flush()
    _collect_less()
    logger.info("SMTP on %s, page on %s", ", ".join(server.smtp), server.url)
    await stopping.wait()
    logger.info("stopping")
    await server.stop()
    return 0


def _collect_less() -> None:
    """Nothing on the way of a mail makes cycles, so the collector need not look at every 700 new objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _on_signals(server: Server, stopping: asyncio.Event) -> None:
    """The first signal stops, the second cuts what the stop is waiting for."""

    def on_signal() -> None:
        if stopping.is_set():
            server.cut()
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(on_signal))


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
