"""Which test a mail belongs to."""

import smtplib
import time

import pytest

from pytest_mailcatcher import local

SENDING = """
import smtplib
import threading

def send(port, subject, to="ada@example.com"):
    with smtplib.SMTP("127.0.0.1", port, local_hostname="test.example") as client:
        client.sendmail("a@b.example", [to], f"Subject: {subject}\\r\\n\\r\\n")
"""


@pytest.fixture(scope="module")
def pooled():
    """A connection that outlives tests."""
    connections: list[smtplib.SMTP] = []
    yield connections
    for client in connections:
        client.close()


def test_pool_is_filled(mailcatcher, pooled):
    pooled.append(smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example"))
    pooled[0].sendmail("a@b.example", ["ada@example.com"], "Subject: first\r\n\r\n")
    assert [mail.subject for mail in mailcatcher] == ["first"]


def test_mail_over_a_connection_of_another_test_is_this_tests(mailcatcher, pooled):
    assert len(mailcatcher) == 0
    pooled[0].sendmail("a@b.example", ["ada@example.com"], "Subject: second\r\n\r\n")
    assert [mail.subject for mail in mailcatcher] == ["second"]


def test_attempt_begins_here(mailcatcher, pooled):
    pooled[0].mail("a@b.example")
    pooled[0].rcpt("ada@example.com")


def test_attempt_of_the_test_before_is_never_shown(mailcatcher, pooled):
    pooled[0].data("Subject: late\r\n\r\n")
    assert len(mailcatcher) == 0
    mailcatcher.assert_no_mail()
    pooled[0].sendmail("a@b.example", ["ada@example.com"], "Subject: mine\r\n\r\n")
    assert [mail.subject for mail in mailcatcher] == ["mine"]


@pytest.fixture
def server():
    server = local.Server("127.0.0.1", 0, clock=time.perf_counter)
    yield server
    server.stop()


def stored(server):
    """How many messages the store holds, once the loop has done what it was told."""
    epoch = server.open_epoch()
    for _ in range(200):
        server.settle(epoch, 0)
        count = server._catcher.store.counts(None).messages
        if not count:
            break
    return count


def test_dropped_and_cleared_mail_leaves_the_store(server):
    client = smtplib.SMTP(server.host, server.port, local_hostname="test.example")
    first = server.open_epoch()
    client.sendmail("a@b.example", ["ada@example.com"], "Subject: one\r\n\r\n")
    assert server._catcher.store.counts(first.mailbox).messages == 1
    server.clear(first)
    client.sendmail("a@b.example", ["ada@example.com"], "Subject: two\r\n\r\n")
    client.mail("a@b.example")
    client.rcpt("ada@example.com")
    server.close_epoch(first)
    server.drop_epoch(first)
    client.data("Subject: late\r\n\r\n")
    client.quit()
    assert stored(server) == 0
    assert first.mails == []


def test_mail_outside_of_tests_is_in_the_inbox(server):
    with smtplib.SMTP(server.host, server.port, local_hostname="test.example") as client:
        client.sendmail("a@b.example", ["ada@example.com"], "Subject: one\r\n\r\n")
    assert [mail.subject for mail in server.epochs.outside.mails] == ["one"]
    assert server._catcher.store.counts("inbox").messages == 1


def test_tests_do_not_see_mail_of_others_nor_of_teardowns(project):
    project.write(
        test_it=SENDING
        + r"""
import pytest

seen = []

@pytest.fixture(scope="module")
def port():
    return []

@pytest.fixture(autouse=True)
def flushing(mailcatcher):
    yield
    send(mailcatcher.port, "flushed in a teardown")
    seen.append([mail.subject for mail in mailcatcher])

def test_one(mailcatcher, port):
    port.append(mailcatcher.port)
    send(mailcatcher.port, "one")
    assert [mail.subject for mail in mailcatcher] == ["one"]

def test_two(mailcatcher):
    assert len(mailcatcher) == 0

class TestOrder:
    @pytest.fixture(autouse=True)
    def early(self, port):
        send(port[0], "before the fixture")

    def test_mail_of_fixtures_counts(self, mailcatcher):
        assert [mail.subject for mail in mailcatcher] == ["before the fixture"]

def test_hint(mailcatcher):
    with pytest.raises(AssertionError, match=r"Hint: matching mail arrived outside of any test \(3, the last at .*in a teardown"):
        mailcatcher.one(subject="flushed in a teardown")
    assert seen == [["one"], [], ["before the fixture"]]

def test_handle_is_kept(mailcatcher, port):
    port.append(mailcatcher)

def test_handle_of_another_test_is_of_no_use(port):
    for use in (lambda: port[1].wait_for(timeout=5), lambda: port[1][0], port[1].find, port[1].clear, port[1].assert_no_mail):
        with pytest.raises(RuntimeError, match="belongs to a test that is over"):
            use()
"""
    )
    assert project.run().passed(6)


def test_test_that_fails_in_its_setup_leaves_nothing(project):
    project.write(
        test_it=SENDING
        + """
import pytest

@pytest.fixture
def broken(mailcatcher):
    send(mailcatcher.port, "one")
    raise ValueError

def test_one(broken): ...

def test_two(mailcatcher):
    assert len(mailcatcher) == 0
"""
    )
    outcome = project.run()
    assert "1 passed, 1 error" in outcome.out


def test_unittest_cases_have_epochs_too(project):
    project.write(
        test_it=SENDING
        + """
import unittest
import pytest

class Mails(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, mailcatcher):
        self.mailcatcher = mailcatcher

    def test_one(self):
        send(self.mailcatcher.port, "one")
        assert len(self.mailcatcher) == 1

    def test_two(self):
        assert len(self.mailcatcher) == 0
"""
    )
    assert project.run().passed(2)


def test_threads_that_send_late_reach_the_test_that_waits(project):
    project.write(
        test_it=SENDING
        + """
import pytest

@pytest.mark.parametrize("number", range(5))
def test_it(mailcatcher, number):
    threads = [threading.Timer(0.02, send, (mailcatcher.port, f"{number}/{part}")) for part in range(4)]
    for thread in threads:
        thread.start()
    mails = mailcatcher.wait_for(count=4, timeout=5)
    assert {mail.subject for mail in mails} == {f"{number}/{part}" for part in range(4)}
    for thread in threads:
        thread.join()
"""
    )
    assert project.run().passed(5)
