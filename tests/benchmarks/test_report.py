"""Gates are judged by the number that is printed."""

import pytest

from benchmarks.report import Gate, Report, Row, spread

AT_LEAST = Gate(1.4, at_least=True, unit=" ×")
AT_MOST = Gate(20, at_least=False, unit=" ms")


@pytest.mark.parametrize(
    ("gate", "value", "passed"),
    [(AT_LEAST, 1.4, True), (AT_LEAST, 1.399, True), (AT_LEAST, 1.38, False), (AT_MOST, 20.04, True), (AT_MOST, 20.6, False)],
)
def test_a_gate_is_judged_at_the_precision_that_is_printed(gate: Gate, value: float, passed: bool) -> None:
    assert gate.passed(value) is passed


def test_a_missed_gate_is_in_the_table_and_in_the_list() -> None:
    report = Report(lambda _: None)
    report.add(Row("kept", "5 ms", value=5, unit=" ms", gate=AT_MOST))
    report.add(Row("missed", "30 ms", value=30, unit=" ms", gate=AT_MOST))
    report.add(Row("only shown", "7 MB"))
    assert [row.what for row in report.failed] == ["missed"]
    table = report.markdown("title").splitlines()
    assert table[-3:] == [
        "| kept | 5 ms |  | 5 ms | ≤ 20 ms | PASS |",
        "| missed | 30 ms |  | 30 ms | ≤ 20 ms | **FAIL** |",
        "| only shown | 7 MB |  |  |  |  |",
    ]


def test_a_spread_names_median_minimum_and_maximum() -> None:
    assert spread([1234.5, 999, 3000], "/s") == "1234/s (999–3000)"
    assert spread([0.5], " s") == "0.5 s"
