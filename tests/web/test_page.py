"""How the page is served, and the server's word on itself."""

import os

import pytest

import mailcatcher
from mailcatcher.web.page import Page, source_hash, stale


async def test_info_tells_what_runs(running):
    await running.put()
    info = (await running.http.get("/api/info")).json()
    server = running.server
    assert (info["version"], info["pid"], info["messages"], info["unread"]) == (mailcatcher.__version__, os.getpid(), 1, 1)
    assert (info["smtp"], info["http"], info["url"]) == (list(server.smtp), list(server.http), server.url)
    assert not info["smtp"][0].endswith(":0")
    assert info["limits"] == {"max_messages": 0, "max_message_bytes": 52_428_800}
    assert info["store"]["path"] == ":memory:"


async def test_health(running):
    assert (await running.http.get("/livez")).text == "ok"
    assert (await running.http.get("/readyz")).status_code == 200
    assert (await running.http.head("/livez")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/m/latest", "/m/01ARZ3NDEKTSV4RRFFQ69G5FAV?tab=raw"])
async def test_page_is_served_with_its_policy(running, path):
    answer = await running.http.get(path, headers={"accept": "*/*"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/nothing", "/m", "/m/a/b", "/assets/nothing.js", "/assets/../app.py", "/favicon.ico", "/api", "/messages/"]
)
async def test_anything_else_is_an_honest_404(running, path):
    assert (await running.http.get(path)).status_code == 404


async def test_server_without_a_built_page_says_so(tmp_path):
    answer = await Page(tmp_path).document(None)  # type: ignore[arg-type]
    assert b"MAILCATCHER_SKIP_UI" in answer.body


def test_stale_page_is_noticed(tmp_path):
    ui, built = tmp_path / "ui", tmp_path / "mailcatcher" / "web" / "_ui"
    (ui / "node_modules").mkdir(parents=True)
    built.mkdir(parents=True)
    (ui / "package.json").write_text("{}")
    assert not stale(built)
    (built / ".stamp").write_text(source_hash(ui) + "\n")
    assert not stale(built)
    (ui / "node_modules" / "x.js").write_text("ignored")
    assert not stale(built)
    (ui / "package.json").write_text("{ }")
    assert stale(built)
