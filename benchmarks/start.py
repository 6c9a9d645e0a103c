"""From exec to listening: the time until `--announce` says that every listener accepts, with a new file store."""

import time
from statistics import median

from benchmarks.process import mailcatcher
from benchmarks.report import Gate, Report, Row, spread


def measure(report: Report, *, quick: bool) -> None:
    """Start and stop so many times; the first start, which may still compile and fill caches, does not count."""
    values = []
    for _ in range(4 if quick else 10):
        began = time.perf_counter()
        with mailcatcher():
            values.append(time.perf_counter() - began)
    values = values[1:]
    report.add(Row("exec → listening", spread(values, " s"), "", median(values), " s", Gate(0.25, at_least=False, unit=" s")))
