"""For all tests: where nothing may be skipped, a skip is a failure."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With MAILCATCHER_NO_SKIP=1 turn a skip into a failure that says why it was one."""
    report = yield
    if report.skipped and os.environ.get("MAILCATCHER_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr[2]}"
    return report
