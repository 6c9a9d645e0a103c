"""The command `mailcatcher`: what is wrong is one line and an exit code.

0  done        1  no (not found, not in time, not ready)        2  wrong use or settings        130  interrupted
"""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from mailcatcher import __version__
from mailcatcher.errors import MailcatcherError

COMMANDS = {
    "serve": ("mailcatcher.cli.serve", "Accept mail and show it (the default)."),
    "send": ("mailcatcher.cli.send", "Send a mail to a running catcher."),
    "list": ("mailcatcher.cli.messages", "List messages."),
    "show": ("mailcatcher.cli.messages", "Show one message."),
    "wait": ("mailcatcher.cli.messages", "Wait for messages."),
    "ready": ("mailcatcher.cli.status", "Tell whether a catcher is ready."),
    "version": ("mailcatcher.cli.status", "Print the version."),
}
"""Each command with its module, which is imported only for that command, and its line in the list."""


class Commands(click.Group):
    """Finds a command when it is asked for; without a command, `serve` is meant."""

    def list_commands(self, _: click.Context) -> list[str]:
        """The commands in order of use."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `serve` in front of flags that are not the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h", "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Catch every mail an application sends, and deliver none.

    Without a command the server starts: SMTP on port 1025, the page on http://localhost:8025/.
    `mailcatcher serve --help` lists its settings.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code."""
    try:
        code = cli.main(arguments, prog_name="mailcatcher", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        return complain(error.format_message(), 2 if isinstance(error, click.UsageError) else error.exit_code)
    except MailcatcherError as error:
        return complain(str(error), 2)
    except BrokenPipeError:
        return 1
    return code if isinstance(code, int) else 0


def complain(text: str, code: int) -> int:
    """Print one line to stderr; the exit code."""
    click.echo(f"mailcatcher: {' '.join(text.split())}", err=True)
    return code
