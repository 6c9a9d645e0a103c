"""Every setting, declared once: key, type, default, text.

A section is a frozen dataclass; a field is a setting. `section.field` is the key, `MAILCATCHER_SECTION_FIELD` the
variable, `--section-field` (or the short flag named here) the flag. Help texts and the reference are made from this.
"""

from dataclasses import dataclass, field
from typing import Any


def setting(default: Any, text: str, *, flag: str = "", minimum: int | None = None, choices: tuple[str, ...] = ()) -> Any:
    """Declare one setting; `flag` is an extra short flag, `minimum` and `choices` bound its value."""
    metadata = {"text": text, "flag": flag, "minimum": minimum, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Smtp:
    """The SMTP listener."""

    listen: tuple[str, ...] = setting(
        ("localhost:1025",),
        "Where to accept SMTP: host:port, :port or port; `localhost` means 127.0.0.1 and ::1, port 0 takes a free one.",
        flag="--smtp",
    )
    hostname: str = setting("localhost", "The name the server gives itself in greeting and replies.")
    max_message_bytes: int = setting(52_428_800, "Largest message, offered as SIZE; 0 is no limit.", minimum=0)
    max_recipients: int = setting(10_000, "Most recipients of one message.", minimum=1)
    max_line_bytes: int = setting(16_384, "Longest command line, AUTH lines included.", minimum=512)
    max_parameters: int = setting(32, "Most parameters of one command.", minimum=1)
    max_sessions: int = setting(1_000, "Most connections at once; 0 is no limit.", minimum=0)
    max_sessions_per_client: int = setting(0, "Most connections at once from one address; 0 is no limit.", minimum=0)
    max_messages_per_session: int = setting(0, "Most MAIL commands in one session; 0 is no limit.", minimum=0)
    max_errors: int = setting(0, "Most commands refused with 5xx in one session; 0 is no limit.", minimum=0)
    idle_seconds: int = setting(300, "Silence after which a session is closed.", minimum=1)
    shutdown_seconds: int = setting(2, "How long a stop waits for mail that is under way.", minimum=0)


@dataclass(frozen=True, slots=True)
class Web:
    """The page and the HTTP API."""

    listen: tuple[str, ...] = setting(
        ("localhost:8025",),
        "Where to serve the page and the API: host:port, :port or port; `localhost` means 127.0.0.1 and ::1, port 0 takes a free one.",
        flag="--http",
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), "Host names accepted besides local ones; `*.example.com` covers subdomains.", flag="--allow-host"
    )
    allowed_origins: tuple[str, ...] = setting(
        (), "Exact origins of other sites that may call the API, such as http://localhost:5173.", flag="--allow-origin"
    )
    strict_host: bool = setting(False, "Accept only IP addresses, localhost and the configured host names.", flag="--strict-host")
    public: bool = setting(False, "Allow an address that is not loopback, although nobody has to log in.", flag="--public")
    max_body_bytes: int = setting(1_048_576, "Largest body of a request to the API.", minimum=1024)


@dataclass(frozen=True, slots=True)
class Store:
    """Where messages are kept."""

    path: str = setting(":memory:", "A database file, or `:memory:`.", flag="--database")
    synchronous: str = setting(
        "normal",
        "What a commit survives: `normal` the end of the process, `full` also power loss.",
        choices=("normal", "full"),
    )


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept."""

    max_messages: int = setting(10_000, "Most messages kept, oldest removed first; 0 is no limit.", flag="--max-messages", minimum=0)


@dataclass(frozen=True, slots=True)
class Log:
    """What is written to stderr."""

    level: str = setting("info", "Least severity shown.", choices=("debug", "info", "warning", "error"))


@dataclass(frozen=True, slots=True)
class Config:
    """All settings."""

    smtp: Smtp = field(default_factory=Smtp)
    web: Web = field(default_factory=Web)
    store: Store = field(default_factory=Store)
    retention: Retention = field(default_factory=Retention)
    log: Log = field(default_factory=Log)
