"""A catcher for tests: the fixture `mailcatcher` and its types. Nothing is imported before it is used (PEP 562)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailcatcher.mail.address import Address
    from mailcatcher.mail.envelope import Envelope, Recipient
    from mailcatcher.mail.values import Unsubscribe
    from pytest_mailcatcher.handle import MailCatcher
    from pytest_mailcatcher.mail import Mail
    from pytest_mailcatcher.matching import AddressMatch, Match
    from pytest_mailcatcher.pieces import Attachment, Code, Headers, Link
    from pytest_mailcatcher.text import TextMatch

__all__ = [
    "Address",
    "AddressMatch",
    "Attachment",
    "Code",
    "Envelope",
    "Headers",
    "Link",
    "Mail",
    "MailCatcher",
    "Match",
    "Recipient",
    "TextMatch",
    "Unsubscribe",
]

_MODULES = {
    "mailcatcher.mail.address": ("Address",),
    "mailcatcher.mail.envelope": ("Envelope", "Recipient"),
    "mailcatcher.mail.values": ("Unsubscribe",),
    "pytest_mailcatcher.handle": ("MailCatcher",),
    "pytest_mailcatcher.mail": ("Mail",),
    "pytest_mailcatcher.matching": ("AddressMatch", "Match"),
    "pytest_mailcatcher.pieces": ("Attachment", "Code", "Headers", "Link"),
    "pytest_mailcatcher.text": ("TextMatch",),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    for module, names in _MODULES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what can be imported."""
    return sorted({*globals(), *__all__})
