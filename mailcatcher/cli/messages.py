"""`mailcatcher list`, `show` and `wait`."""

import sys
from collections.abc import Iterable

import click

from mailcatcher.cli.remote import mailbox_option, printable, url_option
from mailcatcher.client import Client, Refused
from mailcatcher.schema import Summary, encode


@click.command("list")
@click.argument("query", default="")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most messages listed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@mailbox_option
@url_option
def list_command(query: str, *, limit: int, as_json: bool, mailbox: str | None, url: str) -> int:
    """List the newest messages that match QUERY, all without one."""
    found = Client(url).list(query, limit=limit, mailbox=mailbox)
    _print(found.messages, as_json=as_json)
    if not as_json and found.total > len(found.messages):
        click.echo(f"{found.total - len(found.messages)} more", err=True)
    return 0


@click.command("show")
@click.argument("message_id", metavar="ID", default="latest")
@click.option("--query", default="", help="With `latest`: the newest that matches.")
@click.option("--raw", "form", flag_value="raw", help="The bytes exactly as they came.")
@click.option("--text", "form", flag_value="text", help="The plain text.")
@click.option("--html", "form", flag_value="html", help="The HTML as it was sent.")
@url_option
def show_command(message_id: str, *, query: str, form: str | None, url: str) -> int:
    """Show the message ID, or the `latest`: all that is known as JSON, or one form of it."""
    try:
        content = Client(url).fetch(message_id, form, query=query)
    except Refused as error:
        if error.status != 404:
            raise
        click.echo(f"mailcatcher: {error}", err=True)
        return 1
    if form != "raw" and sys.stdout.isatty():
        content = "\n".join(map(printable, content.decode("utf-8", "replace").split("\n"))).encode()
    sys.stdout.buffer.write(content)
    if form is None:
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()
    return 0


@click.command("wait")
@click.argument("query", default="")
@click.option("--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many must match.")
@click.option("--timeout", type=click.FloatRange(0, 60), default=10, show_default=True, help="Seconds to wait, at most 60.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@mailbox_option
@url_option
def wait_command(query: str, *, count: int, timeout: float, as_json: bool, mailbox: str | None, url: str) -> int:
    """Wait until messages match QUERY, stored ones included; exit code 1 when time is over first."""
    waited = Client(url).wait(query, count=count, timeout=timeout, mailbox=mailbox)
    _print(waited.messages, as_json=as_json)
    if waited.error is None:
        return 0
    click.echo(f"mailcatcher: {waited.error.message}", err=True)
    return 1


def _print(messages: Iterable[Summary], *, as_json: bool) -> None:
    for message in messages:
        click.echo(encode(message).decode() if as_json else _line(message))


def _line(message: Summary) -> str:
    recipients = ", ".join(message.recipients[:3]) + (" …" if len(message.recipients) > 3 else "")
    when = message.received_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{message.id}  {when}  {printable(message.sender or '<>')} -> {printable(recipients)}  {printable(message.subject)}"
