"""The server itself: what it is, whether it lives, whether it is ready."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailcatcher.schema import Info, encode
from mailcatcher.web.problems import Json


class Status:
    """`/api/info` and the health checks; `info` describes the server now, `ready` tells whether all listeners accept."""

    def __init__(self, info: Callable[[], Info], ready: Callable[[], bool]) -> None:
        self._info = info
        self._ready = ready

    def routes(self) -> Sequence[BaseRoute]:
        """What this module answers."""
        return (
            Route("/api/info", self.info, methods=["GET"]),
            Route("/livez", self.livez, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
        )

    async def info(self, _: Request) -> Response:
        """Version, addresses really bound, counts, limits."""
        return Json(encode(self._info()))

    async def livez(self, _: Request) -> Response:
        """200 while the process answers."""
        return PlainTextResponse("ok")

    async def readyz(self, _: Request) -> Response:
        """200 once every listener accepts, else 503."""
        ready = self._ready()
        return PlainTextResponse("ok" if ready else "not ready", 200 if ready else 503)
