"""The record of sessions and attempts."""

from datetime import UTC, datetime

import pytest

from mailcatcher.mail.values import Defect
from mailcatcher.sessions.attempt import MAX_CONTENT_BYTES, AttemptRecipient
from mailcatcher.sessions.defects import note
from mailcatcher.sessions.ids import Ulids
from mailcatcher.sessions.recorder import Sessions
from mailcatcher.sessions.reply import Reply

OK = Reply(250, "2.0.0", "Ok")
CLIENT = ("127.0.0.1", 4711)


@pytest.fixture
def clock():
    """A clock that goes one second a look."""
    seconds = iter(range(1_000_000_000, 2_000_000_000))
    return lambda: float(next(seconds))


def test_running_sessions_and_open_attempts_are_listed(clock):
    sessions = Sessions(clock=clock)
    session = sessions.open(CLIENT)
    attempt = sessions.begin(session, "inbox")
    assert sessions.sessions() == (session,) == sessions.running()
    assert sessions.attempts() == (attempt,)
    assert (session.end, session.ended_at, attempt.outcome, attempt.ended_at) == (None, None, None, None)


def test_ended_sessions_stay_in_order_and_closing_twice_changes_nothing(clock):
    sessions = Sessions(clock=clock)
    first, second = sessions.open(CLIENT), sessions.open(CLIENT)
    sessions.close(second)
    sessions.close(first)
    ended = first.ended_at
    sessions.close(first)
    assert sessions.sessions() == (first, second)
    assert sessions.running() == ()
    assert first.ended_at == ended
    assert first.started_at < ended


def test_times_are_aware_utc():
    sessions = Sessions(clock=lambda: 0.0)
    attempt = sessions.begin(sessions.open(CLIENT), "inbox")
    sessions.finish(attempt, "accepted", OK)
    assert attempt.started_at == attempt.ended_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_attempts_of_one_session(clock):
    sessions = Sessions(clock=clock)
    one, other = sessions.open(CLIENT), sessions.open(CLIENT)
    attempts = [sessions.begin(session, "inbox") for session in (one, other, one)]
    assert sessions.attempts(one.id) == (attempts[0], attempts[2])
    assert (one.transactions, other.transactions) == (2, 1)


def test_oldest_sessions_go_first():
    sessions = Sessions(max_sessions=3)
    opened = [sessions.open(CLIENT) for _ in range(5)]
    for session in opened:
        sessions.close(session)
    assert sessions.sessions() == tuple(opened[2:])


def test_oldest_attempts_go_first_and_open_ones_stay():
    sessions = Sessions(max_attempts=2)
    session = sessions.open(CLIENT)
    still_open, *others = (sessions.begin(session, "inbox") for _ in range(4))
    for attempt in others:
        sessions.finish(attempt, "accepted", OK)
    assert sessions.attempts() == (still_open, *others[1:])
    size = sessions.size_bytes
    for _ in range(100):
        sessions.finish(sessions.begin(session, "inbox"), "accepted", OK)
    assert sessions.size_bytes == size


def test_ended_attempt_comes_back_as_it_was():
    sessions = Sessions()
    attempt = sessions.begin(sessions.open(CLIENT), "inbox")
    attempt.sender = "a@example.com"
    attempt.options = {"SIZE": "5", "SMTPUTF8": None}
    attempt.recipients.append(AttemptRecipient("b@example.com", {"NOTIFY": "NEVER"}, OK))
    attempt.defects.append(Defect("nul", "NUL"))
    attempt.content = b"\0\xff"
    attempt.message_ids = ("M1", "M2")
    sessions.finish(attempt, "accepted", OK)
    assert sessions.attempts() == (attempt,)


def test_fifty_thousand_attempts_take_less_than_twenty_mebibytes():
    sessions = Sessions()
    attempt = sessions.begin(sessions.open(CLIENT), "inbox")
    attempt.sender = "someone@example.com"
    attempt.options = {"SIZE": "1024"}
    attempt.recipients.append(AttemptRecipient("ada.lovelace@example.org", {}, Reply(250, "2.1.5", "Ok")))
    attempt.message_ids = ("01J00000000000000000000000",)
    sessions.finish(attempt, "accepted", Reply(250, "2.0.0", "Ok: queued as 01J00000000000000000000000"))
    assert sessions.size_bytes * 50_000 < 20 * 1_048_576


def test_total_is_bounded_by_bytes():
    sessions = Sessions(max_bytes=1_000_000)
    session = sessions.open(CLIENT)
    for _ in range(20):
        attempt = sessions.begin(session, "inbox")
        attempt.content = b"x" * 100_000
        sessions.finish(attempt, "refused", OK)
    assert sessions.size_bytes <= 1_000_000
    assert len(sessions.attempts()) == 9
    for _ in range(2000):
        sessions.close(sessions.open(CLIENT))
    assert sessions.size_bytes <= 1_000_000


def test_recipients_count_with_their_length():
    sessions = Sessions()
    session = sessions.open(CLIENT)
    attempt = sessions.begin(session, "inbox")
    attempt.recipients = [AttemptRecipient("x" * 10_000, {}, OK) for _ in range(100)]
    sessions.finish(attempt, "accepted", OK)
    assert sessions.size_bytes > 1_000_000


def test_refused_content_is_kept_up_to_a_mebibyte():
    sessions = Sessions()
    attempt = sessions.begin(sessions.open(CLIENT), "inbox")
    attempt.content = b"x" * (2 * MAX_CONTENT_BYTES)
    sessions.finish(attempt, "refused", OK)
    assert len(attempt.content) == MAX_CONTENT_BYTES


def test_a_hundred_defects_of_a_kind_are_kept():
    defects: list[Defect] = []
    for number in range(300):
        note(defects, Defect("one", str(number)))
        note(defects, Defect("other", str(number)))
    assert len(defects) == 200


def test_ids_ascend_whatever_the_clock_does():
    times = iter([10.0, 10.0, 5.0, 11.0, 11.0])
    ulids = Ulids(lambda: next(times), random_bits=lambda bits: (1 << bits) - 1)
    ids = [ulids.next() for _ in range(5)]
    assert ids == sorted(set(ids))
    assert {len(text) for text in ids} == {26}


def test_ids_ascend_when_the_counter_is_full():
    ulids = Ulids(lambda: 1.0, random_bits=lambda _: (1 << 30) - 2)
    ids = [ulids.next() for _ in range(4)]
    assert ids == sorted(set(ids))


def test_id_begins_with_its_time():
    assert Ulids(lambda: 1469918176.385).next().startswith("01ARYZ6S41")
