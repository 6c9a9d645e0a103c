"""A session: one client connection and what is remembered of it."""

from datetime import UTC, datetime

import msgspec

from mailcatcher.mail.values import Defect

ENDS = ("quit", "client_closed", "timeout", "fault", "refused", "shutdown", "tls_failed")
"""Why a session ended; `refused` is every close by the server that the client's conduct caused."""

MAX_AUTH = 100
"""How many tries to authenticate a session keeps; a client may guess without end."""


class Auth(msgspec.Struct, frozen=True):
    """One try to authenticate; the secret is not kept."""

    mechanism: str
    user: str
    authzid: str
    outcome: str  # "accepted" or "refused"


class Session:
    """What one client did; grows while the connection lasts. Times are seconds since 1970."""

    __slots__ = (
        "auth", "client", "commands", "defects", "end", "ended", "helo_name", "helo_verb", "id", "listener",
        "pipelined", "protocol", "received_bytes", "sent_bytes", "started", "transactions",
    )  # fmt: skip

    def __init__(self, session_id: str, *, protocol: str, listener: str, client: tuple[str, int], started: float) -> None:
        self.id = session_id
        self.protocol = protocol
        self.listener = listener
        self.client = client
        self.started = started
        self.ended: float | None = None
        self.end: str | None = None  # one of ENDS
        self.helo_verb = ""
        self.helo_name = ""
        self.auth: list[Auth] = []
        self.transactions = 0
        self.commands = 0
        self.pipelined = 0  # most commands that came in one read
        self.received_bytes = 0
        self.sent_bytes = 0
        self.defects: list[Defect] = []

    def add_auth(self, auth: Auth) -> None:
        """Keep a try, in place of the oldest if there are too many."""
        if len(self.auth) == MAX_AUTH:
            del self.auth[0]
        self.auth.append(auth)

    @property
    def started_at(self) -> datetime:
        """When the client connected."""
        return datetime.fromtimestamp(self.started, UTC)

    @property
    def ended_at(self) -> datetime | None:
        """When the connection ended; None while it lasts."""
        return None if self.ended is None else datetime.fromtimestamp(self.ended, UTC)

    @property
    def user(self) -> str | None:
        """The name that authenticated last."""
        if not self.auth:
            return None
        return next((attempt.user for attempt in reversed(self.auth) if attempt.outcome == "accepted"), None)
