"""What a failure tells its reader."""

import re
import smtplib
import socket
import sys
from types import SimpleNamespace

import pytest

from pytest_mailcatcher import reporting
from pytest_mailcatcher.text import shown


def failed(call, *args, **kwargs):
    """The lines of the failure; times of day as `TIME`."""
    with pytest.raises(AssertionError) as caught:
        call(*args, **kwargs)
    assert caught.value.__context__ is None
    return re.sub(r"\d\d:\d\d:\d\d(\.\d{3})?", "TIME", str(caught.value)).splitlines()


def test_closest_mail_and_all_mail(mailcatcher, post, client):
    post(to="ada@example.com", subject="Confirm your e-mail")
    post(to="admin@shop.example", subject="New signup")
    client.docmd("MAIL FROM:<app@shop.example> SIZE=99999999999")
    assert failed(mailcatcher.wait_for, to="ada@example.com", subject="Confirm your email", timeout=0.1) == [
        "expected 1 mail with to='ada@example.com', subject='Confirm your email' within 0.1s, got 0.",
        "Closest (1 of 2 criteria met):",
        "  #1  to       'ada@example.com'      ok",
        "      subject  'Confirm your e-mail'  differs: 'email' -> 'e-mail'",
        "Mail of this test (2):",
        "  #1 TIME  no-reply@shop.example -> ada@example.com     Confirm your e-mail",
        "  #2 TIME  no-reply@shop.example -> admin@shop.example  New signup",
        "Refused (1): 552 5.3.4 (Message is too large) at MAIL from app@shop.example",
    ]


def test_of_equally_close_mails_the_latest_is_shown(mailcatcher, post):
    post(subject="one")
    post(subject="two")
    assert failed(mailcatcher.one, subject="three")[1:3] == [
        "Closest (0 of 1 criteria met):",
        "  #2  subject  'two'  expected 'three'",
    ]


@pytest.mark.parametrize(
    ("match", "line"),
    [
        ({"subject": "Confirm an email"}, "subject  'Confirm your email'  differs: 'an' -> 'your'"),
        ({"subject": re.compile("^x")}, "subject  'Confirm your email'  not accepted by re.compile('^x')"),
        ({"subject": str.isdigit}, "subject  'Confirm your email'  not accepted by isdigit"),
        ({"to": ["ada@example.com", "eve@example.com"]}, "to  'ada@example.com'  expected 'eve@example.com'"),
        ({"cc": "bob@example.com"}, "cc  none  expected 'bob@example.com'"),
        ({"text": "goodbye"}, "text  'hello'  does not contain 'goodbye'"),
        ({"html": "goodbye"}, "html  none  expected 'goodbye'"),
        ({"header": {"Subject": None}}, "header Subject  'Confirm your email'  should not be there"),
        ({"header": {"X-Id": "7"}}, "header X-Id  none  expected '7'"),
        ({"attachment": "*.pdf"}, "attachment  none  expected '*.pdf'"),
        ({"query": "has:attachment"}, "query  'has:attachment'  does not hold"),
    ],
    ids=str,
)
def test_difference_of_each_criterion(mailcatcher, post, match, line):
    post()
    lines = failed(mailcatcher.one, **match)
    assert line in [re.sub(r"^ +(#1)? +|(?<=\S)   +(?=\S)", lambda found: "  " if found.start() else "", text) for text in lines]


def test_too_many_are_pointed_out(mailcatcher, post):
    post(subject="a")
    post(subject="b")
    post(subject="a")
    assert failed(mailcatcher.one, subject="a")[:2] == [
        "expected 1 mail with subject='a', got 2.",
        "Mail of this test (3, matching: #1, #3):",
    ]


def test_long_tables_are_cut_and_counted(mailcatcher, client):
    for number in range(13):
        client.sendmail("app@shop.example", ["ada@example.com"], f"Subject: {number} {'x' * 300}\r\n\r\n")
        client.docmd(f"MAIL FROM:<app{number}@shop.example> SIZE=99999999999")
    lines = failed(mailcatcher.assert_no_mail)
    assert lines[1] == "Mail of this test (13):"
    assert len([line for line in lines if line.startswith("  #")]) == 10
    assert lines[12] == "  and 3 more"
    assert lines[13] == "Refused (13):"
    assert lines[14] == "  552 5.3.4 (Message is too large) at MAIL from app0@shop.example"
    assert lines[24] == "  and 3 more"
    assert max(map(len, lines)) < 240


def test_hostile_text_cannot_write_on_the_terminal(mailcatcher, post):
    post(b"Subject: \x1b[31mred \xe2\x80\xaegnp\r\n\r\n")
    text = "\n".join(failed(mailcatcher.one, subject="x"))
    assert "\\x1b[31mred \\u202egnp" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_values_are_shown_on_one_line_of_bounded_length():
    assert shown("a\n\tb  c") == "a b c"
    assert shown("x" * 200) == "x" * 119 + "…"
    assert len(shown(" " * 5000 + "x" * 200)) <= 120
    assert shown("\ud800") == "\\ud800"


