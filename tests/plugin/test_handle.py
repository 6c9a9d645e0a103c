"""The handle as a sequence of this test's mail."""

import re
from collections.abc import Sequence

import pytest

import pytest_mailcatcher
from pytest_mailcatcher import Mail, MailCatcher


def test_it_is_a_sequence_in_order_of_arrival(mailcatcher, post):
    for number in range(4):
        post(subject=f"number {number}")
    assert isinstance(mailcatcher, Sequence)
    assert len(mailcatcher) == 4
    assert bool(mailcatcher)
    assert [mail.subject for mail in mailcatcher] == [f"number {number}" for number in range(4)]
    assert mailcatcher[0].subject == "number 0"
    assert mailcatcher[-1].subject == "number 3"
    assert [mail.subject for mail in mailcatcher[1:3]] == ["number 1", "number 2"]
    assert [mail.subject for mail in mailcatcher[::-1]] == [f"number {number}" for number in (3, 2, 1, 0)]
    assert mailcatcher[0] in mailcatcher
    assert mailcatcher.index(mailcatcher[2]) == 2


def test_it_is_a_live_view_that_gives_the_same_mail_each_time(mailcatcher, post):
    assert not mailcatcher
    post()
    assert mailcatcher[0] is mailcatcher[0]
    assert mailcatcher[0] is mailcatcher.one()
    post()
    assert len(mailcatcher) == 2


def test_index_out_of_range_says_how_much_there_is(mailcatcher, post):
    with pytest.raises(IndexError, match=re.escape("no mail [0]: 0 mails arrived in this test so far")):
        mailcatcher[0]
    post()
    with pytest.raises(IndexError, match=re.escape("no mail [-2]: 1 mail arrived")):
        mailcatcher[-2]


def test_mail_is_there_when_the_sender_has_its_reply(mailcatcher, client):
    for number in range(50):
        client.sendmail("app@shop.example", ["ada@example.com"], f"Subject: {number}\r\n\r\n{number}\r\n")
        assert mailcatcher[-1].subject == str(number)
        assert len(mailcatcher) == number + 1


def test_find_and_one(mailcatcher, post):
    post(to="ada@example.com", subject="Welcome")
    post(to="bob@example.com", subject="Welcome")
    post(to="ada@example.com", subject="Goodbye")
    assert [mail.subject for mail in mailcatcher.find(to="ada@example.com")] == ["Welcome", "Goodbye"]
    assert mailcatcher.find(to="nobody@example.com") == []
    assert len(mailcatcher.find()) == 3
    assert mailcatcher.one(to="ada@example.com", subject="Goodbye") is mailcatcher[2]
    with pytest.raises(AssertionError, match="expected 1 mail with subject='Welcome', got 2"):
        mailcatcher.one(subject="Welcome")
    with pytest.raises(AssertionError, match="expected 1 mail with subject='Hi', got 0"):
        mailcatcher.one(subject="Hi")


def test_clear_removes_what_is_there_and_nothing_else(mailcatcher, post):
    post(subject="before")
    mailcatcher.clear()
    assert len(mailcatcher) == 0
    mailcatcher.assert_no_mail()
    post(subject="after")
    assert mailcatcher.one().subject == "after"
    assert mailcatcher.wait_for(timeout=0).subject == "after"


@pytest.mark.parametrize("run", [1, 2, 3])
def test_each_test_begins_with_no_mail(mailcatcher, post, run):
    assert len(mailcatcher) == 0
    post(subject=f"run {run}")
    assert mailcatcher.one().subject == f"run {run}"


def test_recipients_of_one_mail_are_one_mail(mailcatcher, post):
    post(rcpt=["ada@example.com", "bob@example.com"])
    assert mailcatcher.one().envelope.addresses == ("ada@example.com", "bob@example.com")


def test_representation_is_short_and_harmless(mailcatcher, post):
    assert re.fullmatch(r"<MailCatcher 127\.0\.0\.1:\d+, 0 mails>", repr(mailcatcher))
    post(to="ada@example.com", subject="Hi\u202eolleh")
    assert repr(mailcatcher).endswith(r"1 mail: #1 ada@example.com 'Hi\\u202eolleh'>")
    for _ in range(6):
        post(subject="long " * 20)
    assert len(repr(mailcatcher)) <= 240
    assert "7 mails" in repr(mailcatcher)


@pytest.mark.parametrize("method", ["find", "one", "wait_for", "assert_no_mail"])
def test_wrong_keyword_names_the_right_ones(mailcatcher, method):
    with pytest.raises(TypeError) as caught:
        getattr(mailcatcher, method)(recipient="ada@example.com")
    assert f"{method}() got an unexpected keyword argument 'recipient'" in str(caught.value)
    for keyword in (
        "to",
        "sender",
        "from_",
        "cc",
        "reply_to",
        "bcc",
        "subject",
        "text",
        "html",
        "body",
        "header",
        "attachment",
        "query",
        "where",
    ):
        assert keyword in str(caught.value)


def test_mail_cannot_be_changed(mailcatcher, post):
    post()
    for name in ("subject", "raw", "text", "other"):
        with pytest.raises(AttributeError):
            setattr(mailcatcher[0], name, "x")


def test_package_offers_exactly_its_types():
    for name in pytest_mailcatcher.__all__:
        assert getattr(pytest_mailcatcher, name) is not None
    assert set(pytest_mailcatcher.__all__) <= set(dir(pytest_mailcatcher))
    assert (MailCatcher, Mail) == (pytest_mailcatcher.MailCatcher, pytest_mailcatcher.Mail)
    with pytest.raises(AttributeError, match="'Nothing'"):
        _ = pytest_mailcatcher.Nothing
