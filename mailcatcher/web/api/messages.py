"""Messages: list, read, change, delete, and the forms in which one can be fetched."""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailcatcher.errors import Invalid, NotFound
from mailcatcher.mail.document import DocumentTooLarge, isolated
from mailcatcher.mailroom.mailroom import Mailroom, Opened
from mailcatcher.schema import (
    Changed,
    Deleted,
    Detail,
    MessageList,
    MessagePatch,
    MessagesDelete,
    MessagesPatch,
    Restored,
    Undo,
    encode,
)  # fmt: skip
from mailcatcher.store.base import Selector, Touched
from mailcatcher.web import view
from mailcatcher.web.api import asked
from mailcatcher.web.problems import Json

T = TypeVar("T")

MOST_UNDO_SECONDS = 3600.0


class Messages:
    """The routes below `/api/messages`, and `/api/undo`."""

    def __init__(self, mailroom: Mailroom) -> None:
        self._mailroom = mailroom

    def routes(self) -> Sequence[BaseRoute]:
        """What this module answers."""
        one = "/api/messages/{id}"
        return (
            Route("/api/messages", self.list, methods=["GET"]),
            Route("/api/messages", self.change, methods=["PATCH"]),
            Route("/api/messages", self.delete, methods=["DELETE"]),
            Route("/api/undo", self.undo, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.change_one, methods=["PATCH"]),
            Route(one, self.delete_one, methods=["DELETE"]),
            Route(f"{one}/raw", self.raw, methods=["GET"]),
            Route(f"{one}/html", self.html, methods=["GET"]),
            Route(f"{one}/text", self.text, methods=["GET"]),
            Route(f"{one}/parts", self.parts, methods=["GET"]),
            Route(f"{one}/parts/{{part}}", self.part, methods=["GET"]),
        )

    async def list(self, request: Request) -> Response:
        """A page of messages that match `query`, newest first."""
        page = await self._mailroom.store.find(
            asked.query(request.query_params.get("query")),
            mailbox=asked.mailbox(request),
            limit=asked.number(request, "limit", 50, 0, 1000),
            cursor=request.query_params.get("cursor"),
            offset=asked.number(request, "offset", 0, 0, 1 << 40),
            oldest_first=asked.choice(request, "sort", ("newest", "oldest")) == "oldest",
        )
        return Json(encode(MessageList(page.messages, page.total, page.unread, page.next_cursor)))

    async def change(self, request: Request) -> Response:
        """Mark many messages as read or unread."""
        wanted = await asked.body(request, MessagesPatch)
        selector = asked.selector(wanted.ids, wanted.query, everything=wanted.all, mailbox=asked.mailbox(request))
        touched = await self._mailroom.mark(selector, read=wanted.read)
        return Json(encode(Changed(touched.count)))

    async def delete(self, request: Request) -> Response:
        """Delete many messages; with `undo_seconds` it can be undone."""
        wanted = await asked.body(request, MessagesDelete)
        keep = asked.bounded_seconds(wanted.undo_seconds, "undo_seconds", MOST_UNDO_SECONDS)
        selector = asked.selector(wanted.ids, wanted.query, everything=wanted.all, mailbox=asked.mailbox(request))
        return _deleted(await self._mailroom.delete(selector, keep_seconds=keep))

    async def undo(self, request: Request) -> Response:
        """Bring back what a deletion took, while its time lasts."""
        touched = await self._mailroom.restore((await asked.body(request, Undo)).token)
        return Json(encode(Restored(touched.count)))

    async def get(self, request: Request) -> Response:
        """All that is known of one message."""
        return Json(await self._open(request, _detail))

    async def change_one(self, request: Request) -> Response:
        """Mark one message as read or unread."""
        wanted = await asked.body(request, MessagePatch)
        message_id = await self._id(request)
        await self._mailroom.mark(Selector(ids=(message_id,)), read=wanted.read)
        return Json(encode((await self._mailroom.store.get(message_id)).summary))

    async def delete_one(self, request: Request) -> Response:
        """Delete one message; with `undo_seconds` it can be undone."""
        keep = asked.seconds(request, "undo_seconds", 0, MOST_UNDO_SECONDS)
        message_id = await self._id(request)
        touched = await self._mailroom.delete(Selector(ids=(message_id,)), keep_seconds=keep)
        if not touched.count:
            raise NotFound(f"no message {message_id!r}")
        return _deleted(touched)

    async def raw(self, request: Request) -> Response:
        """The bytes exactly as they came."""
        message_id = await self._id(request)
        return view.raw(await self._mailroom.store.raw(message_id), message_id)

    async def html(self, request: Request) -> Response:
        """The HTML as an isolated document, or with `form=source` as it was sent."""
        form = asked.choice(request, "form", ("document", "source"))
        remote = asked.flag(request, "remote")
        # A page elsewhere may link to a document, but not decide that it loads something.
        remote = remote and request.headers.get("sec-fetch-site") not in ("cross-site", "same-site")
        if form == "source":
            return await self._open(request, _source)
        return await self._open(request, partial(_document, remote=remote, shown_as=request.headers.get("sec-fetch-dest")))

    async def text(self, request: Request) -> Response:
        """The plain text."""
        return await self._open(request, _text)

    async def parts(self, request: Request) -> Response:
        """The MIME tree."""
        return Json(await self._open(request, lambda opened: encode(opened.message.tree())))

    async def part(self, request: Request) -> Response:
        """The decoded content of one part, as a download unless `inline=1` and it is harmless."""
        return await self._open(request, partial(_part, number=request.path_params["part"], inline=asked.flag(request, "inline")))

    async def _id(self, request: Request) -> str:
        """The id in the path; `latest` is the newest match of `query`, or of all."""
        message_id: str = request.path_params["id"]
        mailbox = asked.mailbox(request)
        store = self._mailroom.store
        if message_id == "latest":
            return await store.latest(asked.query(request.query_params.get("query")), mailbox=mailbox)
        if mailbox is not None and (await store.get(message_id)).summary.mailbox != mailbox:
            raise NotFound(f"no message {message_id!r} in mailbox {mailbox!r}")
        return message_id

    async def _open(self, request: Request, make: Callable[[Opened], T]) -> T:
        return await self._mailroom.open(await self._id(request), make)


