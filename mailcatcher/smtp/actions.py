"""What an engine wants done. A list of actions is to be carried out in order; bytes are to be written to the client."""

import msgspec

from mailcatcher.mail.envelope import Envelope
from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.sasl import Credentials


class Ask(msgspec.Struct, frozen=True):
    """Decide on a stage; the engine reads no further before `Engine.answer`."""

    stage: str  # AUTH
    credentials: Credentials


class Deliver(msgspec.Struct, frozen=True):
    """Store this mail; the engine reads no further before `Engine.delivered` or `Engine.answer`."""

    envelope: Envelope
    raw: bytes
    attempt: Attempt


class Wait(msgspec.Struct, frozen=True):
    """Call `Engine.tick` in so many seconds, if nothing else happens before."""

    seconds: float


class Close(msgspec.Struct, frozen=True):
    """End the connection once everything is written."""


Action = bytes | Ask | Deliver | Wait | Close
