"""SMTP in: aiosmtpd's server class around our own engine.

Kept from aiosmtpd: `Session` and `Envelope`, `AuthResult` and the authenticator, the timer, the STARTTLS upgrade. Replaced:
everything that reads, parses, decides or replies. `asyncio` calls `data_received`, the engine says what to do, and
`_perform` does it; there is no task and no future a message.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, Protocol, cast

from aiosmtpd import smtp as aiosmtpd

from mailcatcher.config import Smtp
from mailcatcher.errors import StoreError
from mailcatcher.listeners.listener import Listener
from mailcatcher.mail.envelope import Envelope
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.session import Session
from mailcatcher.smtp import replies
from mailcatcher.smtp.actions import Action, Ask, Deliver, Wait
from mailcatcher.smtp.protocol import Engine

logger = logging.getLogger(__name__)

MAX_BACKLOG_BYTES = 65_536
"""Pipelined input a session may hold while a mail is stored; more stays in the kernel, and then with the client."""

_LINGER_SECONDS = 5.0  # for the client to read the last reply before the connection is cut

Stored = tuple[str, ...] | StoreError
"""The ids under which a mail was stored, or why it was not."""


class Mailroom(Protocol):
    """What becomes of mail, as a listener sees it."""

    def mailbox(self, session: Session) -> str:
        """The mailbox of a transaction that begins now."""
        ...

    def prepare(self, envelope: Envelope, raw: bytes, *, session: Session, attempt: Attempt) -> Arrival:
        """Make an arrival of a complete mail."""
        ...

    def submit(self, arrival: Arrival, done: Callable[[Stored], None]) -> None:
        """Put an arrival on its way into the store; `done` is called on the loop, once."""
        ...


class SmtpListener(Listener):
    """Accepts SMTP."""

    def __init__(self, settings: Smtp, mailroom: Mailroom, sessions: Sessions, *, sockets: list[socket.socket] | None = None) -> None:
        super().__init__(settings.listen, sockets)
        self.settings = settings
        self.mailroom = mailroom
        self.sessions = sessions

    def connection(self) -> asyncio.Protocol:
        """The protocol object for a new connection."""
        return SmtpConnection(self)

    def refusal(self, client: str) -> Reply | None:
        """The reply to a client that cannot be served now: too many connections, too many of its own, or a stop."""
        if self.stopping:  # accepted by the kernel before the socket was closed
            return replies.SHUTTING_DOWN
        settings = self.settings
        if 0 < settings.max_sessions <= len(self.connections):
            return replies.TOO_MANY_SESSIONS
        if settings.max_sessions_per_client:
            peers = [other.client[0] for other in self.connections if isinstance(other, SmtpConnection)]
            if peers.count(client) >= settings.max_sessions_per_client:
                return replies.TOO_MANY_SESSIONS
        return None


class SmtpSession(aiosmtpd.Session):
    """aiosmtpd's session, with ours."""

    def __init__(self, loop: asyncio.AbstractEventLoop, record: Session) -> None:
        super().__init__(loop)
        self.record = record


