"""The web application: guard, routes, and errors translated once."""

import re
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from mailcatcher.config import Web
from mailcatcher.errors import MailcatcherError
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.schema import Info
from mailcatcher.web.api.feed import Feed
from mailcatcher.web.api.messages import Messages
from mailcatcher.web.api.status import Status
from mailcatcher.web.guard import Guard
from mailcatcher.web.page import Page, is_page
from mailcatcher.web.problems import on_crash, on_error, on_http_error

_DOCUMENT = re.compile(r"/api/messages/[^/]+/html")


def is_document(path: str) -> bool:
    """Whether a path serves an isolated document."""
    return _DOCUMENT.fullmatch(path) is not None


def create_app(settings: Web, mailroom: Mailroom, *, info: Callable[[], Info], ready: Callable[[], bool]) -> Starlette:
    """Everything that is served over HTTP."""
    guard = Middleware(
        Guard,
        allowed_hosts=settings.allowed_hosts,
        allowed_origins=settings.allowed_origins,
        strict_host=settings.strict_host,
        max_body_bytes=settings.max_body_bytes,
        is_page=is_page,
        is_document=is_document,
    )
    parts = (Messages(mailroom), Feed(mailroom), Status(info, ready), Page())
    app = Starlette(
        routes=[route for part in parts for route in part.routes()],
        middleware=[guard],
        exception_handlers={MailcatcherError: on_error, HTTPException: on_http_error, Exception: on_crash},
    )
    app.router.redirect_slashes = False
    return app
