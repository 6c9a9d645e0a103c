"""An engine with everything around it replaced by lists."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailcatcher.config import Smtp
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.smtp import replies
from mailcatcher.smtp.actions import Action, Ask, Close, Deliver
from mailcatcher.smtp.protocol import Engine


class EngineDriver:
    """Feeds an engine and does what it asks: authenticates everybody, stores every mail as M1, M2, ..."""

    def __init__(self, *, fail: bool = False, hold: bool = False, **settings: Any) -> None:
        ids = itertools.count(1)
        self.sessions = Sessions(clock=lambda: 0.0, new_id=lambda: f"I{next(ids):05}")
        self.session = self.sessions.open(("192.0.2.1", 1025))
        self.engine = Engine(self.session, replace(Smtp(), **settings), self.sessions, lambda _: "inbox")
        self.output = b""
        self.messages: list[tuple[str, tuple[str, ...], bytes]] = []
        self.asked: list[Ask] = []
        self.closed = False
        self.now = 0.0
        self._fail = fail
        self._hold = hold
        self._held: Deliver | None = None
        self.perform(self.engine.open(self.now))

    def send(self, data: bytes) -> bytes:
        """Give input; return what was answered to it."""
        before = len(self.output)
        self.perform(self.engine.receive(data, self.now))
        return self.output[before:]

    def end(self) -> None:
        self.perform(self.engine.end_of_input(self.now))

    def tick(self, now: float) -> None:
        self.now = now
        self.perform(self.engine.tick(now))

    def release(self) -> None:
        """Store what is held, and what is behind it."""
        while self._held is not None:
            held, self._held = self._held, None
            self.perform(self._store(held))

    def perform(self, actions: list[Action]) -> None:
        while actions:
            todo, actions = actions, []
            for action in todo:
                if isinstance(action, bytes):
                    self.output += action
                elif isinstance(action, Ask):
                    self.asked.append(action)
                    actions = self.engine.answer(replies.AUTHENTICATED, self.now)
                elif isinstance(action, Close):
                    self.closed = True
                elif isinstance(action, Deliver):
                    if self._hold:
                        self._held = action
                    else:
                        actions = self._store(action)

    def _store(self, action: Deliver) -> list[Action]:
        if self._fail:
            return self.engine.answer(replies.NOT_STORED, self.now)
        self.messages.append((action.envelope.sender, action.envelope.addresses, action.raw))
        return self.engine.delivered((f"M{len(self.messages)}",), self.now)

    @property
    def defects(self) -> list[str]:
        """Ids of all defects, of the session and of its attempts."""
        found = [defect.id for defect in self.session.defects]
        return found + [defect.id for attempt in self.sessions.attempts() for defect in attempt.defects]


@pytest.fixture
def drive() -> Callable[..., EngineDriver]:
    """Make a driver; keywords are settings."""
    return EngineDriver
