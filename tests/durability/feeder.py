"""A process that fills a store and says on stdout what was acknowledged; run as `python -m tests.durability.feeder FILE LIMIT`.

Each line is `<number> <id>`, written when the delivery is done and flushed at once, or `<number> -` for one that was refused.
LIMIT is a number of bytes no file may exceed (0: none), the number of deliveries under way at a time is CONCURRENT.
"""

import asyncio
import resource
import sys

from mailcatcher.errors import StoreError, StoreFull
from mailcatcher.events import Events
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.store.sqlite import SqliteStore
from tests.durability.numbered import envelope, raw

CONCURRENT = 50
REFUSED = 200
"""So many refusals end a run."""


async def feed(path: str) -> None:
    """Deliver numbered mails until killed, or refused often enough."""
    room = Mailroom(SqliteStore(path), Events())
    room.start()
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    numbers = iter(range(10_000_000))
    refused = 0

    def submit() -> None:
        number = next(numbers)

        def done(result: tuple[str, ...] | StoreError) -> None:
            nonlocal refused
            if isinstance(result, StoreError):
                assert isinstance(result, StoreFull), result
                refused += 1
            sys.stdout.write(f"{number} {'-' if isinstance(result, StoreError) else result[0]}\n")
            sys.stdout.flush()
            if refused < REFUSED:
                submit()
            elif not ended.done():
                ended.set_result(None)

        room.submit(room.prepare(envelope(number), raw(number)), done)

    for _ in range(CONCURRENT):
        submit()
    await ended
    await room.stop()


if __name__ == "__main__":
    limit = int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    asyncio.run(feed(sys.argv[1]))
