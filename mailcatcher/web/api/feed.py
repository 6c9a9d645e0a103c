"""What happens: the event feed and the wait for messages."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from mailcatcher.errors import MailcatcherError
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.schema import encode
from mailcatcher.web import live
from mailcatcher.web.api import asked
from mailcatcher.web.problems import Json, on_error

MOST_SECONDS = 60.0
DEFAULT_WAIT_SECONDS = 10.0


class Feed:
    """`/api/events`, `/api/live` and `/api/wait`."""

    def __init__(self, mailroom: Mailroom) -> None:
        self._mailroom = mailroom
        self._events = mailroom.events

    def routes(self) -> Sequence[BaseRoute]:
        """What this module answers."""
        return (
            Route("/api/events", self.events, methods=["GET"]),
            WebSocketRoute("/api/live", self.live),
            Route("/api/wait", self.wait, methods=["GET"]),
        )

    async def events(self, request: Request) -> Response:
        """Events after `after`; waits up to `timeout` for the first."""
        page = await live.poll(
            self._events,
            after=asked.after(request),
            mailbox=asked.mailbox(request),
            seconds=asked.seconds(request, "timeout", 0, MOST_SECONDS),
            limit=asked.number(request, "limit", 500, 1, 1000),
        )
        return Json(encode(page))

    async def wait(self, request: Request) -> Response:
        """Wait until `count` messages match `query`: 200, or 408 when `timeout` is over first."""
        waited = await live.wait(
            self._mailroom,
            asked.query(request.query_params.get("query")),
            mailbox=asked.mailbox(request),
            count=asked.number(request, "count", 1, 1, 1000),
            after=asked.after(request),
            seconds=asked.seconds(request, "timeout", DEFAULT_WAIT_SECONDS, MOST_SECONDS),
        )
        if waited.error is None:
            return Json(encode(waited))
        return Json(encode(waited), 408, headers={"Connection": "close"})

    async def live(self, socket: WebSocket) -> None:
        """The feed as a WebSocket; `after` continues where another one ended."""
        try:
            after, mailbox = asked.after(socket), asked.mailbox(socket)
            self._events.after(self._events.seq if after is None else after, limit=1)
        except MailcatcherError as error:
            await socket.send_denial_response(await on_error(Request({**socket.scope, "type": "http", "method": "GET"}), error))
            return
        await live.feed(socket, self._events, after=after, mailbox=mailbox)
