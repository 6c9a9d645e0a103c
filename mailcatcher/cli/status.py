"""`mailcatcher ready` and `version`."""

import time

import click

from mailcatcher import __version__
from mailcatcher.cli.remote import url_option
from mailcatcher.client import Client, Unreachable

ASK_AGAIN_SECONDS = 0.1


@click.command("ready")
@click.option("--timeout", type=click.FloatRange(0, 600), default=0, show_default=True, help="Seconds to wait for it.")
@url_option
def ready_command(*, timeout: float, url: str) -> int:
    """Exit code 0 if the catcher accepts mail and requests, else 1."""
    client = Client(url)
    until = time.monotonic() + timeout
    while True:
        try:
            if client.ready():
                return 0
            reason = f"the catcher at {url} is not ready"
        except Unreachable as error:
            reason = str(error)
        if time.monotonic() >= until:
            click.echo(f"mailcatcher: {reason}", err=True)
            return 1
        time.sleep(ASK_AGAIN_SECONDS)


@click.command("version")
def version_command() -> int:
    """Print the version."""
    click.echo(__version__)
    return 0
