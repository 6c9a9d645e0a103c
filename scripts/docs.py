"""Writes `docs/reference/` from the code; with `--check` it only tells whether it is up to date.

What has no description cannot be written: a setting without text, a route, command, option or fixture without docstring
is an error.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from starlette.routing import Mount, Route, WebSocketRoute

from mailcatcher.cli.main import COMMANDS, cli
from mailcatcher.cli.settings import declared, shown
from mailcatcher.config import Web
from mailcatcher.events import Events
from mailcatcher.mailroom.mailroom import Mailroom
from mailcatcher.store.sqlite import SqliteStore
from mailcatcher.web.app import create_app

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
HEAD = "<!-- Made from the code by `python -m scripts.docs`: change it there. -->\n"


class UndocumentedError(Exception):
    """Something has no description."""


def described(what: str, text: str | None) -> str:
    """The text on one line. Raises UndocumentedError if there is none."""
    if not text or not text.strip():
        raise UndocumentedError(f"{what} has no description")
    return " ".join(text.split())


def settings() -> Iterator[str]:
    """The settings as a table."""
    yield "# Settings\n"
    yield "A flag goes before a variable, a variable before the default. In a variable, several values are separated by commas.\n"
    yield "| Key | Flag | Variable | Default | |\n|---|---|---|---|---|"
    for setting in declared():
        text = described(f"the setting {setting.key}", setting.text)
        if setting.choices:
            text += f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}."
        flags = ", ".join(f"`{flag}`" for flag in (setting.short_flag, setting.flag) if flag)
        yield f"| `{setting.key}` | {flags} | `{setting.variable}` | `{shown(setting.default)}` | {text} |"


def routes() -> Iterator[str]:
    """The routes as a table."""
    yield "# HTTP routes\n"
    yield "The forms of requests and answers are described in [the API guide](../api.md).\n"
    yield "| Route | |\n|---|---|"
    app = create_app(Web(), Mailroom(SqliteStore(), Events()), info=lambda: None, ready=lambda: True)  # type: ignore[arg-type, return-value]
    for route in app.routes:
        if isinstance(route, Mount):
            continue
        assert isinstance(route, (Route, WebSocketRoute))
        methods = " ".join(sorted(set(getattr(route, "methods", {"WS"}) or ()) - {"HEAD"}))
        yield f"| `{methods} {route.path}` | {described(route.path, inspect.getdoc(route.endpoint))} |"


def commands() -> Iterator[str]:
    """The commands with their options."""
    yield "# Commands\n"
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield f"## mailcatcher {name}\n"
        yield described(f"the command {name}", command.help) + "\n"
        if name == "serve":
            yield "Its flags are the [settings](settings.md), and `--announce`: " + _option(command, "announce") + "\n"
            continue
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        if options:
            yield "| Option | |\n|---|---|"
        for option in options:
            yield f"| {', '.join(f'`{flag}`' for flag in option.opts)} | {described(f'{name} {option.opts[0]}', option.help)} |"
        yield ""


def fixtures() -> Iterator[str]:
    """The fixtures and the handle."""
    from pytest_mailcatcher import plugin
    from pytest_mailcatcher.handle import MailCatcher
    from pytest_mailcatcher.mail import Mail

    yield "# pytest fixtures\n"
    for name, function in vars(plugin).items():
        if name.startswith("mailcatcher") and "Fixture" in type(function).__name__:
            yield f"## {name}\n\n{described(f'the fixture {name}', inspect.getdoc(function))}\n"
    for kind in (MailCatcher, Mail):
        yield f"## {kind.__name__}\n\n{described(kind.__name__, inspect.getdoc(kind))}\n"
        yield "| | |\n|---|---|"
        for name, member in vars(kind).items():
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                yield f"| `{name}{_signature(member)}` | {described(f'{kind.__name__}.{name}', inspect.getdoc(member))} |"
        yield ""


PAGES = {"settings.md": settings, "routes.md": routes, "commands.md": commands, "fixtures.md": fixtures}


def main() -> int:
    """Write or check; the exit code."""
    check = "--check" in sys.argv
    code = 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, lines in PAGES.items():
        try:
            text = HEAD + "\n".join(lines()).rstrip() + "\n"
        except UndocumentedError as error:
            print(f"docs/reference/{name}: {error}", file=sys.stderr)
            code = 1
            continue
        path = REFERENCE / name
        if check and (not path.is_file() or path.read_text("utf-8") != text):
            print(f"docs/reference/{name} is not what the code says: run `python -m scripts.docs`", file=sys.stderr)
            code = 1
        elif not check:
            path.write_text(text, "utf-8")
    return code


def _option(command: click.Command, name: str) -> str:
    found = next(parameter for parameter in command.params if parameter.name == name)
    assert isinstance(found, click.Option)
    return described(f"--{name}", found.help)


def _signature(member: Any) -> str:
    if isinstance(member, property):
        return ""
    parameters = list(inspect.signature(member).parameters)[1:]
    return f"({', '.join(parameters)})"


if __name__ == "__main__":
    sys.exit(main())