def test_refused_recipient_is_listed(mailcatcher, client):
    client.mail("app@shop.example")
    client.docmd("RCPT TO:<ada@example.com> NOTIFY=NEVER,FAILURE")
    client.rset()
    (line,) = [line for line in failed(mailcatcher.one) if line.startswith("Refused")]
    assert re.fullmatch(r"Refused \(1\): 5\d\d 5\.\d\.\d \(.+\) at RCPT to ada@example.com from app@shop.example", line)


def test_client_that_gave_up_is_listed(mailcatcher):
    client = smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example")
    client.ehlo()
    client.mail("app@shop.example")
    client.rcpt("ada@example.com")
    client.docmd("DATA")
    client.close()
    mailcatcher.assert_no_mail()
    assert "Refused (1): given up by the client at DATA from app@shop.example to ada@example.com" in failed(mailcatcher.one)


# Hints


def hints(lines):
    return [line.removeprefix("Hint: ") for line in lines if line.startswith("Hint: ")]


def test_hint_that_nothing_connected(mailcatcher):
    lines = failed(mailcatcher.one)
    assert lines[:2] == ["expected 1 mail, got 0.", "Mail of this test: none."]
    assert hints(lines) == [f"nothing connected to 127.0.0.1:{mailcatcher.port}: is that where the code under test sends to?"]


def test_hint_that_only_older_connections_are_there(mailcatcher, client):
    mailcatcher._epoch.sessions.clear()  # as if it had connected in an earlier test
    address = f"127.0.0.1:{mailcatcher.port}"
    assert hints(failed(mailcatcher.one)) == [f"no client sent MAIL to {address}; 1 connected before this test, and none since."]


def test_too_few_show_the_closest_of_the_others(mailcatcher, post, client):
    post(subject="a")
    post(subject="b")
    client.mail("app@shop.example")
    assert failed(mailcatcher.wait_for, count=2, subject="a", timeout=0.1) == [
        "expected 2 mails with subject='a' within 0.1s, got 1.",
        "Closest (0 of 1 criteria met):",
        "  #2  subject  'b'  expected 'a'",
        "Mail of this test (2, matching: #1):",
        "  #1 TIME  no-reply@shop.example -> ada@example.com  a",
        "  #2 TIME  no-reply@shop.example -> ada@example.com  b",
        "Hint: an attempt from app@shop.example is still open, at MAIL.",
    ]


def test_hint_that_a_client_sent_no_mail(mailcatcher):
    with smtplib.SMTP(mailcatcher.host, mailcatcher.port, local_hostname="test.example") as client:
        client.noop()
    mailcatcher.assert_no_mail()
    assert hints(failed(mailcatcher.one)) == [f"1 client(s) connected to 127.0.0.1:{mailcatcher.port}, but none sent MAIL (quit)."]


def test_hint_that_a_client_spoke_tls(mailcatcher):
    with socket.create_connection((mailcatcher.host, mailcatcher.port)) as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        while raw.recv(1024):
            pass
    assert hints(failed(mailcatcher.one)) == [f"a client began with TLS; 127.0.0.1:{mailcatcher.port} speaks plain SMTP."]


def test_hint_that_an_attempt_is_open(mailcatcher, client):
    client.mail("app@shop.example")
    client.rcpt("ada@example.com")
    assert hints(failed(mailcatcher.one)) == ["an attempt from app@shop.example to ada@example.com is still open, at RCPT."]


def test_hint_that_django_keeps_its_mail(mailcatcher, monkeypatch):
    settings = SimpleNamespace(configured=True, EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
    monkeypatch.setitem(sys.modules, "django.conf", SimpleNamespace(settings=settings))
    assert hints(failed(mailcatcher.one))[-1].startswith("Django's EMAIL_BACKEND is locmem, which sends nothing")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert len(hints(failed(mailcatcher.one))) == 1


def test_no_hint_beside_matches(mailcatcher, post):
    post()
    post()
    assert hints(failed(mailcatcher.one)) == []


def test_django_hint_needs_configured_settings(monkeypatch):
    monkeypatch.setitem(sys.modules, "django.conf", SimpleNamespace(settings=SimpleNamespace(configured=False)))
    assert reporting._django_uses_locmem() is False


def test_report_of_pytest_shows_the_test_and_not_the_plugin(project):
    project.write(
        test_it="""
        import smtplib

        def test_it(mailcatcher):
            with smtplib.SMTP(mailcatcher.host, mailcatcher.port) as client:
                client.sendmail("a@b.example", ["ada@example.com"], "Subject: Hi\\r\\n\\r\\n")
            mailcatcher.wait_for(subject="Hello", timeout=0)

        def test_keyword(mailcatcher):
            mailcatcher.one(tp="x")
        """
    )
    outcome = project.run()
    assert outcome.code == 1
    assert "E       AssertionError: expected 1 mail with subject='Hello', got 0.\nE       Closest (0 of 1 criteria met):" in outcome.out
    assert "-> ada@example.com  Hi" in outcome.out
    assert "E       TypeError: one() got an unexpected keyword argument 'tp'. Keywords are: to, sender" in outcome.out
    assert "handle.py" not in outcome.out
    assert "matching.py" not in outcome.out
