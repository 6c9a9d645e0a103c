"""The epochs of a run: which mail, attempts and sessions belong to which test.

An attempt belongs to the epoch of its MAIL command, a mail to that of its attempt, a session to the epoch in which the client
connected. The loop appends, a test reads; a list's own append and copy are atomic, so neither waits for the other.
"""

from collections.abc import Callable
from queue import SimpleQueue

from mailcatcher.mailroom.mailboxes import INBOX
from mailcatcher.sessions.arrival import Arrival
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.session import Session
from pytest_mailcatcher.mail import Mail

News = SimpleQueue[Mail | None]
"""Mail as it comes in; None: the time is up."""


class Epoch:
    """What one test caused, in order."""

    __slots__ = ("attempts", "is_over", "mailbox", "mails", "open", "sessions", "settlers", "watchers")

    def __init__(self, mailbox: str) -> None:
        self.mailbox = mailbox
        self.mails: list[Mail] = []
        self.attempts: list[Attempt] = []
        self.sessions: list[Session] = []
        self.open: dict[str, Attempt] = {}  # attempts without an outcome, by id
        self.watchers: list[News] = []
        self.settlers: list[Callable[[], None]] = []  # called once, when no attempt is open
        self.is_over = False  # its test is over, its mail is dropped


class Epochs(Sessions):
    """The record of sessions and attempts, which also files them by epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.outside = Epoch(INBOX)
        self._current = self.outside
        self._epochs = {INBOX: self.outside}
        self._count = 0

    def begin_epoch(self) -> Epoch:
        """A new epoch with a mailbox of its own; it takes the sessions that begin now."""
        self._count += 1
        epoch = Epoch(f"test-{self._count}")
        self._epochs[epoch.mailbox] = self._current = epoch
        return epoch

    def end_epoch(self, epoch: Epoch) -> None:
        """Sessions that begin now belong to no test."""
        if self._current is epoch:
            self._current = self.outside

    def forget_epoch(self, epoch: Epoch) -> None:
        """File nothing in it any more, and let go of what it holds."""
        self._epochs.pop(epoch.mailbox, None)
        epoch.is_over = True
        epoch.mails, epoch.attempts, epoch.sessions = [], [], []

    def open(self, client: tuple[str, int], *, protocol: str = "smtp", listener: str = "smtp") -> Session:
        """Start the record of a connection."""
        session = super().open(client, protocol=protocol, listener=listener)
        self._current.sessions.append(session)
        return session

    def begin(self, session: Session, mailbox: str) -> Attempt:
        """Start the record of a MAIL transaction."""
        attempt = super().begin(session, mailbox)
        epoch = self._epochs.get(mailbox)
        if epoch is not None:
            epoch.attempts.append(attempt)
            epoch.open[attempt.id] = attempt
        return attempt

    def finish(self, attempt: Attempt, outcome: str, reply: Reply | None) -> None:
        """Set how the transaction ended."""
        super().finish(attempt, outcome, reply)
        epoch = self._epochs.get(attempt.mailbox)
        if epoch is not None and epoch.open.pop(attempt.id, None) is not None and not epoch.open:
            settlers, epoch.settlers = epoch.settlers, []
            for settled in settlers:
                settled()

    def file(self, arrivals: list[Arrival]) -> list[str]:
        """Put stored mail into its epochs and tell who waits for it; the ids of what belongs to an epoch that is over."""
        late = []
        for arrival in arrivals:
            for message_id, seq, mailbox in zip(arrival.ids, arrival.seqs, arrival.mailboxes, strict=True):
                epoch = self._epochs.get(mailbox)
                if epoch is None:
                    late.append(message_id)
                    continue
                mail = Mail(arrival, message_id, seq, mailbox)
                epoch.mails.append(mail)
                for news in tuple(epoch.watchers):
                    news.put(mail)
        return late
