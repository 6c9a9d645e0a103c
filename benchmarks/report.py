"""The table the bench prints: Markdown, one row a measurement, with its gate."""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gate:
    """What a number is held against: `limit` and the side it has to be on."""

    limit: float
    at_least: bool
    unit: str = ""

    def passed(self, value: float) -> bool:
        """Whether the value is on the right side, at the precision that is printed."""
        shown, limit = float(figure(value)), self.limit
        return shown >= limit if self.at_least else shown <= limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    peer: str = ""
    value: float | None = None  # what the gate looks at
    unit: str = ""
    gate: Gate | None = None

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        value = "" if self.value is None else f"{figure(self.value)}{self.unit}"
        if self.gate is None or self.value is None:
            return (self.what, self.ours, self.peer, value, "", "")
        verdict = "PASS" if self.gate.passed(self.value) else "**FAIL**"
        return (self.what, self.ours, self.peer, value, str(self.gate), verdict)


HEAD = ("What", "mailcatcher", "aiosmtpd, no-op", "Held against the gate", "Gate", "")


@dataclass(slots=True)
class Report:
    """Collects rows; tells of each at once, so that a long run shows where it is."""

    say: Callable[[str], None]
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take one row."""
        self.rows.append(row)
        self.say(" · ".join(cell for cell in row.cells() if cell))

    def markdown(self, title: str) -> str:
        """The header with versions and machine, and the table."""
        lines = [title, "", about(), "", line(HEAD), line(["---"] * len(HEAD))]
        return "\n".join([*lines, *(line(row.cells()) for row in self.rows)])

    @property
    def failed(self) -> list[Row]:
        """Rows whose gate was missed."""
        return [row for row in self.rows if row.gate and row.value is not None and not row.gate.passed(row.value)]


def line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def figure(value: float) -> str:
    """A number with as many digits as mean something."""
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 else f"{value:.2f}"


def spread(values: Sequence[float], unit: str = "") -> str:
    """Median, with minimum and maximum."""
    middle = f"{figure(statistics.median(values))}{unit}"
    return middle if len(values) == 1 else f"{middle} ({figure(min(values))}–{figure(max(values))})"


def about() -> str:
    """Versions, machine, and what holds for every row."""
    import apsw

    names = ("aiosmtpd", "uvloop", "apsw", "starlette", "uvicorn", "msgspec")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"mailcatcher {version('pymailcatcher')}, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, {versions}; "
        f"{os.cpu_count()} cores ({processor()}), {platform.system()} {platform.release()}; load average at the end "
        f"{os.getloadavg()[0]:.1f}. File store, WAL, `synchronous=NORMAL`, `--max-messages 0`; load generator on the same cores; "
        "medians (minimum–maximum) of interleaved rounds."
    )


def processor() -> str:
    """The name of the processor, as the kernel gives it."""
    info = Path("/proc/cpuinfo")
    names = (
        [text.partition(":")[2].strip() for text in info.read_text().splitlines() if text.startswith("model name")] if info.exists() else []
    )
    return names[0] if names else platform.processor() or "unknown"
