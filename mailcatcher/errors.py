"""What can go wrong, as one tree.

MailcatcherError
├── ConfigError (ValueError)     a setting that cannot be used
├── NotFound (LookupError)       no such message, part, token
├── QueryError (ValueError)      a query that cannot be understood; has `position`
├── BadCursor (ValueError)       a cursor that no list gave out
├── Invalid (ValueError)         a readable value that makes no sense; has `field`
├── EventsGone                   the ring no longer holds what was asked for; has `oldest_seq`
└── StoreError                   the store could not do it
    ├── StoreVersionError        a database of another or newer kind, or SQLite too old
    ├── StoreBusy                a statement took longer than its limit
    └── StoreFull                no room on the disk
"""


class MailcatcherError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(MailcatcherError, ValueError):
    """A setting has a value that cannot be used; the text names setting, value and remedy."""


class NotFound(MailcatcherError, LookupError):
    """What was asked for does not exist."""


class QueryError(MailcatcherError, ValueError):
    """A query cannot be understood; `position` counts characters from 0, `hint` says what would be right."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


class BadCursor(MailcatcherError, ValueError):
    """A cursor was not given out by a list of this server."""


class Invalid(MailcatcherError, ValueError):
    """A value can be read but makes no sense; `field` is its path, such as `ids[3]`."""

    def __init__(self, message: str, field: str, hint: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


class EventsGone(MailcatcherError):
    """Events after the asked sequence number are no longer held; `oldest_seq` is the oldest that is."""

    def __init__(self, message: str, oldest_seq: int) -> None:
        super().__init__(message)
        self.oldest_seq = oldest_seq


class StoreError(MailcatcherError):
    """The store could not do what it was asked; what it acknowledged before is safe."""


class StoreVersionError(StoreError):
    """The database, or SQLite itself, has a version this program cannot work with."""


class StoreBusy(StoreError):
    """A statement was stopped because it ran longer than its limit."""


class StoreFull(StoreError):
    """There is no room left for the database."""
