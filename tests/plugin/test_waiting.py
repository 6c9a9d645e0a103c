"""Waiting for mail, and for none."""

import asyncio
import contextlib
import math
import smtplib
import statistics
import sys
import time
from datetime import UTC, datetime
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from pytest_mailcatcher import local

CONTENT = "Subject: {}\r\n\r\nhello\r\n"


def test_mail_from_earlier_in_the_test_counts(mailcatcher, post):
    post(subject="early")
    started = time.perf_counter()
    assert mailcatcher.wait_for(subject="early", timeout=5).subject == "early"
    assert time.perf_counter() - started < 1


def test_late_mail_ends_the_wait(mailcatcher, post, later):
    later(0.1, post, subject="late")
    assert mailcatcher.wait_for(subject="late", timeout=5) is mailcatcher[0]


def test_other_mail_does_not_end_the_wait(mailcatcher, post, later):
    later(0.05, post, subject="other")
    later(0.15, post, subject="late")
    assert mailcatcher.wait_for(subject="late", timeout=5) is mailcatcher[1]


def test_number_gives_a_list(mailcatcher, post, later):
    post()
    later(0.05, post)
    assert mailcatcher.wait_for(count=2, timeout=5) == list(mailcatcher)
    assert mailcatcher.wait_for(at_least=1, timeout=0) == list(mailcatcher)
    assert mailcatcher.wait_for(count=2, to="ada@example.com", timeout=0) == list(mailcatcher)


def test_more_than_count_fails_at_once(mailcatcher, post, later):
    post()
    post()
    started = time.perf_counter()
    with pytest.raises(AssertionError, match="expected 1 mail within 5s, got 2"):
        mailcatcher.wait_for(timeout=5)
    assert time.perf_counter() - started < 1
    with pytest.raises(AssertionError, match=r"expected at least 3 mails within 0\.1s, got 2"):
        mailcatcher.wait_for(at_least=3, timeout=0.1)


def test_mail_that_is_under_way_when_the_count_is_reached_is_counted(mailcatcher, client, post, later):
    client.mail("app@shop.example")
    client.rcpt("bob@example.com")
    post()
    later(0.1, client.data, CONTENT.format("second"))
    with pytest.raises(AssertionError, match="expected 1 mail within 5s, got 2"):
        mailcatcher.wait_for(timeout=5)


def test_timeout_fails_in_time(mailcatcher):
    started = time.perf_counter()
    with pytest.raises(AssertionError, match=r"expected 1 mail within 0\.2s, got 0"):
        mailcatcher.wait_for(timeout=0.2)
    assert 0.19 < time.perf_counter() - started < 0.7


def test_timeout_0_only_looks(mailcatcher):
    started = time.perf_counter()
    with pytest.raises(AssertionError, match="expected 1 mail, got 0"):
        mailcatcher.wait_for(timeout=0)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("timeout", [math.inf, math.nan, -1])
def test_there_is_no_waiting_for_ever(mailcatcher, timeout):
    with pytest.raises(ValueError, match="no waiting for ever"):
        mailcatcher.wait_for(timeout=timeout)


def test_wrong_numbers_are_refused(mailcatcher):
    with pytest.raises(TypeError, match="count= or at_least=, not both"):
        mailcatcher.wait_for(count=1, at_least=1)
    for number in ({"count": 0}, {"at_least": -1}):
        with pytest.raises(ValueError, match="use assert_no_mail"):
            mailcatcher.wait_for(**number)


def test_error_in_a_callable_is_the_tests_error(mailcatcher, post, later):
    later(0.05, post)
    with pytest.raises(ZeroDivisionError):
        mailcatcher.wait_for(where=lambda mail: 1 / 0, timeout=5)
    post(subject="and the server goes on")
    assert mailcatcher.wait_for(subject="and the server goes on").seq == mailcatcher[-1].seq


def test_callable_may_use_the_server_itself(mailcatcher, post, later):
    later(0.05, post)

    def answered(mail):
        post(subject="answer")
        return mail.subject != "answer"

    assert mailcatcher.wait_for(at_least=1, where=answered, timeout=5)[0].subject == "Confirm your email"


