"""The server measured beside ours: aiosmtpd with a handler that answers 250 and keeps nothing.

`python -m benchmarks.peers uvloop` listens on a free port of 127.0.0.1, prints the port and runs until SIGTERM.
"""

import asyncio
import signal
import sys

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session


class Nothing:
    """Accepts every mail and forgets it."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        return "250 2.0.0 OK"


async def serve() -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: SMTP(Nothing(), hostname="peer.example.com"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    (uvloop if sys.argv[1] == "uvloop" else asyncio).run(serve())
