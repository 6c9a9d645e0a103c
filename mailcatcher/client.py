"""A small client of the HTTP API, on the standard library alone."""

import http.client
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from mailcatcher.errors import MailcatcherError
from mailcatcher.schema import Failure, Info, MessageList, Waited

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8025"
TIMEOUT_SECONDS = 10.0
_FORMS = {"raw": "raw", "text": "text", "html": "html?form=source"}


class Unreachable(MailcatcherError):
    """No catcher answers at the URL."""


class Refused(MailcatcherError):
    """The catcher answered with an error; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Asks one running catcher. Raises Unreachable and Refused."""

    def __init__(self, url: str = DEFAULT_URL) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname:
            raise Unreachable(f"{url!r} is not the URL of a catcher: use the form http://host:port")
        self.url = url
        self._host, self._port = parts.hostname, parts.port or 80
        self._base = parts.path.rstrip("/")

    def info(self) -> Info:
        """What the server says of itself."""
        return self._json("/api/info", Info)

    def ready(self) -> bool:
        """Whether every listener accepts."""
        return self._get("/readyz", timeout=TIMEOUT_SECONDS)[0] == 200

    def list(self, query: str, *, limit: int, mailbox: str | None) -> MessageList:
        """The newest messages that match."""
        return self._json(f"/api/messages?{_parameters(query=query, limit=limit, mailbox=mailbox)}", MessageList)

    def fetch(self, message_id: str, form: str | None, *, query: str = "") -> bytes:
        """One message: all that is known as JSON (None), or its `raw`, `text` or `html`."""
        path = f"/api/messages/{quote(message_id, safe='')}" + (f"/{_FORMS[form]}" if form else "")
        parameters = _parameters(query=query or None)
        separator = "&" if "?" in path else "?"
        status, body = self._get(path + (separator + parameters if parameters else ""), timeout=TIMEOUT_SECONDS)
        return _checked(status, body)

    def wait(self, query: str, *, count: int, timeout: float, mailbox: str | None) -> Waited:
        """Wait until `count` messages match; `error` is set when time was over first."""
        path = f"/api/wait?{_parameters(query=query, count=count, timeout=timeout, mailbox=mailbox)}"
        status, body = self._get(path, timeout=timeout + TIMEOUT_SECONDS)
        return msgspec.json.decode(body if status == 408 else _checked(status, body), type=Waited)

    def _json(self, path: str, form: type[T]) -> T:
        status, body = self._get(path, timeout=TIMEOUT_SECONDS)
        return msgspec.json.decode(_checked(status, body), type=form)

    def _get(self, path: str, *, timeout: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.request("GET", self._base + path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"no catcher answers at {self.url} ({error}): start one, or set --url") from error
        finally:
            connection.close()


def _parameters(**values: Any) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None})


def _checked(status: int, body: bytes) -> bytes:
    if status < 400:
        return body
    try:
        problem = msgspec.json.decode(body, type=Failure).error
    except msgspec.DecodeError as error:
        raise Refused(f"the server answered {status}: is it a mailcatcher?", status) from error
    place = f" (at character {problem.position + 1})" if problem.position is not None else ""
    hint = f": {problem.hint}" if problem.hint else ""
    raise Refused(f"{problem.message}{place}{hint}", status)
