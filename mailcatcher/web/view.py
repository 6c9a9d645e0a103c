"""Mail on its way into a browser: headers that keep it harmless."""

import re
from urllib.parse import quote

from starlette.responses import Response

ISOLATED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

ISOLATED_REMOTE = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src data: http: https:; style-src 'unsafe-inline' http: https:; font-src data: http: https:; "
    "media-src http: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

INERT = "sandbox; default-src 'none'"
"""For everything of a mail that is not the isolated document."""

_MAGIC = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("image/avif", re.compile(rb"....ftypavi[fs]", re.DOTALL)),
)

_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')


def document(html: str, *, remote: bool, top_level: bool) -> Response:
    """The isolated document of a mail; a top-level one has no COOP, which the HTML standard refuses with a sandbox."""
    headers = {
        "Content-Security-Policy": ISOLATED_REMOTE if remote else ISOLATED,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if not top_level:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return Response(html.encode("utf-8", "replace"), headers=headers, media_type="text/html")


def text(content: str) -> Response:
    """Text of a mail as text."""
    return Response(content.encode("utf-8", "replace"), headers=_inert(), media_type="text/plain")


def raw(content: bytes, message_id: str) -> Response:
    """A whole message, for a browser to save."""
    headers = {**_inert(), "Content-Disposition": f'attachment; filename="{message_id}.eml"'}
    return Response(content, headers=headers, media_type="message/rfc822")


def part(content: bytes, *, content_type: str, name: str, inline: bool) -> Response:
    """One part of a mail; shown in place only if asked for and a raster image by its first bytes, or plain text."""
    shown = inline_type(content, content_type) if inline else None
    headers = _inert()
    headers["Content-Disposition"] = "inline" if shown else attachment_disposition(name)
    return Response(content, headers=headers, media_type=shown or "application/octet-stream")


def inline_type(content: bytes, content_type: str) -> str | None:
    """The type under which a part may be shown in place, None if it may not."""
    if content_type == "text/plain":
        return "text/plain"
    return next((kind for kind, magic in _MAGIC if kind == content_type and magic.match(content)), None)


def attachment_disposition(name: str) -> str:
    """A Content-Disposition with the name of RFC 6266, in ASCII and in full (RFC 8187)."""
    safe = _UNSAFE_IN_NAME.sub("_", name).strip(". ")[:200] or "part"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    full = quote(safe.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"


def _inert() -> dict[str, str]:
    return {
        "Content-Security-Policy": INERT,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