def test_wait_wakes_up_within_milliseconds(mailcatcher, client, later):
    delays = []
    for number in range(20):
        sent = SimpleQueue()

        def send(number=number, sent=sent):
            client.sendmail("app@shop.example", ["ada@example.com"], CONTENT.format(number))
            sent.put(time.perf_counter())

        later(0.005, send)
        mailcatcher.wait_for(subject=str(number), timeout=5)
        woken = time.perf_counter()
        delays.append(woken - sent.get())
    assert statistics.median(delays) < 0.005


# Nothing


def test_no_mail_is_quick_to_tell(mailcatcher, post):
    mailcatcher.assert_no_mail()
    post()
    started = time.perf_counter()
    mailcatcher.assert_no_mail(to="bob@example.com")
    assert time.perf_counter() - started < 0.5
    with pytest.raises(AssertionError, match=r"expected no mail with to='ada@example\.com', got 1"):
        mailcatcher.assert_no_mail(to="ada@example.com")


def test_no_mail_counts_mail_that_is_under_way(mailcatcher, client, later):
    client.mail("app@shop.example")
    client.rcpt("ada@example.com")
    later(0.1, client.data, CONTENT.format("late"))
    with pytest.raises(AssertionError, match="expected no mail, got 1"):
        mailcatcher.assert_no_mail()


def test_no_mail_sees_what_the_kernel_holds(mailcatcher):
    client = smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example")
    client.helo()
    client.mail("app@shop.example")
    client.rcpt("ada@example.com")
    client.docmd("DATA")
    for _ in range(20):
        client.send(CONTENT.format("unanswered") + ".\r\nMAIL FROM:<app@shop.example>\r\nRCPT TO:<ada@example.com>\r\nDATA\r\n")
    client.send(CONTENT.format("last") + ".\r\n")
    with pytest.raises(AssertionError, match="expected no mail, got 21"):
        mailcatcher.assert_no_mail()
    client.close()


def test_no_mail_fails_when_an_attempt_stays_open(mailcatcher, client, monkeypatch):
    monkeypatch.setattr("pytest_mailcatcher.handle.SETTLE_SECONDS", 0.1)
    client.mail("app@shop.example")
    client.rcpt("ada@example.com")
    with pytest.raises(AssertionError) as caught:
        mailcatcher.assert_no_mail()
    first, second = str(caught.value).splitlines()
    assert first == "cannot tell that no mail comes: an attempt is still open after 0.1s."
    assert second.startswith("Open: from app@shop.example to ada@example.com at RCPT by 127.0.0.1:")
    assert second.endswith("(test.example)")
    client.rset()
    mailcatcher.assert_no_mail()


def test_idle_connection_is_not_mail_under_way(mailcatcher, client):
    client.sendmail("app@shop.example", ["ada@example.com"], CONTENT.format("done"))
    started = time.perf_counter()
    mailcatcher.assert_no_mail(subject="other")
    assert time.perf_counter() - started < 0.5


def test_no_mail_within_a_time_is_watched(mailcatcher, post, later):
    started = time.perf_counter()
    mailcatcher.assert_no_mail(within=0.1)
    assert time.perf_counter() - started >= 0.1
    later(0.05, post)
    with pytest.raises(AssertionError, match=r"expected no mail within 5s, got 1"):
        mailcatcher.assert_no_mail(within=5)


def test_refused_attempt_is_no_mail(mailcatcher, client):
    code, _ = client.docmd("MAIL FROM:<app@shop.example> SIZE=99999999999")
    assert code == 552
    mailcatcher.assert_no_mail()


# Event loops


async def test_wait_that_would_block_the_running_loop_says_what_to_do(mailcatcher):
    with pytest.raises(RuntimeError, match=r"use `await asyncio\.to_thread\(mailcatcher\.wait_for, \.\.\.\)`"):
        mailcatcher.wait_for(timeout=5)
    with pytest.raises(RuntimeError, match=r"mailcatcher\.assert_no_mail"):
        mailcatcher.assert_no_mail(within=1)


async def test_what_does_not_block_works_beside_a_running_loop(mailcatcher, post):
    await asyncio.to_thread(post)
    assert mailcatcher.wait_for() is mailcatcher[0]
    assert mailcatcher.one() is mailcatcher[0]
    mailcatcher.assert_no_mail(to="bob@example.com")
    with pytest.raises(AssertionError, match="got 0"):
        mailcatcher.wait_for(to="bob@example.com", timeout=0)


