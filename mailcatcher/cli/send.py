"""`mailcatcher send`: one mail by SMTP, as an application would send it."""

import smtplib
import sys
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import IO

import click

from mailcatcher.cli.remote import url_option
from mailcatcher.client import Client
from mailcatcher.errors import MailcatcherError


@click.command("send")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--from", "sender", default="sender@example.com", show_default=True, help="Sender; empty is the null sender.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    default=("recipient@example.com",),
    show_default=True,
    help="Recipient, repeatable.",
)
@click.option("--subject", default="A mail from mailcatcher send", show_default=True, help="Subject, without FILE.")
@click.option("--text", default="It works.\n", help="Text, without FILE.")
@click.option("--smtp", metavar="HOST:PORT", help="Where to send; without it the catcher at --url says.")
@url_option
def send_command(
    file: IO[bytes] | None,
    *,
    sender: str,
    recipients: tuple[str, ...],
    subject: str,
    text: str,
    smtp: str | None,
    url: str,
) -> int:
    """Send FILE (raw RFC 5322, - is standard input), or a mail made from the options.

    A FILE without any CR LF has the line ends of Unix, and is sent with those of mail; any other is sent byte for byte.
    """
    content = _composed(sender, recipients, subject, text) if file is None else _for_the_wire(file.read())
    host, port = _address(smtp or Client(url).info().smtp[0])
    try:
        with smtplib.SMTP(host, port, timeout=30) as client:
            client.ehlo_or_helo_if_needed()
            options = ["SMTPUTF8"] if not "".join((sender, *recipients)).isascii() else []
            refused = client.sendmail(sender, recipients, content, mail_options=options)
    except (OSError, smtplib.SMTPException) as error:
        raise MailcatcherError(f"{host}:{port} did not take the mail: {error}") from error
    for address, (code, reply) in refused.items():
        click.echo(f"mailcatcher: {address} was refused: {code} {reply.decode(errors='replace')}", err=True)
    sys.stdout.flush()
    return 1 if refused else 0


def _composed(sender: str, recipients: tuple[str, ...], subject: str, text: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender or "MAILER-DAEMON@localhost"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain="localhost")
    message.set_content(text)
    return message.as_bytes(policy=SMTP)


def _for_the_wire(content: bytes) -> bytes:
    return content if b"\r\n" in content else content.replace(b"\n", b"\r\n")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not host:
        raise click.UsageError(f"--smtp is {text!r}: use the form host:port")
    return host.strip("[]"), int(port)
