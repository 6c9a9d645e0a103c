"""Errors as JSON: what was wrong, where, and what would be right."""

import http
import logging

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailcatcher.errors import (
    BadCursor,
    EventsGone,
    Invalid,
    MailcatcherError,
    NotFound,
    QueryError,
    StoreBusy,
    StoreError,
)
from mailcatcher.schema import Failure, Problem, encode

logger = logging.getLogger(__name__)


class Json(Response):
    """A response whose content is already encoded JSON."""

    media_type = "application/json"


def problem_response(status: int, code: str, message: str, *, hint: str = "") -> Response:
    """An error that no exception stands for."""
    return Json(encode(Failure(Problem(code, message, hint))), status)


async def on_error(request: Request, error: Exception) -> Response:
    """Any error this package raises on purpose."""
    assert isinstance(error, MailcatcherError)
    status, problem = _problem(error)
    if status >= 500:
        logger.warning("%s %s: %s", request.method, request.url.path, error)
    return Json(encode(Failure(problem)), status)


async def on_http_error(_: Request, error: Exception) -> Response:
    """A route that does not exist, or not with this method."""
    assert isinstance(error, HTTPException)
    code = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    response = problem_response(error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def on_crash(_: Request, __: Exception) -> Response:
    """A mistake of ours; the traceback is in the log."""
    return problem_response(500, "internal", "the server made a mistake", hint="its log has the details")


def _problem(error: MailcatcherError) -> tuple[int, Problem]:
    text = str(error)
    match error:
        case NotFound():
            return 404, Problem("not_found", text)
        case QueryError():
            return 400, Problem("query", text, error.hint, position=error.position)
        case BadCursor():
            return 400, Problem("cursor", text)
        case Unreadable():
            return 400, Problem("unreadable", text, error.hint)
        case Invalid():
            return 422, Problem("invalid", text, error.hint, field=error.field)
        case EventsGone():
            return 410, Problem("events_gone", text, oldest_seq=error.oldest_seq)
        case StoreBusy():
            return 503, Problem("too_slow", text)
        case StoreError():
            return 507, Problem("store", text)
    return 500, Problem("internal", text)


class Unreadable(MailcatcherError, ValueError):
    """A body that is no JSON, or not what the route takes."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def validated(error: msgspec.ValidationError) -> Invalid:
    """A body that is JSON but not of the right form, with the field's path."""
    text, _, path = str(error).partition(" - at `$")
    return Invalid(text, path.rstrip("`").lstrip(".") or "body")
