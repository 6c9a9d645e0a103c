"""What the page may weigh and how long it may take (the numbers of the design)."""

import gzip
import re
import time

import pytest
from playwright.sync_api import expect

KILOBYTE = 1000


def weight(path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def initial(built, suffix):
    """What the document itself asks for, and what that imports."""
    html = (built / "index.html").read_text("utf-8")
    names = set(re.findall(rf"assets/[\w.-]+\.{suffix}", html))
    queue = list(names) if suffix == "js" else []
    while queue:
        script = (built / queue.pop()).read_text("utf-8")
        for name in re.findall(r'(?:from|import)\s*"\./([\w.-]+\.js)"', script):
            if f"assets/{name}" not in names:
                names.add(f"assets/{name}")
                queue.append(f"assets/{name}")
    return [built / name for name in sorted(names)]


@pytest.mark.parametrize(("suffix", "most"), [("js", 60 * KILOBYTE), ("css", 12 * KILOBYTE)])
def test_initial_load(built, suffix, most):
    files = initial(built, suffix)
    assert files
    assert sum(map(weight, files)) <= most


def test_each_lazy_chunk(built):
    lazy = set((built / "assets").glob("*.js")) - set(initial(built, "js"))
    assert lazy
    assert {path.name: weight(path) for path in lazy if weight(path) > 25 * KILOBYTE} == {}


def test_everything_together_and_no_fonts(built):
    files = [path for path in built.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 400 * KILOBYTE
    assert {path.suffix for path in files} <= {".html", ".js", ".css", ".svg", ""}


@pytest.mark.browser
def test_first_paint_and_use_of_a_large_inbox(look, served):
    served.send_many(5000)
    page = look.at()
    expect(page.get_by_role("option").first).to_contain_text("number 4999")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint <= 400 * SLACK
    usable = page.evaluate("performance.now()")
    assert usable <= 800 * SLACK + 400  # the last 400 ms are ours: the assertion polls


SLACK = 3  # the machine of the tests is shared; the budget itself is measured by the bench


@pytest.mark.browser
def test_burst_settles_and_stays_usable(look, served):
    page = look.at()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    page.evaluate(
        """() => { window.longest = 0;
             const noted = (list) => list.getEntries().forEach((task) => (longest = Math.max(longest, task.duration)));
             new PerformanceObserver(noted).observe({entryTypes: ["longtask"]}) }"""
    )
    served.send_many(2000)
    sent = time.monotonic()
    expect(page.get_by_role("option").first).to_contain_text("number 1999")
    assert time.monotonic() - sent <= 3
    assert page.evaluate("longest") <= 100 * SLACK
    assert page.evaluate("document.querySelectorAll('*').length") <= 1500
