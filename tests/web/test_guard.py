"""The gate before every route: Host, site, size."""

import pytest
from starlette.datastructures import Headers

from mailcatcher.web.guard import host_allowed, site_allowed


@pytest.mark.parametrize(
    ("host", "allowed", "strict"),
    [
        ("127.0.0.1:8025", True, True),
        ("[::1]:8025", True, True),
        ("[::ffff:10.0.0.1]", True, True),
        ("10.1.2.3", True, True),
        ("localhost", True, True),
        ("LOCALHOST:8025", True, True),
        ("localhost.", True, True),
        ("app.localhost", True, True),
        ("mailcatcher:8025", True, False),
        ("mail.test", True, False),
        ("mail.internal", True, False),
        ("mail.local", True, False),
        ("mail.home.arpa", True, False),
        ("catcher.example.com", True, True),
        ("a.dev.example.com", True, True),
        ("dev.example.com", False, False),
        ("evil.example.net", False, False),
        ("localhost.evil.example.net", False, False),
        ("127.0.0.1.nip.example", False, False),
        ("1.2.3.4.5", False, False),
        ("", False, False),
        ("localhost:port", False, False),
        ("user@localhost", False, False),
        ("localhost/evil.net", False, False),
        ("[::1", False, False),
    ],
)
def test_host(host, allowed, strict):
    configured = ("catcher.example.com", "*.dev.example.com")
    assert host_allowed(host, configured) is allowed
    assert host_allowed(host, configured, strict=True) is (allowed and strict)


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {}, True),
        ("DELETE", {}, True),
        ("GET", {"sec-fetch-site": "same-origin"}, True),
        ("GET", {"sec-fetch-site": "none"}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("GET", {"sec-fetch-site": "same-site"}, False),
        ("POST", {"origin": "http://localhost:8025"}, True),
        ("POST", {"origin": "http://localhost:5173"}, False),
        ("POST", {"origin": "https://localhost:8025"}, True),
        ("POST", {"origin": "http://evil.example:8025"}, False),
        ("POST", {"origin": "http://localhost"}, False),
        ("POST", {"origin": "null"}, False),
        ("GET", {"origin": "null"}, False),
        ("GET", {"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ("POST", {"origin": "null", "sec-fetch-site": "same-origin"}, False),
        ("POST", {"origin": "http://[broken"}, False),
        ("POST", {"origin": "http://dev.example:3000"}, True),
        ("POST", {"origin": "http://dev.example:3000", "sec-fetch-site": "cross-site"}, True),
        ("POST", {"origin": "http://dev.example:3001", "sec-fetch-site": "cross-site"}, False),
        ("POST", {"origin": "http://localhost:8025", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_site(method, headers, allowed):
    asked = Headers({"host": "localhost:8025", **headers})
    assert site_allowed(method, asked, ("http://dev.example:3000",)) is allowed


async def test_foreign_host_is_421_and_named(running):
    answer = await running.http.get("/api/messages", headers={"host": "evil.example.net"})
    assert answer.status_code == 421
    assert "evil.example.net" in answer.json()["error"]["message"]
    assert "--allow-host" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("path", ["/", "/m/1", "/api/info", "/livez", "/api/messages/latest/html"])
async def test_every_route_checks_the_host(running, path):
    assert (await running.http.get(path, headers={"host": "evil.example.net"})).status_code == 421


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/messages"),
        ("PATCH", "/api/messages"),
        ("DELETE", "/api/messages"),
        ("POST", "/api/undo"),
        ("GET", "/api/messages/latest/raw"),
        ("GET", "/api/messages/latest/parts/1"),
        ("GET", "/api/wait"),
        ("GET", "/api/events"),
        ("GET", "/api/info"),
    ],
)
async def test_foreign_origin_is_403(running, method, path):
    answer = await running.http.request(method, path, headers={"origin": "http://evil.example.net"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_pages_and_health_may_be_linked_from_anywhere(running):
    for path in ("/", "/livez", "/readyz"):
        assert (await running.http.get(path, headers={"sec-fetch-site": "cross-site"})).status_code == 200


async def test_a_link_may_open_an_isolated_document_but_without_remote_content(running):
    await running.put(b"Content-Type: text/html\r\n\r\n<img src='http://example.com/x.png'>")
    navigation = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    answer = await running.http.get("/api/messages/latest/html?remote=1", headers=navigation)
    assert answer.status_code == 200
    assert "http:" not in answer.headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in answer.headers
    assert (await running.http.get("/api/messages/latest/raw", headers=navigation)).status_code == 403


@pytest.mark.parametrize("web_settings", [{"allowed_origins": ("http://dev.example:3000",)}])
async def test_allowed_origin_gets_cors_and_nobody_else(running):
    allowed = {"origin": "http://dev.example:3000", "sec-fetch-site": "cross-site"}
    answer = await running.http.get("/api/messages", headers=allowed)
    assert answer.headers["access-control-allow-origin"] == "http://dev.example:3000"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = await running.http.options("/api/messages", headers={**allowed, "access-control-request-method": "DELETE"})
    assert preflight.status_code == 204
    assert "DELETE" in preflight.headers["access-control-allow-methods"]
    foreign = await running.http.options("/api/messages", headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403


@pytest.mark.parametrize("web_settings", [{"max_body_bytes": 2048}])
@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/api/messages"), ("DELETE", "/api/messages"), ("POST", "/api/undo"), ("PATCH", "/api/messages/latest")],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_body_over_its_cap_is_413(running, method, path, chunked):
    await running.put()

    async def chunks():
        for _ in range(10):
            yield b" " * 1024

    answer = await running.http.request(method, path, content=chunks() if chunked else b" " * 10_240)
    assert answer.status_code == 413
    assert "web.max_body_bytes" in answer.json()["error"]["hint"]
