"""Settings: where they come from, which wins, and what is no value."""

import socket
from types import SimpleNamespace

import pytest

from pytest_mailcatcher import settings

SHOW = """
def test_it(mailcatcher, request):
    run = request.config.pluginmanager.get_plugin("mailcatcher-run")
    print("timeout", run.settings.timeout, "host", mailcatcher.host, "fixed", run.settings.port == mailcatcher.port)
"""


class Config:
    """As much of pytest's config as the settings read."""

    def __init__(self, ini=None, **options):
        self.option = SimpleNamespace(**{name: value for name, value in options.items() if not name.startswith("mailcatcher")})
        self._options = options
        self._ini = {setting.ini: setting.default for setting in settings.DECLARED} | (ini or {})

    def getoption(self, name):
        return self._options.get(name)

    def getini(self, name):
        return self._ini[name]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for setting in settings.DECLARED:
        if setting.variable:
            monkeypatch.delenv(setting.variable, raising=False)


def test_defaults():
    assert settings.read(Config()) == settings.Settings(timeout=5.0, host="127.0.0.1", port=0)


def test_flag_goes_before_variable_before_ini(monkeypatch):
    ini = {"mailcatcher_timeout": 1.0, "mailcatcher_host": "::1"}
    assert settings.read(Config(ini)) == settings.Settings(timeout=1.0, host="::1", port=0)
    monkeypatch.setenv("PYTEST_MAILCATCHER_TIMEOUT", "2")
    monkeypatch.setenv("PYTEST_MAILCATCHER_PORT", "2525")
    assert settings.read(Config(ini)) == settings.Settings(timeout=2.0, host="::1", port=2525)
    config = Config(ini, mailcatcher_timeout="3.5", mailcatcher_port="0")
    assert settings.read(config) == settings.Settings(timeout=3.5, host="::1", port=0)


def test_empty_variable_is_no_setting(monkeypatch):
    monkeypatch.setenv("PYTEST_MAILCATCHER_TIMEOUT", "")
    assert settings.read(Config()).timeout == 5.0


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "soon", "", True, None])
def test_timeout_is_a_finite_number(value):
    with pytest.raises(settings.SettingError, match=r"ini mailcatcher_timeout: .* is not valid: use a number"):
        settings.read(Config({"mailcatcher_timeout": value}))


@pytest.mark.parametrize("value", ["-1", "65536", "smtp", 2.5])
def test_port_is_a_port(value):
    with pytest.raises(settings.SettingError, match=r"--mailcatcher-port: .* is not valid: use a port number, 0 to 65535"):
        settings.read(Config(mailcatcher_port=value))


def test_host_is_not_empty():
    with pytest.raises(settings.SettingError, match="use a host name or address"):
        settings.read(Config({"mailcatcher_host": " "}))


def test_workers_cannot_share_a_port():
    assert settings.read(Config(numprocesses=2)).port == 0
    with pytest.raises(settings.SettingError, match="test workers cannot share a port"):
        settings.read(Config({"mailcatcher_port": 2525}, numprocesses=2))


TOML_OF_STRINGS = """
[tool.pytest.ini_options]
mailcatcher_timeout = "0.5"
mailcatcher_host = "localhost"
"""
TOML_OF_TYPES = """
[tool.pytest]
strict = true
mailcatcher_timeout = 0.5
mailcatcher_port = 0
mailcatcher_host = "localhost"
"""


@pytest.mark.parametrize("text", [TOML_OF_STRINGS, TOML_OF_TYPES], ids=["strings", "types"])
def test_both_styles_of_toml(project, text):
    outcome = project.write(pyproject_toml=text, test_it=SHOW).run("-s")
    assert outcome.passed(1)
    assert "timeout 0.5 host localhost fixed False" in outcome.out


def test_flags_are_documented_and_hold(project):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {"PYTEST_MAILCATCHER_TIMEOUT": "7"}
    outcome = project.write(test_it=SHOW).run("-s", f"--mailcatcher-port={port}", env=env)
    assert "timeout 7.0 host 127.0.0.1 fixed True" in outcome.out
    text = " ".join(project.run("--help").out.split())
    assert "--mailcatcher-timeout" in text
    assert "PYTEST_MAILCATCHER_PORT" in text
    assert "mailcatcher_host (string): Address to accept SMTP on." in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[tool.pytest.ini_options]\nmailcatcher_timeout = "soon"',
            "ini mailcatcher_timeout: could not convert string to float: 'soon'",
        ),
        ("[tool.pytest]\nmailcatcher_port = 99999", "ini mailcatcher_port: 99999 is not valid: use a port number, 0 to 65535"),
    ],
)
def test_bad_value_is_one_clear_line(project, text, problem):
    outcome = project.write(pyproject_toml=text).run()
    assert outcome.code == pytest.ExitCode.USAGE_ERROR
    assert problem in outcome.out
    assert "Traceback" not in outcome.out
