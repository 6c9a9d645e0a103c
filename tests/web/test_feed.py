"""Events over WebSocket and long poll, and the wait."""

import asyncio
import json
import time

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


def live(running, query: str = "", **extra):
    return connect(running.server.url.replace("http", "ws", 1) + f"api/live{query}", **extra)


async def frames(socket, count: int) -> list[dict]:
    """Events of the feed, at least `count` of them."""
    events: list[dict] = []
    while len(events) < count:
        events += json.loads(await asyncio.wait_for(socket.recv(), 5))["events"]
    return events


async def test_feed_begins_with_hello_and_brings_whole_summaries(running):
    async with live(running) as socket:
        (hello,) = await frames(socket, 1)
        message_id = await running.put()
        (new,) = await frames(socket, 1)
    assert (hello["type"], hello["instance"]) == ("hello", new["instance"])
    assert (new["v"], new["type"], new["mailbox"], new["data"]["id"]) == (1, "message.new", "inbox", message_id)
    assert new["data"]["subject"] == "Order 1"


async def test_feed_tells_every_change(running):
    message_id = await running.put()
    async with live(running) as socket:
        await frames(socket, 1)
        await running.http.patch(f"/api/messages/{message_id}", json={"read": True})
        token = (await running.http.delete(f"/api/messages/{message_id}", params={"undo_seconds": "8"})).json()["undo"]
        await running.http.post("/api/undo", json={"token": token})
        updated, deleted, restored = await frames(socket, 3)
    assert (updated["type"], updated["data"]) == ("message.updated", {"ids": [message_id], "changes": {"read": True}})
    assert (deleted["type"], deleted["data"]) == ("message.deleted", {"ids": [message_id]})
    assert (restored["type"], restored["data"]) == ("message.restored", {"ids": [message_id]})


async def test_feed_continues_where_another_ended(running):
    first = await running.put()
    second = await running.put()
    async with live(running, "?after=1") as socket:
        hello, event = await frames(socket, 2)
    assert (hello["type"], event["data"]["id"]) == ("hello", second)
    async with live(running, "?after=0") as socket:
        assert [e["data"].get("id") for e in await frames(socket, 3)] == [None, first, second]


async def test_feed_of_a_mailbox_hears_only_that(running):
    async with live(running, "?mailbox=other") as socket:
        await frames(socket, 1)
        await running.put()
        wanted = await running.put(mailbox="other")
        (event,) = await frames(socket, 1)
    assert event["data"]["id"] == wanted


async def test_burst_is_complete_and_in_order(running):
    async with live(running) as socket:
        await frames(socket, 1)
        await asyncio.gather(*(running.put() for _ in range(1200)))
        events = await frames(socket, 1200)
    seqs = [event["seq"] for event in events]
    assert seqs == list(range(seqs[0], seqs[0] + 1200))


async def test_feed_refuses_what_is_gone_and_what_is_foreign(running):
    with pytest.raises(InvalidStatus) as gone:
        await live(running, "?after=99").__aenter__()
    assert gone.value.response.status_code == 410
    assert json.loads(gone.value.response.body)["error"]["oldest_seq"] == 1
    with pytest.raises(InvalidStatus) as foreign:
        await live(running, origin="http://evil.example").__aenter__()
    assert foreign.value.response.status_code == 403


async def test_feed_closes_on_a_large_client_message(running):
    async with live(running) as socket:
        await frames(socket, 1)
        await socket.send("x" * 5000)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
    assert closed.value.rcvd.code == 1009


async def test_feed_ignores_what_a_client_says(running):
    async with live(running) as socket:
        await frames(socket, 1)
        await socket.send("hello?")
        await running.put()
        assert (await frames(socket, 1))[0]["type"] == "message.new"


async def test_poll_answers_at_once_with_what_there_is(running):
    await running.put()
    page = (await running.http.get("/api/events", params={"after": 0})).json()
    assert [event["type"] for event in page["events"]] == ["message.new"]
    assert page["seq"] == 1
    assert (await running.http.get("/api/events", params={"after": 1})).json()["events"] == []


async def test_poll_waits_for_the_first_event(running):
    asked = asyncio.create_task(running.http.get("/api/events", params={"after": 0, "timeout": 5}))
    while not running.server.catcher.events._subscribers:
        await asyncio.sleep(0)
    message_id = await running.put()
    assert (await asked).json()["events"][0]["data"]["id"] == message_id


async def test_poll_pages_with_limit(running):
    for _ in range(5):
        await running.put()
    page = (await running.http.get("/api/events", params={"after": 0, "limit": 2})).json()
    assert (len(page["events"]), page["seq"]) == (2, 2)
    rest = (await running.http.get("/api/events", params={"after": 2, "limit": 10})).json()
    assert [event["seq"] for event in rest["events"]] == [3, 4, 5]


async def test_wait_is_over_at_once_when_already_satisfied(running):
    message_id = await running.put()
    answer = await running.http.get("/api/wait", params={"query": "subject:order", "timeout": 5})
    waited = answer.json()
    assert answer.status_code == 200
    assert ([m["id"] for m in waited["messages"]], waited["matched"], waited["seq"]) == ([message_id], 1, 1)


async def test_wait_wakes_up_for_a_later_mail_and_not_for_others(running):
    asked = asyncio.create_task(running.http.get("/api/wait", params={"query": "subject:invoice", "timeout": 10}))
    while not running.server.catcher.events._subscribers:
        await asyncio.sleep(0)
    await running.put()
    wanted = await running.put(b"Subject: Invoice 7\r\n\r\n")
    waited = (await asked).json()
    assert [m["id"] for m in waited["messages"]] == [wanted]


async def test_wait_counts_and_continues_after_an_event(running):
    await running.put()
    first = (await running.http.get("/api/wait", params={"timeout": 0})).json()
    again = await running.http.get("/api/wait", params={"timeout": 0, "after": first["seq"]})
    assert again.status_code == 408
    await running.put()
    await running.put()
    later = (await running.http.get("/api/wait", params={"timeout": 0, "after": first["seq"], "count": 2})).json()
    assert later["matched"] == 2
    assert len(later["messages"]) == 2


async def test_wait_that_is_too_late_says_what_did_match(running):
    await running.put()
    started = time.monotonic()
    answer = await running.http.get("/api/wait", params={"count": 2, "timeout": "0.2"})
    assert 0.15 < time.monotonic() - started < 3
    waited = answer.json()
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"
    assert (waited["matched"], len(waited["messages"]), waited["error"]["code"]) == (1, 1, "timeout")


async def test_wait_counts_what_comes_back(running):
    message_id = await running.put()
    token = (await running.http.delete(f"/api/messages/{message_id}", params={"undo_seconds": "8"})).json()["undo"]
    asked = asyncio.create_task(running.http.get("/api/wait", params={"timeout": 10}))
    while not running.server.catcher.events._subscribers:
        await asyncio.sleep(0)
    await running.http.post("/api/undo", json={"token": token})
    assert (await asked).json()["matched"] == 1


async def test_client_that_leaves_leaves_no_waiter(running):
    with pytest.raises(httpx.ReadTimeout):
        await running.http.get("/api/wait", params={"timeout": 5}, timeout=0.2)
    async with live(running) as socket:
        await frames(socket, 1)
    async with asyncio.timeout(8):
        while running.server.catcher.events._subscribers:
            await asyncio.sleep(0.01)
