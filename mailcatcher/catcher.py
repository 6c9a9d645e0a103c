"""The catcher: SMTP listener, mailroom, store and events as one thing. Without a web."""

from socket import socket

from mailcatcher.config import Smtp
from mailcatcher.events import Events
from mailcatcher.listeners.smtp import SmtpListener
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.store.base import Store


class Catcher:
    """Accepts mail and keeps it; started and stopped on one loop."""

    def __init__(self, store: Store, smtp: Smtp, *, sockets: list[socket] | None = None, sessions: Sessions | None = None) -> None:
        self.store = store
        self.events = Events()
        self.sessions = sessions or Sessions()
        self.mailroom = Mailroom(store, self.events)
        self.listener = SmtpListener(smtp, self.mailroom, self.sessions, sockets=sockets)
        self._grace_seconds = smtp.shutdown_seconds

    async def start(self) -> None:
        """Open the store, then accept. Raises StoreError, ConfigError (a taken port)."""
        self.mailroom.start()
        try:
            await self.listener.start()
        except BaseException:
            await self.mailroom.stop()
            raise

    async def stop(self, *, grace_seconds: float | None = None) -> None:
        """Stop accepting, finish what is under way within the grace, close the store."""
        await self.listener.stop(self._grace_seconds if grace_seconds is None else grace_seconds)
        await self.mailroom.stop()
