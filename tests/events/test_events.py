import json
import logging

import msgspec
import pytest

from mailcatcher.errors import EventsGone
from mailcatcher.events import Event, Events, Happening


@pytest.fixture
def events():
    """A ring of five that holds nothing yet; three messages were stored before."""
    events = Events(ring=5)
    events.begin(3)
    return events


def publish(events: Events, *message_seqs: int, mailbox: str | None = "inbox") -> None:
    """One batch of new messages; 0 stands for an event that is about none."""
    events.publish(Happening("message.new" if seq else "message.deleted", mailbox, {}, seq) for seq in message_seqs)


def seqs(found: list[Event]) -> list[int]:
    return [event.seq for event in found]


def test_events_are_numbered_from_one_without_gaps(events):
    publish(events, 4, 5)
    publish(events, 6)
    assert seqs(events.after(0)) == [1, 2, 3]
    assert events.seq == 3


def test_event_has_its_json_form(events):
    events.publish([Happening("message.new", "inbox", msgspec.Raw(b'{"id":"x"}'), 4)])
    (event,) = events.after(0)
    form = json.loads(bytes(event.json))
    assert form.pop("at").endswith("Z")
    assert form == {"v": 1, "instance": events.instance, "seq": 1, "mailbox": "inbox", "type": "message.new", "data": {"id": "x"}}
    assert (event.kind, event.mailbox) == ("message.new", "inbox")


@pytest.mark.parametrize("mailbox", ['a"b\\', "ä\n", "", None])
@pytest.mark.parametrize("data", [{"ids": ["x"]}, msgspec.Raw(b"{}")])
def test_event_is_valid_json_whatever_its_mailbox(events, mailbox, data):
    """One batch, so that what the events share changes between them."""
    events.publish([Happening("message.new", name, data, 4) for name in ("inbox", mailbox, mailbox, "inbox")])
    forms = [json.loads(bytes(event.json)) for event in events.after(0)]
    assert [(form["seq"], form["mailbox"]) for form in forms] == [(1, "inbox"), (2, mailbox), (3, mailbox), (4, "inbox")]


def test_instances_differ():
    assert Events().instance != Events().instance


def test_ring_forgets_the_oldest(events):
    publish(events, *range(4, 12))
    assert seqs(events.after(3)) == [4, 5, 6, 7, 8]
    with pytest.raises(EventsGone) as caught:
        events.after(2)
    assert caught.value.oldest_seq == 4


@pytest.mark.parametrize("seq", [-1, 9, 1_000_000])
def test_numbers_that_never_were_are_gone(events, seq):
    publish(events, *range(4, 12))
    with pytest.raises(EventsGone) as caught:
        events.after(seq)
    assert caught.value.oldest_seq == 4
    with pytest.raises(EventsGone):
        events.message_seq_at(seq)


@pytest.mark.parametrize("seq", [-1, 1])
def test_empty_ring_knows_only_its_beginning(events, seq):
    assert events.after(0) == []
    with pytest.raises(EventsGone) as caught:
        events.after(seq)
    assert caught.value.oldest_seq == 1


def test_events_of_a_mailbox_are_its_own_and_those_that_concern_all(events):
    publish(events, 4, mailbox="a")
    publish(events, 5, mailbox="b")
    publish(events, 0, mailbox=None)
    publish(events, 6, mailbox="a")
    assert seqs(events.after(0, mailbox="a")) == [1, 3, 4]
    assert seqs(events.after(0, mailbox="b")) == [2, 3]
    assert seqs(events.after(1, mailbox="c")) == [3]


def test_limit_counts_what_the_filter_lets_through(events):
    publish(events, 4, mailbox="a")
    publish(events, 5, 6, 7, mailbox="b")
    assert seqs(events.after(0, mailbox="b", limit=2)) == [2, 3]
    assert seqs(events.after(0, limit=1)) == [1]


@pytest.mark.parametrize("published", range(9))
def test_message_seq_is_known_at_every_position_held(events, published):
    """Also at the one just before the ring, from where nothing is missing yet."""
    expected = [3]
    for number in range(published):
        message_seq = 0 if number % 3 == 1 else 4 + number
        publish(events, message_seq)
        expected.append(max(expected[-1], message_seq))
    oldest = max(0, published - 5)
    assert [events.message_seq_at(seq) for seq in range(oldest, published + 1)] == expected[oldest:]
    assert events.message_seq == expected[-1]
    if oldest:
        with pytest.raises(EventsGone):
            events.message_seq_at(oldest - 1)


def test_message_seq_never_falls(events):
    publish(events, 9, 5)
    assert [event.message_seq for event in events.after(0)] == [9, 9]


def test_subscribers_are_woken_once_a_batch(events):
    woken = []
    events.subscribe(lambda: woken.append("a"))
    events.subscribe(lambda: woken.append("b"))
    publish(events, 4, 5, 6)
    assert woken == ["a", "b"]
    publish(events, 7)
    assert woken == ["a", "b", "a", "b"]


def test_woken_subscriber_sees_the_whole_batch(events):
    seen = []
    events.subscribe(lambda: seen.append(seqs(events.after(0))))
    publish(events, 4, 5, 6)
    assert seen == [[1, 2, 3]]


def test_unsubscribed_hears_no_more(events):
    woken = []
    end = events.subscribe(lambda: woken.append(1))
    end()
    end()
    publish(events, 4)
    assert woken == []


def test_one_function_may_subscribe_twice(events):
    woken = []
    end, _ = (events.subscribe(lambda: woken.append(1)) for _ in range(2))
    end()
    publish(events, 4)
    assert woken == [1]


def test_subscriptions_may_begin_and_end_inside_a_wake(events):
    woken = []

    def once() -> None:
        woken.append("once")
        end()
        events.subscribe(lambda: woken.append("new"))

    end = events.subscribe(once)
    events.subscribe(lambda: woken.append("other"))
    publish(events, 4)
    assert woken == ["once", "other"]
    publish(events, 5)
    assert woken == ["once", "other", "other", "new"]


def test_subscriber_that_was_unsubscribed_in_the_same_batch_is_not_woken(events):
    woken = []
    events.subscribe(lambda: end())
    end = events.subscribe(lambda: woken.append(1))
    publish(events, 4)
    assert woken == []


def test_failing_subscriber_costs_only_itself(events, caplog):
    woken = []
    events.subscribe(lambda: 1 // 0)
    events.subscribe(lambda: woken.append(1))
    with caplog.at_level(logging.ERROR):
        publish(events, 4)
    assert woken == [1]
    assert "a subscriber failed" in caplog.text


def test_empty_batch_is_no_event(events):
    events.publish([])
    assert events.seq == 0
    assert events.message_seq == 3
