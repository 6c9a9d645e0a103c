"""Which mailbox a mail is filed in."""

from collections.abc import Iterator
from contextlib import contextmanager

INBOX = "inbox"
"""The mailbox of all mail that nothing else claims."""


class Mailboxes:
    """Chooses the mailbox of an attempt when its MAIL comes: that of the running test, else the inbox."""

    def __init__(self) -> None:
        self.current = INBOX

    @contextmanager
    def scope(self, mailbox: str) -> Iterator[None]:
        """File what begins inside the block in `mailbox`; scopes do not nest, the last one counts."""
        before, self.current = self.current, mailbox
        try:
            yield
        finally:
            self.current = before
