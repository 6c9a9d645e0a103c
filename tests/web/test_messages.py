"""Messages over HTTP."""

import asyncio

import pytest

MULTIPART = (
    b"From: Shop <shop@example.com>\r\nTo: Ada <ada@example.org>\r\nCc: bob@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Date: Tue, 24 Nov 2026 07:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
    b'--m\r\nContent-Type: multipart/alternative; boundary="a"\r\n\r\n'
    b"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour code is 493201. See https://shop.example.com/c?t=1\r\n"
    b'--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Your code is <b>493201</b>.<img src="http://tracker.example.com/p.png">'
    b'<script>alert(1)</script><a href="https://shop.example.com/c?t=1">Confirm</a></p>\r\n--a--\r\n'
    b'--m\r\nContent-Type: application/pdf; name="in/../voice.pdf"\r\nContent-Disposition: attachment; filename="in/../voice.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--m--\r\n"
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


async def test_list_is_newest_first_with_counts(running):
    ids = [await running.put() for _ in range(3)]
    listed = (await running.http.get("/api/messages")).json()
    assert [message["id"] for message in listed["messages"]] == ids[::-1]
    assert (listed["total"], listed["unread"], listed["next_cursor"]) == (3, 3, None)


async def test_list_has_the_documented_form(running):
    await running.put(MULTIPART, "bounce@example.com", "ada@example.org", "eve@example.net")
    summary = (await running.http.get("/api/messages")).json()["messages"][0]
    assert summary.pop("id")
    assert summary.pop("received_at").endswith("Z")
    assert summary.pop("seq") == 1
    assert summary == {
        "mailbox": "inbox",
        "date": "2026-11-24T07:00:00Z",
        "subject": "Grüße",
        "from": [{"name": "Shop", "address": "shop@example.com"}],
        "to": [{"name": "Ada", "address": "ada@example.org"}],
        "cc": [{"name": "", "address": "bob@example.org"}],
        "reply_to": [],
        "sender": "bounce@example.com",
        "recipients": ["ada@example.org", "eve@example.net"],
        "snippet": "Your code is 493201. See https://shop.example.com/c?t=1",
        "code": "493201",
        "tags": [],
        "read": False,
        "flagged": False,
        "size_bytes": len(MULTIPART),
        "attachments": 1,
        "defects": 0,
        "session_id": None,
    }


async def test_pages_follow_the_cursor_while_mail_arrives(running):
    ids = [await running.put() for _ in range(5)]
    first = (await running.http.get("/api/messages", params={"limit": 2})).json()
    await running.put()
    second = (await running.http.get("/api/messages", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    third = (await running.http.get("/api/messages", params={"limit": 2, "cursor": first["next_cursor"], "offset": 2})).json()
    assert [m["id"] for page in (first, second, third) for m in page["messages"]] == ids[::-1]
    assert third["next_cursor"] is None


async def test_oldest_first_and_limit_zero(running):
    ids = [await running.put() for _ in range(3)]
    listed = (await running.http.get("/api/messages", params={"sort": "oldest"})).json()
    assert [m["id"] for m in listed["messages"]] == ids
    counted = (await running.http.get("/api/messages", params={"limit": 0})).json()
    assert counted == {"messages": [], "total": 3, "unread": 3, "next_cursor": None}


async def test_query_and_mailbox_narrow_the_list(running):
    await running.put()
    wanted = await running.put(MULTIPART, mailbox="other")
    for params in ({"query": "493201"}, {"mailbox": "other"}, {"query": "subject:grusse has:code", "mailbox": "other"}):
        listed = (await running.http.get("/api/messages", params=params)).json()
        assert [m["id"] for m in listed["messages"]] == [wanted], params
    assert (await running.http.get("/api/messages", params={"mailbox": "third"})).json()["total"] == 0


async def test_one_message_tells_everything(running):
    message_id = await running.put(MULTIPART)
    detail = (await running.http.get(f"/api/messages/{message_id}")).json()
    assert detail["headers"][0] == ["From", "Shop <shop@example.com>"]
    assert detail["envelope"] == {
        "sender": "shop@example.com",
        "recipients": [{"address": "ada@example.org", "options": {}}],
        "options": {},
    }
    assert [part["content_type"] for part in detail["parts"]["parts"]] == ["multipart/alternative", "application/pdf"]
    assert detail["attachments"][0]["size_bytes"] == 9
    assert [link["url"] for link in detail["links"]] == ["https://shop.example.com/c?t=1"]
    assert detail["codes"][0]["code"] == "493201"
    assert detail["remote"] == [{"url": "http://tracker.example.com/p.png", "kind": "image"}]
    assert (detail["message_id"], detail["invites"], detail["unsubscribe"]) == ("1@example.com", [], None)


async def test_latest_is_accepted_wherever_an_id_is(running):
    await running.put()
    newest = await running.put(MULTIPART)
    assert (await running.http.get("/api/messages/latest")).json()["id"] == newest
    raw = await running.http.get("/api/messages/latest/raw", params={"query": "subject:order"})
    assert b"Subject: Order 1" in raw.content


async def test_raw_is_exact(running):
    raw = b".dot\r\nbare\nlf\rcr\0nul \t \r\n\xff\xfe" + b"x" * 2000 + b"\r\n\r\n..\r\nend"
    message_id = await running.put(raw)
    answer = await running.http.get(f"/api/messages/{message_id}/raw")
    assert answer.content == raw
    assert answer.headers["content-type"] == "message/rfc822"
    assert f'filename="{message_id}.eml"' in answer.headers["content-disposition"]


async def test_html_is_isolated(running):
    message_id = await running.put(MULTIPART)
    answer = await running.http.get(f"/api/messages/{message_id}/html")
    assert "script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "img-src data:;" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    remote = await running.http.get(f"/api/messages/{message_id}/html", params={"remote": "1"})
    assert "img-src data: http: https:" in remote.headers["content-security-policy"]


async def test_html_source_is_text(running):
    message_id = await running.put(MULTIPART)
    answer = await running.http.get(f"/api/messages/{message_id}/html", params={"form": "source"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert "<script>alert(1)</script>" in answer.text


async def test_text_and_parts(running):
    message_id = await running.put(MULTIPART)
    assert (await running.http.get(f"/api/messages/{message_id}/text")).text.startswith("Your code")
    part = await running.http.get(f"/api/messages/{message_id}/parts/2")
    assert part.content == b"%PDF-1.4\n"
    assert part.headers["content-type"] == "application/octet-stream"
    assert part.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert part.headers["content-disposition"] == "attachment; filename=\"in_.._voice.pdf\"; filename*=UTF-8''in_.._voice.pdf"


@pytest.mark.parametrize(
    ("content_type", "content", "shown"),
    [
        ("image/png", PNG, "image/png"),
        ("image/png", b"<script>alert(1)</script>", None),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        ("text/html", b"<p>", None),
        ("text/plain", b"hello", "text/plain; charset=utf-8"),
        ("application/pdf", b"%PDF-1.4", None),
    ],
)
async def test_part_is_shown_in_place_only_if_harmless(running, content_type, content, shown):
    import base64

    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n"
    message_id = await running.put(head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n"))
    answer = await running.http.get(f"/api/messages/{message_id}/parts/1", params={"inline": "1"})
    assert answer.content == content
    assert answer.headers["content-type"] == (shown or "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment")


async def test_read_flag_is_patched_and_never_set_by_get(running):
    message_id = await running.put()
    await running.http.get(f"/api/messages/{message_id}")
    assert (await running.http.get("/api/messages")).json()["unread"] == 1
    patched = await running.http.patch(f"/api/messages/{message_id}", json={"read": True})
    assert patched.json()["read"] is True
    assert (await running.http.get("/api/messages", params={"query": "is:read"})).json()["total"] == 1
    changed = await running.http.patch("/api/messages", json={"all": True, "read": False})
    assert changed.json() == {"changed": 1}


async def test_delete_can_be_undone_for_a_while(running):
    message_id = await running.put()
    deleted = (await running.http.delete(f"/api/messages/{message_id}", params={"undo_seconds": "8"})).json()
    assert deleted["deleted"] == 1
    assert (await running.http.get(f"/api/messages/{message_id}")).status_code == 404
    assert (await running.http.get("/api/messages")).json()["total"] == 0
    restored = await running.http.post("/api/undo", json={"token": deleted["undo"]})
    assert restored.json() == {"restored": 1}
    assert (await running.http.get(f"/api/messages/{message_id}")).status_code == 200
    assert (await running.http.post("/api/undo", json={"token": deleted["undo"]})).status_code == 404


async def test_delete_by_ids_by_query_and_all(running):
    first, second, third = [await running.put() for _ in range(3)]
    await running.put(MULTIPART)
    gone = await running.http.request("DELETE", "/api/messages", json={"ids": [first, second, "01J00000000000000000000000"]})
    assert gone.json() == {"deleted": 2, "undo": None, "expires_at": None}
    await running.http.request("DELETE", "/api/messages", json={"query": "has:code"})
    listed = (await running.http.get("/api/messages")).json()
    assert [m["id"] for m in listed["messages"]] == [third]
    await running.http.request("DELETE", "/api/messages", json={"all": True})
    assert (await running.http.get("/api/messages")).json()["total"] == 0


async def test_changes_keep_to_their_mailbox(running):
    await running.put()
    await running.put(mailbox="other")
    await running.http.request("DELETE", "/api/messages", params={"mailbox": "other"}, json={"all": True})
    assert (await running.http.get("/api/messages")).json()["total"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("GET", "/api/messages/nonsense", None, 404, "not_found", None),
        ("GET", "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV", None, 404, "not_found", None),
        ("GET", "/api/messages/latest", None, 404, "not_found", None),
        ("GET", "/api/nothing", None, 404, "not_found", None),
        ("PUT", "/api/messages", b"{}", 405, "method_not_allowed", None),
        ("GET", "/api/messages?query=foo:bar", None, 400, "query", None),
        ("GET", "/api/messages?query=to:", None, 400, "query", None),
        ("GET", "/api/messages?cursor=x1", None, 400, "cursor", None),
        ("GET", "/api/messages?cursor=o1", None, 400, "cursor", None),
        ("GET", "/api/messages?limit=-1", None, 422, "invalid", "limit"),
        ("GET", "/api/messages?limit=1001", None, 422, "invalid", "limit"),
        ("GET", "/api/messages?limit=ten", None, 422, "invalid", "limit"),
        ("GET", "/api/messages?offset=-1", None, 422, "invalid", "offset"),
        ("GET", "/api/messages?sort=size", None, 422, "invalid", "sort"),
        ("GET", "/api/messages?mailbox=../etc", None, 422, "invalid", "mailbox"),
        ("GET", "/api/messages?mailbox=", None, 422, "invalid", "mailbox"),
        ("PATCH", "/api/messages", b"{", 400, "unreadable", None),
        ("PATCH", "/api/messages", b"", 400, "unreadable", None),
        ("PATCH", "/api/messages", b"\xff", 400, "unreadable", None),
        ("PATCH", "/api/messages", b"[]", 422, "invalid", "body"),
        ("PATCH", "/api/messages", b'{"read": true}', 422, "invalid", "body"),
        ("PATCH", "/api/messages", b'{"read": true, "all": true, "query": "x"}', 422, "invalid", "body"),
        ("PATCH", "/api/messages", b'{"read": "yes", "all": true}', 422, "invalid", "read"),
        ("PATCH", "/api/messages", b'{"read": true, "ids": []}', 422, "invalid", "ids"),
        ("PATCH", "/api/messages", b'{"read": true, "ids": ["a", 1]}', 422, "invalid", "ids[1]"),
        ("PATCH", "/api/messages", b'{"read": true, "query": " "}', 422, "invalid", "query"),
        ("PATCH", "/api/messages", b'{"read": true, "query": "(a"}', 400, "query", None),
        ("PATCH", "/api/messages", b'{"read": true, "all": true, "flagged": true}', 422, "invalid", "body"),
        ("DELETE", "/api/messages", b"{}", 422, "invalid", "body"),
        ("DELETE", "/api/messages", b'{"all": true, "undo_seconds": -1}', 422, "invalid", "undo_seconds"),
        ("DELETE", "/api/messages", b'{"all": true, "undo_seconds": 1e9}', 422, "invalid", "undo_seconds"),
        ("POST", "/api/undo", b'{"token": "x"}', 404, "not_found", None),
        ("GET", "/api/wait?timeout=61", None, 422, "invalid", "timeout"),
        ("GET", "/api/wait?timeout=nan", None, 422, "invalid", "timeout"),
        ("GET", "/api/wait?count=0", None, 422, "invalid", "count"),
        ("GET", "/api/wait?query=)", None, 400, "query", None),
        ("GET", "/api/wait?after=7", None, 410, "events_gone", None),
        ("GET", "/api/events?after=7", None, 410, "events_gone", None),
        ("GET", "/api/events?after=-1", None, 422, "invalid", "after"),
    ],
)
async def test_bad_input_gets_a_clear_error(running, method, path, body, status, code, field):
    answer = await running.http.request(method, path, content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("field")) == (status, code, field), error
    assert error["message"]


async def test_query_error_has_its_position(running):
    error = (await running.http.get("/api/messages", params={"query": "ok nofield:x"})).json()["error"]
    assert error["position"] == 3
    assert error["hint"]


async def test_message_without_html_or_text_is_a_clear_404(running):
    message_id = await running.put(b"Subject: x\r\nContent-Type: application/pdf\r\n\r\nx")
    for form in ("html", "text", "parts/9"):
        answer = await running.http.get(f"/api/messages/{message_id}/{form}")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"]


async def test_message_is_not_seen_through_another_mailbox(running):
    message_id = await running.put()
    assert (await running.http.get(f"/api/messages/{message_id}", params={"mailbox": "other"})).status_code == 404


async def test_parallel_reads_survive(running):
    message_id = await running.put(MULTIPART)
    paths = [f"/api/messages/{message_id}{suffix}" for suffix in ("", "/raw", "/html", "/text", "/parts", "/parts/2")] * 10
    answers = await asyncio.gather(*(running.http.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {200}


async def test_html_that_is_too_large_is_said_in_the_frame_and_to_programs(running):
    message_id = await running.put(b"Content-Type: text/html\r\n\r\n" + b"<p>" * 2_000_000)
    answer = await running.http.get(f"/api/messages/{message_id}/html")
    assert answer.status_code == 422
    assert "form=source" in answer.json()["error"]["hint"]
    framed = await running.http.get(f"/api/messages/{message_id}/html", headers={"sec-fetch-dest": "iframe"})
    assert framed.headers["content-type"].startswith("text/html")
    assert framed.headers["content-security-policy"].startswith("sandbox")
    assert (await running.http.get(f"/api/messages/{message_id}")).json()["remote"] == []
