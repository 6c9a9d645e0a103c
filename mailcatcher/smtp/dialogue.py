"""What each command is answered, and which state it leads to (RFC 5321 4.1.4).

    state         commands that are allowed in it, besides EHLO HELO RSET NOOP QUIT VRFY HELP
    GREETED       (none)
    READY         MAIL AUTH       -> TRANSACTION, AUTH
    TRANSACTION   RCPT DATA       -> CONTENT
    CONTENT       no command: everything is content, up to its end -> READY
    AUTH          no command: a line is a response -> READY

EHLO, HELO and RSET lead to READY (RSET not out of GREETED). A refused command leaves the state as it is.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar, NoReturn

from mailcatcher.config import Smtp
from mailcatcher.mail.envelope import Options
from mailcatcher.mail.values import Defect
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.defects import note
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.sasl import Credentials
from mailcatcher.sessions.session import Auth, Session
from mailcatcher.smtp import arguments, replies
from mailcatcher.smtp.auth import MECHANISMS, Authentication
from mailcatcher.smtp.parameters import check_mail, check_rcpt
from mailcatcher.smtp.replies import SmtpError
from mailcatcher.smtp.transaction import Recorder, Transaction

_HTTP = re.compile(rb"(?:[A-Za-z]+ \S+ HTTP/[0-9]|Host:)", re.IGNORECASE)
_MAX_NAME = 255  # kept of HELO's argument: the limit of a domain, RFC 5321 4.5.3.1.2
_HELP = Reply(214, "2.0.0", "EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY AUTH HELP")
_NOT_IMPLEMENTED = frozenset((b"EXPN", b"TURN", b"SEND", b"SOML", b"SAML", b"BURL", b"STARTTLS", b"XCLIENT", b"XFORWARD", b"ETRN"))


class State(Enum):
    """Where the dialogue stands."""

    GREETED = auto()
    READY = auto()
    TRANSACTION = auto()
    CONTENT = auto()
    AUTH = auto()


# Looking up a member costs as much as the rest of a comparison.
_GREETED, _READY, _TRANSACTION, CONTENT, _AUTH = State


class Dialogue:
    """The commands of one session and their replies; knows nothing of lines, buffers and time."""

    def __init__(self, session: Session, settings: Smtp, recorder: Recorder, mailbox: Callable[[Session], str]) -> None:
        self.session = session
        self.state = _GREETED
        self.transaction: Transaction | None = None
        self.end = ""  # why the session is to be closed behind the reply that was just given
        self.skip_bytes = 0  # input to be thrown away behind that reply
        self._settings = settings
        self._recorder = recorder
        self._mailbox = mailbox
        self._authentication: Authentication | None = None
        self._errors = 0
        self._mails = 0

    def command(self, line: bytes) -> Reply | Credentials:
        """The reply to a line without its CRLF; or credentials that are to be decided on, for `authenticated`."""
        try:
            if self.state is _AUTH:
                reply = self._respond(line)
            else:
                self.session.commands += 1
                verb, _, argument = line.partition(b" ")
                command = self._COMMANDS.get(verb) or self._COMMANDS.get(verb.upper())
                reply = command(self, argument) if command is not None else self._unknown(line)
        except SmtpError as error:
            reply = error.reply
        if type(reply) is Reply and reply.code >= 500:
            return self.refusal(reply)
        return reply

    def refusal(self, reply: Reply) -> Reply:
        """Count a 5xx reply; over the limit, the reply that closes instead."""
        self._errors += 1
        if 0 < self._settings.max_errors < self._errors:
            self.end = "refused"
            return replies.TOO_MANY_ERRORS
        return reply

    def authenticated(self, credentials: Credentials, reply: Reply) -> Reply:
        """Take the decision on credentials; the reply to give."""
        outcome = "accepted" if reply.code < 400 else "refused"
        self.session.add_auth(Auth(credentials.mechanism, credentials.user, credentials.authzid, outcome))
        return reply if outcome == "accepted" else self.refusal(reply)

    def too_long(self, head: bytes) -> Reply:
        """The reply to a line over the limit that began with `head`; an exchange of AUTH ends."""
        is_auth = self.state is _AUTH or head[:5].upper() == b"AUTH "
        self._cancel_auth()
        return self.refusal(replies.AUTH_LINE_TOO_LONG if is_auth else replies.LINE_TOO_LONG)

    def bare_lf(self) -> Reply:
        """The reply to a line with a bare LF; an exchange of AUTH ends."""
        self._cancel_auth()
        return self.refusal(replies.BARE_LF)

    def give_up(self, outcome: str, reply: Reply | None = None, content: bytes | None = None) -> None:
        """End the transaction, if there is one, without a message; `content` is what arrived of it."""
        transaction = self.transaction
        if transaction is None:
            return
        self.transaction = None
        attempt = transaction.attempt
        if content is not None:
            attempt.content = content
            attempt.size_bytes = len(content)
        elif transaction.all_refused:
            outcome = "refused"
        self._recorder.finish(attempt, outcome, reply or transaction.refusal)

    def complete(self) -> Transaction:
        """End the transaction because its content is complete."""
        transaction = self.transaction
        assert transaction is not None, "content without a transaction"
        self.transaction = None
        self.state = _READY
        transaction.attempt.stage = "END"
        return transaction

    def _unknown(self, line: bytes) -> Reply:
        if not line or line.startswith(b" "):
            return replies.BAD_SYNTAX
        if _HTTP.match(line):
            note(self.session.defects, Defect("http", "an HTTP client connected"))
            self.end = "refused"
            return replies.HTTP
        verb = line.partition(b" ")[0].upper()
        return replies.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else replies.UNKNOWN_COMMAND

    # Session

    def _ehlo(self, argument: bytes) -> Reply:
        self._greet("EHLO", argument)
        return replies.ehlo(self._settings.hostname, extensions(self._settings.max_message_bytes))

    def _helo(self, argument: bytes) -> Reply:
        self._greet("HELO", argument)
        return replies.ehlo(self._settings.hostname, ())

    def _greet(self, verb: str, argument: bytes) -> None:
        name = argument.strip(b" ")
        if not name or not arguments.is_text(name):
            raise SmtpError(replies.HELO_NEEDS_NAME)  # RFC 2034 4: no enhanced code
        self.give_up("reset")
        self.session.helo_verb = verb
        self.session.helo_name = name.decode()[:_MAX_NAME]
        self.state = _READY

    def _rset(self, argument: bytes) -> Reply:
        arguments.refuse_argument(argument)
        self.give_up("reset")
        if self.state is _TRANSACTION:
            self.state = _READY
        return replies.OK

    def _noop(self, argument: bytes) -> Reply:
        arguments.text(argument)
        return replies.OK

    def _help(self, argument: bytes) -> Reply:
        arguments.text(argument)
        return _HELP

    def _vrfy(self, argument: bytes) -> Reply:
        if not arguments.text(argument).strip(" "):
            raise SmtpError(replies.ARGUMENT_NEEDED)
        return replies.CANNOT_VERIFY

    def _quit(self, argument: bytes) -> Reply:
        arguments.refuse_argument(argument)
        self.end = "quit"
        return replies.BYE

    def _bdat(self, argument: bytes) -> Reply:
        """CHUNKING is not offered, but what a client sends behind BDAT is no command."""
        size = argument.strip(b" ").partition(b" ")[0]
        if not size.isdigit() or len(size) > 20:
            self.end = "refused"
            return replies.BDAT_SIZE_UNREADABLE
        self.skip_bytes = int(size)
        return replies.NOT_IMPLEMENTED

    # AUTH

    def _auth(self, argument: bytes) -> Reply | Credentials:
        words = arguments.text(argument).split()
        if self.session.helo_verb != "EHLO":
            return replies.SEND_EHLO_FIRST
        if self.state is not _READY:
            return replies.AUTH_IN_TRANSACTION
        if self.session.user is not None:
            return replies.ALREADY_AUTHENTICATED
        if not 1 <= len(words) <= 2:
            raise SmtpError(Reply(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]"))
        self._authentication = Authentication(words[0])
        return self._progress(self._authentication.begin(words[1] if len(words) == 2 else ""))

    def _respond(self, line: bytes) -> Reply | Credentials:
        assert self._authentication is not None, "a response without an exchange"
        try:
            return self._progress(self._authentication.respond(line))
        except SmtpError:
            self._cancel_auth()
            raise

    def _progress(self, result: Reply | Credentials) -> Reply | Credentials:
        if isinstance(result, Credentials):
            self._cancel_auth()
        else:
            self.state = _AUTH
        return result

    def _cancel_auth(self) -> None:
        if self._authentication is not None:
            self._authentication = None
            self.state = _READY

    # Transaction

    def _mail(self, argument: bytes) -> Reply:
        self._mails += 1
        attempt = self._recorder.begin(self.session, self._mailbox(self.session))
        try:
            if self.state is not _READY or self._settings.max_messages_per_session:
                self._allow_mail()
            attempt.sender, rest = arguments.sender(argument, attempt.defects)
            if rest:
                attempt.options = self._parameters(rest, attempt)
                check_mail(attempt.options, self._settings.max_message_bytes)
        except SmtpError as error:
            attempt.sender = attempt.sender or arguments.shown(argument)
            self._recorder.finish(attempt, "refused", error.reply)
            raise
        if not attempt.sender.isascii():
            arguments.note_utf8(attempt.options, attempt.defects)
        self.transaction = Transaction(attempt)
        self.state = _TRANSACTION
        return replies.SENDER_OK

    def _allow_mail(self) -> None:
        if self.state is not _READY:
            raise SmtpError(replies.SEND_HELO_FIRST if self.state is _GREETED else replies.NESTED_MAIL)
        if 0 < self._settings.max_messages_per_session < self._mails:
            self.end = "refused"
            raise SmtpError(replies.TOO_MANY_MESSAGES)

    def _rcpt(self, argument: bytes) -> Reply:
        transaction = self.transaction or self._open_transaction()
        attempt = transaction.attempt
        address = ""
        try:
            address, rest = arguments.recipient(argument, attempt.defects)
            options: Options = {}
            if rest:
                options = self._parameters(rest, attempt)
                check_rcpt(options)
            if len(transaction.recipients) >= self._settings.max_recipients:
                self._refuse_rcpt()
        except SmtpError as error:
            transaction.refuse(address or arguments.shown(argument), error.reply)
            raise
        if not address.isascii():
            arguments.note_utf8(attempt.options, attempt.defects)
        transaction.accept(address, options, replies.RECIPIENT_OK)
        return replies.RECIPIENT_OK

    def _refuse_rcpt(self) -> NoReturn:
        raise SmtpError(replies.TOO_MANY_RECIPIENTS)  # RFC 5321 4.5.3.1.10

    def _data(self, argument: bytes) -> Reply:
        if argument:
            arguments.refuse_argument(argument)
        transaction = self.transaction or self._open_transaction()
        if not transaction.recipients:
            refused = transaction.refusal is not None
            return replies.NO_VALID_RECIPIENT if refused else replies.SEND_RCPT_FIRST  # RFC 2920 3.2
        transaction.attempt.stage = "DATA"
        self.state = CONTENT
        return replies.START_CONTENT

    def _open_transaction(self) -> Transaction:
        if self.transaction is None:
            raise SmtpError(replies.SEND_HELO_FIRST if self.state is _GREETED else replies.SEND_MAIL_FIRST)
        return self.transaction

    def _parameters(self, rest: str, attempt: Attempt) -> Options:
        limit = self._settings.max_parameters
        return arguments.parameters(rest, limit, self.session.helo_verb, attempt.defects)

    _COMMANDS: ClassVar[dict[bytes, "Callable[[Dialogue, bytes], Reply | Credentials]"]] = {
        b"EHLO": _ehlo,
        b"HELO": _helo,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"QUIT": _quit,
        b"VRFY": _vrfy,
        b"HELP": _help,
        b"AUTH": _auth,
        b"BDAT": _bdat,
    }


def extensions(max_message_bytes: int) -> tuple[str, ...]:
    """The lines of the EHLO reply."""
    auth = " ".join(MECHANISMS)
    size = f"SIZE {max_message_bytes}"  # 0: no fixed maximum, RFC 1870 4
    return ("PIPELINING", size, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", f"AUTH {auth}", "HELP")
