"""What the commands share that talk to a running catcher."""

from collections.abc import Callable
from typing import Any

import click

from mailcatcher.client import DEFAULT_URL

url_option: Callable[..., Any] = click.option(
    "--url",
    envvar="MAILCATCHER_URL",
    default=DEFAULT_URL,
    show_default=True,
    help="The running catcher.  [MAILCATCHER_URL]",
)
mailbox_option: Callable[..., Any] = click.option("--mailbox", metavar="NAME", help="Only this mailbox.")


def printable(text: str) -> str:
    """Text of a mail for a terminal: no control or bidirectional characters, which could rewrite the screen."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
