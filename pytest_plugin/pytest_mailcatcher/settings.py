"""The plugin's settings: flag before variable before ini before default. Loaded in every run of pytest, so it stays light."""

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import pytest

T = TypeVar("T")


class Settings(NamedTuple):
    """What a run is set to."""

    timeout: float
    host: str
    port: int


class Setting(NamedTuple):
    """One setting; `ini` is also the name of the flag and the variable, if it has them."""

    ini: str
    type: Any  # of `parser.addini`
    default: Any
    text: str
    flag: str = ""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"PYTEST_{self.ini.upper()}" if self.flag else ""


TIMEOUT = Setting(
    "mailcatcher_timeout", "float", 5.0, "Seconds that wait_for waits at most, unless it is told otherwise.", "--mailcatcher-timeout"
)
PORT = Setting("mailcatcher_port", "int", 0, "Port to accept SMTP on; 0 takes a free one.", "--mailcatcher-port")
HOST = Setting("mailcatcher_host", "string", "127.0.0.1", "Address to accept SMTP on.")
DECLARED = (TIMEOUT, PORT, HOST)
"""Every setting, in the order of the reference."""


class SettingError(ValueError):
    """A setting has a value that cannot be used; the text names where it stands and what would be right."""


def register(parser: "pytest.Parser") -> None:
    """Declare flags and ini keys."""
    group = parser.getgroup("mailcatcher", "mailcatcher: a fake SMTP server for tests")
    for setting in DECLARED:
        parser.addini(setting.ini, setting.text, type=setting.type, default=setting.default)
        if setting.flag:
            text = f"{setting.text} (variable {setting.variable}, ini {setting.ini}, default {setting.default})"
            group.addoption(setting.flag, dest=setting.ini, default=None, metavar=setting.type.upper(), help=text)


def read(config: "pytest.Config") -> Settings:
    """The settings of this run. Raises SettingError."""
    port = _value(config, PORT, as_port)
    if port and _has_workers(config):
        raise SettingError(f"{PORT.ini} is {port}, but test workers cannot share a port: use 0, or run without -n")
    return Settings(_value(config, TIMEOUT, as_seconds), _value(config, HOST, _as_host), port)


def as_seconds(value: object) -> float:
    """A finite number of seconds, 0 or more. Raises ValueError."""
    seconds = float(value) if isinstance(value, (str, float, int)) and not isinstance(value, bool) else math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError("use a number of seconds, 0 or more; there is no waiting for ever")
    return seconds


def as_port(value: object) -> int:
    """A port number. Raises ValueError."""
    try:
        port = int(value) if isinstance(value, (str, int)) else -1
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError("use a port number, 0 to 65535")
    return port


def _as_host(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("use a host name or address, such as 127.0.0.1")
    return value.strip()


def _value(config: "pytest.Config", setting: Setting, convert: Callable[[object], T]) -> T:
    origin, value = _found(config, setting)
    try:
        return convert(value)
    except ValueError as error:
        hint = str(error) if str(error).startswith("use ") else "use a number"
        problem = f"{origin}: {value!r} is not valid: {hint}"
    raise SettingError(problem)


def _found(config: "pytest.Config", setting: Setting) -> tuple[str, object]:
    """Where the setting is set, and to what."""
    import pytest

    if setting.flag:
        given = config.getoption(setting.ini)
        if given is not None:
            return setting.flag, given
        given = os.environ.get(setting.variable)
        if given:
            return setting.variable, given
    try:
        return f"ini {setting.ini}", config.getini(setting.ini)
    except (TypeError, ValueError, pytest.UsageError) as error:  # which of them depends on pytest's version
        problem = str(error)
    raise SettingError(f"ini {setting.ini}: {problem}")


def _has_workers(config: "pytest.Config") -> bool:
    """Whether pytest-xdist distributes this run."""
    return hasattr(config, "workerinput") or bool(getattr(config.option, "numprocesses", None))
