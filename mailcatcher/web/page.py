"""The page: its document, its assets, and what is shown when it was not built."""

import hashlib
import logging
import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

logger = logging.getLogger(__name__)

BUILT = Path(__file__).parent / "_ui"
ASSETS = "/assets"

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>mailcatcher</title>
<h1>mailcatcher is running, without its page</h1>
<p>This installation was made with <code>MAILCATCHER_SKIP_UI=1</code>, or from a checkout whose page was not built.
Install it again without that variable to get the page.</p>
<p>Mail is caught all the same, and the API works: <a href="api/messages">api/messages</a>, <a href="api/info">api/info</a>.</p>
</html>"""


class _Assets(StaticFiles):
    """Files whose names hold a hash of their content never change."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class Page:
    """Serves the built page; `paths` are the routes that exist in it."""

    def __init__(self, built: Path = BUILT) -> None:
        index = built / "index.html"
        self._built = built
        self._html = index.read_text("utf-8").replace("<head>", '<head><base href="/">', 1) if index.is_file() else _NOT_BUILT

    def routes(self) -> list[BaseRoute]:
        """The document at `/` and at the message routes, and the assets."""
        routes: list[BaseRoute] = [
            Route("/", self.document, methods=["GET"]),
            Route("/m/{id}", self.document, methods=["GET"]),
        ]
        if (self._built / "assets").is_dir():
            routes.append(Mount(ASSETS, _Assets(directory=self._built / "assets")))
        return routes

    async def document(self, _: Request) -> Response:
        """The page's one document."""
        return HTMLResponse(self._html, headers=HEADERS)


def is_page(path: str) -> bool:
    """Whether a path is the page's own document or asset, which any site may link to."""
    return path == "/" or path.startswith((f"{ASSETS}/", "/m/"))


def stale(built: Path = BUILT) -> bool:
    """Whether the sources beside this checkout have changed since the page was built."""
    sources = built.parents[2] / "ui"
    stamp = built / ".stamp"
    if not (sources / "package.json").is_file() or not stamp.is_file():
        return False
    return stamp.read_text("ascii").strip() != source_hash(sources)


def source_hash(sources: Path) -> str:
    """The fingerprint of the page's sources, as the build hook writes it into the stamp."""
    digest = hashlib.sha256()
    paths = [Path(folder, name) for folder, _, names in os.walk(sources) for name in names]
    relative = {path.relative_to(sources).as_posix(): path for path in paths}
    for name in sorted(name for name in relative if "node_modules" not in name.split("/")):
        content = relative[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
