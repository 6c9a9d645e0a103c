"""The SMTP server's side of a session, without I/O: bytes in, actions out.

The engine owns the input: it splits lines, collects content, and keeps what came too early. It stops reading its input
while it waits for an answer (`Ask`, `Deliver`) and goes on where it stopped; no byte is lost. Replies leave in the order
of the commands, all that one call produced in one piece. `now` is any clock that only goes forward, in seconds.
"""

from collections.abc import Callable

from mailcatcher.config import Smtp
from mailcatcher.mail.values import Defect
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.defects import note
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.sasl import Credentials
from mailcatcher.sessions.session import Session
from mailcatcher.smtp import replies
from mailcatcher.smtp.actions import Action, Ask, Close, Deliver, Wait
from mailcatcher.smtp.content import END_BYTES, ContentReader, plain_content, whole_content
from mailcatcher.smtp.dialogue import CONTENT, Dialogue
from mailcatcher.smtp.lines import Fault, LineReader
from mailcatcher.smtp.parameters import declared_size
from mailcatcher.smtp.replies import WIRE
from mailcatcher.smtp.transaction import Recorder, Transaction

LF_ONLY_SECONDS = 5.0
"""How long content that seems to end in LF . LF may be quiet before it is taken for that of an LF-only client."""


class Engine:
    """One session. Every method that takes `now` returns what is to be done."""

    def __init__(self, session: Session, settings: Smtp, recorder: Recorder, mailbox: Callable[[Session], str]) -> None:
        self.session = session
        self.deadline = 0.0  # when `tick` is due
        self.closed = False
        self.waiting = False  # an answer must come before more input is read
        self._settings = settings
        self._idle_seconds = settings.idle_seconds
        self._recorder = recorder
        self._dialogue = Dialogue(session, settings, recorder, mailbox)
        self._input = b""
        self._at = 0  # how much of it is worked off
        self._lines = LineReader(settings.max_line_bytes)
        self._content: ContentReader | None = None
        self._delivery: Transaction | None = None
        self._credentials: Credentials | None = None
        self._ended = False  # no more input will come
        self._stopping = False
        self._lf_only = False
        self._out: list[bytes] = []
        self._then: Action | None = None

    @property
    def backlog_bytes(self) -> int:
        """Input that is held because an answer is awaited."""
        return len(self._input) - self._at

    def open(self, now: float) -> list[Action]:
        """Greet the client."""
        self.deadline = now + self._idle_seconds
        self._out.append(WIRE[replies.greeting(self._settings.hostname)])
        return self._actions()

    def refuse(self, reply: Reply) -> list[Action]:
        """Send a reply instead of the greeting, and close."""
        self._close(reply, "refused")
        return self._actions()

    def receive(self, data: bytes, now: float) -> list[Action]:
        """Take input."""
        session = self.session
        session.received_bytes += len(data)
        if self._input or self.waiting or self.closed or self._ended or self._stopping or not session.pipelined:
            return self._receive_more(data, now)
        # Most clients wait for each reply, so most input is one command or one whole content: a short cut through `_advance`.
        self.deadline = now + self._idle_seconds
        dialogue = self._dialogue
        if dialogue.state is CONTENT:
            raw = whole_content(data, self._settings.max_message_bytes) if self._content is None else None
            if raw is not None:
                return [self._delivery_of(dialogue.complete(), raw)]
        elif not dialogue.skip_bytes:
            line = self._lines.only(data)
            if line is not None:
                reply = dialogue.command(line)
                if type(reply) is Reply and not dialogue.end:
                    out = WIRE[reply]
                    session.sent_bytes += len(out)
                    return [out]
                self._answer(reply)
                return self._actions()
        self._input = data
        return self._advance(now)

    def _receive_more(self, data: bytes, now: float) -> list[Action]:
        if self.closed:
            return []
        self._input = self._input[self._at :] + data if self._input else data
        self._at = 0
        if self.waiting:
            return []
        self.deadline = now + self._idle_seconds
        return self._advance(now)

    def end_of_input(self, now: float) -> list[Action]:
        """No more comes: half-closed, or the connection is gone. What came is still worked off, mail is delivered."""
        self._ended = True
        return [] if self.closed or self.waiting else self._advance(now)

    def answer(self, reply: Reply, now: float) -> list[Action]:
        """Take the decision that was asked for, or the reason why a mail could not be stored."""
        if self._credentials is not None:
            credentials, self._credentials = self._credentials, None
            self.waiting = False
            self._answer(self._dialogue.authenticated(credentials, reply))
        elif self._delivery is not None:
            self._end_delivery(self._delivery.attempt, "refused", reply)
        self.deadline = now + self._idle_seconds
        return self._advance(now)

    def delivered(self, message_ids: tuple[str, ...], now: float) -> list[Action]:
        """The mail is stored, once a mailbox, under these ids."""
        transaction = self._delivery
        if transaction is not None:
            attempt = transaction.attempt
            attempt.message_ids = message_ids
            attempt.content = None
            self._end_delivery(attempt, "accepted", replies.queued(message_ids))
        self.deadline = now + self._idle_seconds
        return self._advance(now) if self._input or self._ended or self._stopping else self._actions()

    def tick(self, now: float) -> list[Action]:
        """Close the session if its time is up; the server's own delay does not count."""
        if self.closed:
            return []
        if self.waiting:
            self.deadline = now + self._idle_seconds
        if now < self.deadline:
            return []
        if self._lf_only:
            self._abandon(replies.LF_ONLY, "refused", "refused")
        else:
            self._abandon(replies.IDLE, "aborted", "timeout")
        return self._actions()

    def shut_down(self, now: float) -> list[Action]:
        """End the session as soon as it is between two commands."""
        self._stopping = True
        return [] if self.closed or self.waiting or self._dialogue.state is CONTENT else self._advance(now)

    def cut(self) -> None:
        """The server gives the session up. A mail that is on its way goes on, nothing behind it."""
        self.session.end = self.session.end or "shutdown"
        self._input = b""
        self._at = 0

    def _advance(self, now: float) -> list[Action]:
        """Work off the input until it runs dry, an answer is needed or the session ends."""
        dialogue = self._dialogue
        commands = self.session.commands
        while self._at < len(self._input) and not self.closed and not self.waiting:
            if dialogue.state is CONTENT:
                self._read_content(now)
            elif self._stopping:
                break
            elif dialogue.skip_bytes:
                self._skip()
            else:
                line, self._at = self._lines.read(self._input, self._at)
                if line is None:
                    break
                if isinstance(line, bytes):
                    self._answer(dialogue.command(line))
                else:
                    self._answer_fault(line)
        if self._at == len(self._input):
            self._input = b""
            self._at = 0
        commands = self.session.commands - commands
        if commands > self.session.pipelined:
            self.session.pipelined = commands
        if self._ended or self._stopping:
            self._end_if_possible()
        return self._actions()

    def _end_if_possible(self) -> None:
        if self.closed or self.waiting:
            return
        if self._stopping and self._dialogue.state is not CONTENT:
            self._abandon(replies.SHUTTING_DOWN, "aborted", "shutdown")
        elif self._ended:
            self._abandon(None, "aborted", "client_closed")

    def _skip(self) -> None:
        skipped = min(self._dialogue.skip_bytes, len(self._input) - self._at)
        self._dialogue.skip_bytes -= skipped
        self._at += skipped

    def _answer(self, reply: Reply | Credentials) -> None:
        if isinstance(reply, Credentials):
            self._credentials = reply
            self.waiting = True
            self._then = Ask("AUTH", reply)
            return
        self._out.append(WIRE[reply])
        if self._dialogue.end:
            self._abandon(None, "aborted", self._dialogue.end)

    def _answer_fault(self, fault: Fault) -> None:
        if fault is Fault.TLS:
            note(self.session.defects, Defect("client_speaks_tls", "a TLS handshake on a port without TLS"))
            self._abandon(replies.CLIENT_SPEAKS_TLS, "aborted", "refused")
        elif fault is Fault.TOO_LONG:
            self._answer(self._dialogue.too_long(self._lines.head))
        elif fault is Fault.BARE_LF:
            self._answer(self._dialogue.bare_lf())

    # Content

    def _read_content(self, now: float) -> None:
        limit = self._settings.max_message_bytes
        content = self._content
        if content is None:
            raw = plain_content(self._input, self._at, limit)
            if raw is not None:
                self._at += len(raw) + END_BYTES
                self._then = self._delivery_of(self._dialogue.complete(), raw)
                return
            content = self._content = ContentReader(limit)
        end = content.feed(self._input, self._at)
        self._lf_only = end < 0 and content.waits_for_lf_end
        if end >= 0:
            self._at = end
            self._content = None
            self._finish_content(content)
            return
        self._at = len(self._input)
        if self._lf_only:
            self.deadline = now + LF_ONLY_SECONDS
            self._then = Wait(LF_ONLY_SECONDS)

    def _finish_content(self, content: ContentReader) -> None:
        transaction = self._dialogue.complete()
        attempt = transaction.attempt
        if content.too_large:
            attempt.size_bytes = content.size_bytes
            attempt.content = content.raw
            self._recorder.finish(attempt, "refused", replies.TOO_LARGE)
            self._answer(self._dialogue.refusal(replies.TOO_LARGE))
            return
        attempt.defects += content.defects(attempt.options)
        self._then = self._delivery_of(transaction, content.raw)

    def _delivery_of(self, transaction: Transaction, raw: bytes) -> Deliver:
        attempt = transaction.attempt
        attempt.size_bytes = len(raw)
        attempt.content = raw  # until it is stored
        declared = declared_size(attempt.options) if attempt.options else 0
        if 0 < declared < len(raw):
            attempt.defects.append(Defect("size_exceeds_declared", f"{len(raw)} octets, declared as {declared}"))
        self._delivery = transaction
        self.waiting = True
        return Deliver(transaction.envelope, raw, attempt)

    def _end_delivery(self, attempt: Attempt, outcome: str, reply: Reply) -> None:
        self._delivery = None
        self.waiting = False
        self._recorder.finish(attempt, outcome, reply)
        self._out.append(replies.encoded(reply))

    # Output

    def _abandon(self, reply: Reply | None, outcome: str, end: str) -> None:
        """End transaction and session; what arrived of a content stays on the attempt."""
        content = self._content.raw if self._content is not None else None
        self._content = None
        self._dialogue.give_up(outcome, reply, content)
        self._close(reply, end)

    def _close(self, reply: Reply | None, end: str) -> None:
        if reply is not None:
            self._out.append(WIRE[reply])
        self.closed = True
        self.session.end = self.session.end or end
        self._input = b""
        self._at = 0
        self._then = Close()

    def _actions(self) -> list[Action]:
        """What has been said and decided since the last call."""
        actions: list[Action] = []
        out = self._out
        if out:
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            self.session.sent_bytes += len(data)
            actions.append(data)
        if self._then is not None:
            actions.append(self._then)
            self._then = None
        return actions
