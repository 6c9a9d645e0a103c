"""The examples of docs/pytest.md are what they say they are."""

import re
from pathlib import Path

import pytest

from pytest_mailcatcher import settings

GUIDE = Path(__file__).parents[2] / "docs" / "pytest.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
FILES = {match[1]: text for text in PYTHON if (match := re.match(r"# (\w+)\.py\n", text))}
TESTS = {f"test_guide_{number}": text for number, text in enumerate(PYTHON) if text not in FILES.values()}
TOML = [text for language, text in BLOCKS if language == "toml"]


@pytest.fixture
def shop(project):
    return project.write(**{name: text for name, text in FILES.items() if not name.startswith("test_")})


def test_examples_pass(shop):
    functions = sum(len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE)) for text in TESTS.values())
    assert functions >= 5
    outcome = shop.write(pyproject_toml="".join(TOML), **TESTS).run(asyncio=True)
    assert outcome.passed(functions), outcome.out


def test_failure_reads_as_printed(shop):
    (printed,) = [text for _, text in BLOCKS if text.startswith("E  ")]
    outcome = shop.write(test_failure=FILES["test_failure"]).run()
    assert _timeless(printed) in _timeless(outcome.out)


def test_every_setting_is_in_the_table():
    text = GUIDE.read_text("utf-8")
    for setting in settings.DECLARED:
        names = [setting.ini, setting.flag, setting.variable] if setting.flag else [setting.ini]
        row = next(line for line in text.splitlines() if f"`{setting.ini}` |" in line)
        assert all(f"`{name}`" in row for name in names)
        assert f"| {setting.default} |" in row


def test_every_keyword_is_in_the_table():
    from pytest_mailcatcher import Match

    text = GUIDE.read_text("utf-8")
    for keyword in Match.__annotations__:
        assert re.search(rf"^\|.*`{keyword}`.*\|", text, re.MULTILINE), keyword


def _timeless(text: str) -> str:
    return re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "TIME", text)
