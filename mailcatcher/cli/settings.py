"""Settings from flags and environment: one option and one variable for each declaration in `config`."""

import dataclasses
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
import msgspec

from mailcatcher.config import Config
from mailcatcher.errors import ConfigError

PREFIX = "MAILCATCHER_"

OTHER_VARIABLES = frozenset({"MAILCATCHER_URL", "MAILCATCHER_SKIP_UI", "MAILCATCHER_NO_SKIP"})
"""Variables of ours that are no settings of the server."""

_KUBERNETES = re.compile(r"_SERVICE(_|$)|_PORT(_[0-9]+_.*)?$")
"""What Kubernetes sets in every pod for a service named mailcatcher."""


class Declared(msgspec.Struct, frozen=True):
    """One setting as `config` declares it."""

    section: str
    name: str
    kind: Any
    default: Any
    text: str
    short_flag: str
    minimum: int | None
    choices: tuple[str, ...]

    @property
    def key(self) -> str:
        """`section.name`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"{PREFIX}{self.section}_{self.name}".upper()

    @property
    def flag(self) -> str:
        """The long flag."""
        return f"--{self.section}-{self.name}".replace("_", "-")

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return typing.get_origin(self.kind) is tuple


def declared() -> Iterator[Declared]:
    """Every setting, in order of declaration."""
    for section in dataclasses.fields(Config):
        kind = typing.cast("type", section.type)
        for field in dataclasses.fields(kind):
            meta = field.metadata
            yield Declared(
                section.name,
                field.name,
                field.type,
                field.default,
                meta["text"],
                meta["flag"],
                meta["minimum"],
                meta["choices"],
            )


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command with one option a setting."""
    for setting in reversed(list(declared())):
        flags = [flag for flag in (setting.short_flag, setting.flag) if flag]
        help_text = f"{setting.text}  [{setting.variable}; default: {shown(setting.default)}]"
        extra: dict[str, Any] = {"multiple": setting.is_list, "metavar": _metavar(setting)}
        if setting.kind is bool:
            extra = {"is_flag": True, "flag_value": "true"}
        command = click.option(*flags, parameter_name(setting), default=None, help=help_text, **extra)(command)
    return command


def parameter_name(setting: Declared) -> str:
    """The Python name of a setting's option."""
    return f"{setting.section}__{setting.name}"


def shown(value: Any) -> str:
    """A default as the documentation shows it."""
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def load(flags: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """The settings: flag before variable before default. Raises ConfigError naming the place."""
    sections: dict[str, dict[str, Any]] = {field.name: {} for field in dataclasses.fields(Config)}
    for setting in declared():
        given = flags.get(parameter_name(setting))
        if given:
            place, values = setting.short_flag or setting.flag, list(given) if setting.is_list else [given]
        elif setting.variable in environ:
            place, text = setting.variable, environ[setting.variable]
            values = [part for part in re.split(r"[,\s]+", text) if part] if setting.is_list else [text]
        else:
            continue
        sections[setting.section][setting.name] = _value(setting, place, values)
    kinds = {field.name: typing.cast("Callable[..., Any]", field.type) for field in dataclasses.fields(Config)}
    return Config(**{name: kinds[name](**values) for name, values in sections.items()})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that are no setting: worth a warning, since a typing error would look like this."""
    known = {setting.variable for setting in declared()} | OTHER_VARIABLES
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known and not _KUBERNETES.search(name))


def _value(setting: Declared, place: str, values: list[str]) -> Any:
    if setting.is_list:
        return tuple(values)
    text = values[0]
    if setting.kind is bool:
        return _boolean(place, text)
    if setting.kind is int:
        return _integer(setting, place, text)
    if setting.choices and text not in setting.choices:
        raise ConfigError(f"{place} is {text!r}: it takes {' or '.join(setting.choices)}")
    return text


def _boolean(place: str, text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        raise ConfigError(f"{place} is {text!r}: it takes true or false")
    return known[text.lower()]


def _integer(setting: Declared, place: str, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ConfigError(f"{place} is {text!r}: it takes a whole number")
    if setting.minimum is not None and int(text) < setting.minimum:
        raise ConfigError(f"{place} is {text}: it takes {setting.minimum} or more")
    return int(text)


def _metavar(setting: Declared) -> str | None:
    if setting.choices:
        return "|".join(setting.choices)
    return {int: "N"}.get(setting.kind, "TEXT")