async def test_wait_in_a_thread_beside_a_running_loop(mailcatcher, post):
    waiting = asyncio.create_task(asyncio.to_thread(mailcatcher.wait_for, to="ada@example.com", timeout=5))
    await asyncio.to_thread(post)
    assert (await waiting) is mailcatcher[0]


def test_loop_on_another_greenlet_is_no_obstacle(mailcatcher, post, later):
    """As the sync API of Playwright leaves it."""
    greenlet = pytest.importorskip("greenlet")
    test = greenlet.getcurrent()

    async def pause():
        test.switch()

    other = greenlet.greenlet(lambda: asyncio.run(pause()))
    other.switch()
    try:
        assert asyncio.get_running_loop() is not None
        later(0.05, post)
        assert mailcatcher.wait_for(timeout=5) is mailcatcher[0]
    finally:
        other.switch()


def test_loop_below_the_own_greenlet_is_one():
    """As SQLAlchemy calls synchronous code."""
    greenlet = pytest.importorskip("greenlet")

    async def call():
        return greenlet.greenlet(local._blocks_a_loop).switch()

    assert asyncio.run(call()) is True
    assert local._blocks_a_loop() is False


# Clocks


def test_frozen_clocks_do_not_stop_a_wait(mailcatcher, post, later, monkeypatch):
    """As freezegun does it: functions and the names that modules have given them."""
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 1_000_000_000.0)
    for module in [
        module for module in sys.modules.values() if getattr(module, "__name__", "").startswith(("mailcatcher", "pytest_mailc"))
    ]:
        for name in ("monotonic", "perf_counter"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda: 1_000_000_000.0)
    with pytest.raises(AssertionError, match=r"expected 1 mail within 0\.1s, got 0"):
        mailcatcher.wait_for(timeout=0.1)
    later(0.05, post)
    assert mailcatcher.wait_for(timeout=5) is mailcatcher[0]
    mailcatcher.assert_no_mail(within=0.05, subject="other")


# The server's sockets


def test_replies_are_not_held_back(mailcatcher, client):
    server = mailcatcher._server
    accepted = next(iter(server._catcher.listener.connections)).transport.get_extra_info("socket")
    assert accepted.getsockopt(local.socket.IPPROTO_TCP, local.socket.TCP_NODELAY)


def test_blocked_sockets_are_told_at_once(mailcatcher, monkeypatch):
    monkeypatch.setattr("socket.socket", SimpleNamespace(__module__="pytest_socket"))
    with pytest.raises(local.MailcatcherError, match=r"--allow-hosts=127\.0\.0\.1,::1"):
        mailcatcher._server.require_sockets()


@pytest.mark.parametrize("state", ["idle", "content"])
def test_stop_cuts_what_is_under_way(state):
    server = local.Server("127.0.0.1", 0, clock=time.perf_counter)
    client = smtplib.SMTP("127.0.0.1", server.port, local_hostname="test.example")
    if state == "content":
        client.ehlo()
        client.mail("a@b.example")
        client.rcpt("c@d.example")
        client.docmd("DATA")
        client.send("Subject: half")
    started = time.perf_counter()
    server.stop()
    assert time.perf_counter() - started < 0.5
    with contextlib.suppress(OSError, smtplib.SMTPException):
        client.quit()
    with pytest.raises(OSError):
        smtplib.SMTP("127.0.0.1", server.port)


def test_mail_is_stored_under_a_frozen_calendar(mailcatcher, post, monkeypatch):
    """As freezegun does it: `datetime` of every loaded module is a subclass that stands still."""

    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2012, 1, 14, tzinfo=tz)

    for module in [module for module in sys.modules.values() if getattr(module, "__name__", "").startswith("mailcatcher.")]:
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Frozen)
    post(b"Date: Mon, 06 Jan 2025 10:00:00 +0100\r\nSubject: frozen\r\n\r\n")
    assert mailcatcher.wait_for(subject="frozen").received_at == datetime(2012, 1, 14, tzinfo=UTC)