class SmtpConnection(aiosmtpd.SMTP):
    """One connection.

    aiosmtpd's `__init__` inspects handler and class for every connection and makes a stream reader; what the kept methods
    read of it is set here or on the class.
    """

    transport: asyncio.Transport | None
    tls_context = None
    _tls_protocol = None
    _original_transport = None

    def __init__(self, listener: SmtpListener) -> None:
        self.loop = listener.loop
        self.transport = None
        self.session: SmtpSession | None = None
        self.client = ("", 0)
        self._listener = listener
        self._now = listener.loop.time
        self._authenticator = accept_any
        self._timeout_duration = listener.settings.idle_seconds
        self._timeout_handle: asyncio.TimerHandle | None = None
        self._engine: Engine
        self._record: Session
        self._submitting = False  # `done` may come before `submit` returns
        self._more: list[Action] = []  # what is to be done behind the actions that are being done
        self._unread = False  # the client does not read its replies
        self._paused = False  # we do not read the client

    # Called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the record of the session and greet the client."""
        listener = self._listener
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        peer = transport.get_extra_info("peername")
        self.client = (str(peer[0]), int(peer[1])) if peer else ("", 0)
        self._record = listener.sessions.open(self.client)
        self.session = self._create_session()
        self.envelope = self._create_envelope()
        self._engine = Engine(self._record, listener.settings, listener.sessions, listener.mailroom.mailbox)
        refusal = listener.refusal(self.client[0])
        listener.opened(self)
        self._reset_timeout()
        if refusal is None:
            self._perform(self._engine.open(self.loop.time()))
        else:
            self._perform(self._engine.refuse(refusal))

    def data_received(self, data: bytes) -> None:
        """Feed the engine."""
        actions = self._engine.receive(data, self._now())
        if len(actions) == 1 and type(actions[0]) is bytes and self.transport is not None and not self._paused:
            self.transport.write(actions[0])  # nothing else is left to be done
        else:
            self._perform(actions)

    def eof_received(self) -> bool:
        """Work off what came; the client may still read (half-close), so the engine closes, not the loop."""
        self._perform(self._engine.end_of_input(self.loop.time()))
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Let the engine end; a mail that is on its way to the store stays on it."""
        self.transport = None
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if error is not None:
            logger.debug("session %s: connection lost: %s", self._record.id, error)
        if self._engine.closed:
            self._close_record()
        else:
            self._perform(self._engine.end_of_input(self.loop.time()))
        self._listener.closed(self)

    def pause_writing(self) -> None:
        """The client does not read its replies: read no more of it."""
        self._unread = True
        self._throttle()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._unread = False
        self._throttle()

    # Called by the listener

    def shut_down(self) -> None:
        """End with 421 as soon as the session is between two commands."""
        self._perform(self._engine.shut_down(self.loop.time()))

    def cut(self) -> None:
        """Drop the connection at once."""
        self._engine.cut()
        if self.transport is not None:
            self.transport.abort()

    # What the engine wants

    def _perform(self, actions: list[Action]) -> None:
        while actions:
            for action in actions:
                if type(action) is bytes:
                    if self.transport is not None:
                        self.transport.write(action)
                elif type(action) is Deliver:
                    self._deliver(action)
                elif type(action) is Ask:
                    self._more = self._decide(action)
                elif type(action) is Wait:
                    self._reset_timeout(action.seconds)
                else:
                    self._close()
            actions = self._more
            if actions:
                self._more = []
        if self._paused or (self._engine.waiting and self._engine.backlog_bytes > MAX_BACKLOG_BYTES):
            self._throttle()

    def _deliver(self, action: Deliver) -> None:
        mailroom = self._listener.mailroom
        self._submitting = True
        try:
            arrival = mailroom.prepare(action.envelope, action.raw, session=self._record, attempt=action.attempt)
            mailroom.submit(arrival, self._delivered)
        except Exception:
            logger.exception("session %s: mail could not be handed over", self._record.id)
            self._delivered(StoreError("mail could not be handed over"))
        finally:
            self._submitting = False

    def _delivered(self, stored: Stored) -> None:
        """Answer the client; the connection may be gone by now."""
        now = self._now()
        if isinstance(stored, StoreError):
            logger.error("session %s: mail not stored: %s", self._record.id, stored)
            actions = self._engine.answer(replies.NOT_STORED, now)
        else:
            actions = self._engine.delivered(stored, now)
        if self._submitting:
            self._more = actions
        else:
            self._perform(actions)

    def _decide(self, action: Ask) -> list[Action]:
        """Let the authenticator decide; a failure is answered here, whether or not it counts as handled."""
        result = self._authenticate(action.credentials.mechanism, action.credentials)
        reply = replies.AUTHENTICATED if result.success else replies.BAD_CREDENTIALS
        return self._engine.answer(reply, self.loop.time())

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()
        else:
            self._close_record()

    def _close_record(self) -> None:
        record = self._record
        host, port = record.client
        logger.info("session %s of %s port %s: %s, %s transactions", record.id, host, port, record.end, record.transactions)
        self._listener.sessions.close(record)

    def _throttle(self) -> None:
        """Read the client only while it reads us and its backlog is small."""
        engine = self._engine
        full = self._unread or (engine.waiting and engine.backlog_bytes > MAX_BACKLOG_BYTES)
        if self.transport is None or engine.closed or full is self._paused:
            return
        self._paused = full
        if full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # Called by the methods of aiosmtpd that are kept

    def _create_session(self) -> SmtpSession:
        session = SmtpSession(self.loop, self._record)
        session.peer = self._record.client[0]
        return session

    async def push(self, status: str | bytes) -> None:
        """Write one line."""
        line = status if isinstance(status, bytes) else status.encode("ascii", "replace")
        if self.transport is not None:
            self.transport.write(line + b"\r\n")

    def _timeout_cb(self) -> None:
        """Close a session that was silent, or wait on; one that does not even close is cut."""
        if self.transport is None:
            return
        if self._engine.closed:
            self.transport.abort()
            return
        now = self.loop.time()
        self._perform(self._engine.tick(now))
        remaining = self._engine.deadline - now
        self._reset_timeout(remaining if remaining > 0 else _LINGER_SECONDS)


def accept_any(_server: Any, _session: Any, _envelope: Any, _mechanism: str, _credentials: Any) -> aiosmtpd.AuthResult:
    """The authenticator that lets everybody in."""
    return aiosmtpd.AuthResult(success=True)