def _deleted(touched: Touched) -> Response:
    return Json(encode(Deleted(touched.count, touched.token, touched.expires_at)))


def _source(opened: Opened) -> Response:
    return view.text(_html(opened))


def _document(opened: Opened, *, remote: bool, shown_as: str | None) -> Response:
    _html(opened)
    try:
        html = isolated(opened.message, remote=remote).html
    except DocumentTooLarge as error:
        if shown_as not in ("iframe", "document"):
            raise Invalid(str(error), "form", "`form=source` shows it as text") from error
        html = f"<!doctype html><p>{escape(str(error))}. Its source can be shown.</p>"
    return view.document(html, remote=remote, top_level=shown_as == "document")


def _html(opened: Opened) -> str:
    if opened.message.html is None:
        raise NotFound("the message has no HTML")
    return opened.message.html


def _text(opened: Opened) -> Response:
    if opened.message.text is None:
        raise NotFound("the message has no text")
    return view.text(opened.message.text)


def _part(opened: Opened, *, number: str, inline: bool) -> Response:
    part = opened.message.part(number)
    name = part.name or f"{opened.kept.summary.id}-{number or 'root'}"
    return view.part(opened.message.content(number), content_type=part.content_type, name=name, inline=inline)


def _detail(opened: Opened) -> bytes:
    summary, message = opened.kept.summary, opened.message
    try:
        remote = isolated(message).remote if message.html is not None else ()
    except DocumentTooLarge:
        remote = ()
    detail = Detail(
        id=summary.id,
        seq=summary.seq,
        mailbox=summary.mailbox,
        received_at=summary.received_at,
        date=summary.date,
        subject=summary.subject,
        from_=summary.from_,
        to=summary.to,
        cc=summary.cc,
        reply_to=summary.reply_to,
        sender=summary.sender,
        recipients=summary.recipients,
        snippet=summary.snippet,
        code=summary.code,
        tags=summary.tags,
        read=summary.read,
        flagged=summary.flagged,
        size_bytes=summary.size_bytes,
        session_id=summary.session_id,
        attempt_id=opened.kept.attempt_id,
        message_id=message.message_id,
        bcc=message.bcc,
        envelope=opened.kept.envelope,
        headers=message.headers,
        text=message.text,
        html=message.html,
        parts=message.tree(),
        attachments=message.attachments(),
        links=message.links(),
        codes=message.codes(),
        invites=(),
        unsubscribe=message.unsubscribe(),
        defects=message.defects,
        remote=remote,
    )
    return encode(detail)
