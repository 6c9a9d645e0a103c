"""One SMTP reply as a value."""

import msgspec


class Reply(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """Code, enhanced code (`""` where none belongs, RFC 2034 4) and text; lines are separated by LF."""

    code: int
    enhanced: str
    text: str
