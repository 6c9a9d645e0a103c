"""What the dialogues cannot show: time, waiting, closing, bounds."""

import pytest

from mailcatcher.smtp import replies
from mailcatcher.smtp.actions import Ask, Close, Deliver, Wait
from mailcatcher.smtp.protocol import LF_ONLY_SECONDS

BEGIN = b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"


def test_all_replies_to_one_input_leave_in_one_piece(drive):
    driver = drive()
    actions = driver.engine.receive(BEGIN, 0.0)
    assert [type(action) for action in actions] == [bytes]
    assert actions[0].count(b"\r\n") == 11


def test_a_complete_mail_is_delivered_and_nothing_is_read_before_the_answer(drive):
    driver = drive()
    driver.send(BEGIN)
    actions = driver.engine.receive(b"x\r\n.\r\nNOOP\r\n", 0.0)
    assert [type(action) for action in actions] == [Deliver]
    assert actions[0].raw == b"x\r\n"
    assert driver.engine.waiting
    assert driver.engine.receive(b"NOOP\r\n", 0.0) == []
    assert driver.engine.backlog_bytes == 12
    (send,) = driver.engine.delivered(("M1", "M2"), 0.0)
    assert send == b"250 2.0.0 Ok: queued as M1\r\n" + b"250 2.0.0 Ok\r\n" * 2
    assert driver.engine.backlog_bytes == 0
    assert driver.sessions.attempts()[0].message_ids == ("M1", "M2")


def test_credentials_are_asked_for_and_the_secret_is_kept_nowhere(drive):
    driver = drive()
    driver.send(b"EHLO x\r\nAUTH PLAIN AGFkYQBzZWNyZXQ=\r\n")
    (ask,) = driver.asked
    assert isinstance(ask, Ask)
    assert (ask.stage, ask.credentials.user, ask.credentials.secret) == ("AUTH", "ada", b"secret")
    assert "secret" not in repr(ask)
    assert driver.session.user == "ada"
    assert "secret" not in repr(driver.session.auth)


def test_refused_credentials_leave_the_session_without_a_user(drive):
    driver = drive()
    driver.engine.receive(b"EHLO x\r\nAUTH PLAIN AGFkYQBzZWNyZXQ=\r\n", 0.0)
    (send,) = driver.engine.answer(replies.BAD_CREDENTIALS, 0.0)
    assert send == b"535 5.7.8 Authentication credentials invalid\r\n"
    assert driver.session.user is None
    assert driver.session.auth[0].outcome == "refused"
    assert driver.send(b"MAIL FROM:<>\r\n") == b"250 2.1.0 Ok\r\n"


def test_silence_ends_the_session(drive):
    driver = drive(idle_seconds=10)
    driver.now = 5.0
    driver.send(b"EHLO x\r\nMAIL FROM:<>\r\n")
    driver.tick(14.9)
    assert not driver.closed
    driver.tick(15.0)
    assert driver.closed
    assert driver.output.endswith(b"421 4.4.2 Idle for too long, closing connection\r\n")
    assert driver.session.end == "timeout"
    assert driver.sessions.attempts()[0].outcome == "aborted"


def test_every_block_of_content_starts_the_timer_again(drive):
    driver = drive(idle_seconds=10)
    driver.send(BEGIN)
    for second in range(0, 100, 9):
        driver.tick(float(second))
        driver.send(b"line\r\n")
    driver.send(b".\r\n")
    assert len(driver.messages) == 1


def test_the_time_a_store_takes_is_no_silence(drive):
    driver = drive(idle_seconds=10, hold=True)
    driver.send(BEGIN + b"x\r\n.\r\n")
    driver.tick(1000.0)
    assert not driver.closed
    assert driver.engine.deadline == 1010.0
    driver.release()
    assert driver.output.endswith(b"250 2.0.0 Ok: queued as M1\r\n")


def test_content_that_an_lf_only_client_ends_is_refused_when_it_is_quiet(drive):
    driver = drive()
    driver.send(BEGIN)
    (wait,) = driver.engine.receive(b"Subject: x\n\nhi\n.\n", 0.0)
    assert wait == Wait(LF_ONLY_SECONDS)
    driver.tick(LF_ONLY_SECONDS)
    assert driver.output.endswith(b"550 5.5.2 Lines must end with CR LF; the end of the message cannot be seen\r\n")
    assert driver.closed
    (attempt,) = driver.sessions.attempts()
    assert (attempt.outcome, attempt.content) == ("refused", b"Subject: x\n\nhi\n.\n")


@pytest.mark.parametrize("content", [b"a\r\nb\n.\n", b"a\n.\nb", b"a\n."])
def test_other_quiet_content_is_waited_for(drive, content):
    driver = drive()
    driver.send(BEGIN + content)
    driver.tick(LF_ONLY_SECONDS)
    assert not driver.closed


def test_content_that_goes_on_after_a_false_end_is_no_lf_only_content(drive):
    driver = drive()
    driver.send(BEGIN + b"a\n.\n")
    driver.now = 4.0
    driver.send(b"more\r\n")
    driver.tick(60.0)
    assert not driver.closed
    driver.send(b".\r\n")
    assert driver.messages[0][2] == b"a\n.\nmore\r\n"


@pytest.mark.parametrize("before", [b"", b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<>\r\n", b"EHLO x\r\nAUTH LOGIN\r\n", b"NO"])
def test_shutdown_says_goodbye_between_commands(drive, before):
    driver = drive()
    driver.send(before)
    driver.perform(driver.engine.shut_down(0.0))
    assert driver.output.endswith(b"421 4.3.2 Service is shutting down, closing connection\r\n")
    assert driver.closed
    assert driver.session.end == "shutdown"


def test_shutdown_lets_content_finish_and_answers_it(drive):
    driver = drive(hold=True)
    driver.send(BEGIN + b"half")
    driver.perform(driver.engine.shut_down(0.0))
    driver.send(b" a mail\r\n.\r\nNOOP\r\n")
    assert not driver.closed
    driver.release()
    assert driver.output.endswith(b"250 2.0.0 Ok: queued as M1\r\n421 4.3.2 Service is shutting down, closing connection\r\n")
    assert driver.closed


def test_a_mail_under_way_is_stored_although_the_client_is_gone(drive):
    driver = drive(hold=True)
    driver.send(BEGIN + b"one\r\n.\r\n" + BEGIN + b"two\r\n.\r\n")
    driver.end()
    assert not driver.closed
    driver.release()
    assert [raw for _, _, raw in driver.messages] == [b"one\r\n", b"two\r\n"]
    assert driver.closed
    assert [attempt.outcome for attempt in driver.sessions.attempts()] == ["accepted", "accepted"]


def test_cut_leaves_only_the_mail_under_way(drive):
    driver = drive(hold=True)
    driver.send(BEGIN + b"one\r\n.\r\n" + BEGIN + b"two\r\n.\r\n")
    driver.engine.cut()
    driver.end()
    driver.release()
    assert [raw for _, _, raw in driver.messages] == [b"one\r\n"]
    assert driver.session.end == "shutdown"


def test_after_the_end_nothing_is_read(drive):
    driver = drive()
    driver.send(b"QUIT\r\nNOOP\r\n")
    assert driver.send(b"NOOP\r\n") == b""
    driver.tick(10_000.0)
    driver.end()
    driver.perform(driver.engine.shut_down(0.0))
    assert driver.output.endswith(b"221 2.0.0 Bye\r\n")
    assert driver.session.end == "quit"


def test_an_endless_line_is_not_held(drive):
    driver = drive()
    for _ in range(200):
        driver.send(b"x" * 65_536)
        assert driver.engine.backlog_bytes <= 16_384 + 65_536
    assert driver.send(b"\r\nNOOP\r\n") == b"500 5.5.2 Command line is too long\r\n250 2.0.0 Ok\r\n"


def test_content_over_the_limit_is_drained_and_its_beginning_kept(drive):
    driver = drive(max_message_bytes=2_000_000)
    driver.send(BEGIN)
    for _ in range(200):
        driver.send(b"x" * 65_534 + b"\r\n")
    assert driver.send(b".\r\nNOOP\r\n") == b"552 5.3.4 Message is too large\r\n250 2.0.0 Ok\r\n"
    (attempt,) = driver.sessions.attempts()
    assert attempt.size_bytes == 200 * 65_536
    assert len(attempt.content) == 1_048_576


def test_size_is_counted_without_the_dots_that_were_added(drive):
    driver = drive(max_message_bytes=3000)
    assert driver.send(BEGIN + b"..\r\n" * 1000 + b".\r\n").endswith(b"250 2.0.0 Ok: queued as M1\r\n")
    assert driver.send(BEGIN + b"..\r\n" * 1000 + b"\r\n.\r\n").endswith(b"552 5.3.4 Message is too large\r\n")


def test_no_limit_when_the_limit_is_zero(drive):
    driver = drive(max_message_bytes=0)
    assert b"250-SIZE 0\r\n" in driver.send(b"EHLO x\r\n")
    assert driver.send(b"MAIL FROM:<> SIZE=99999999999999999999\r\n") == b"250 2.1.0 Ok\r\n"


def test_refused_recipients_are_recorded_up_to_a_bound(drive):
    driver = drive()
    driver.send(b"EHLO x\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<a@@b>\r\n" * 1500)
    (attempt,) = driver.sessions.attempts()
    assert len(attempt.recipients) == 1000
    assert attempt.recipients[0].address == "a@@b"
    assert attempt.recipients[0].reply.code == 501


def test_what_a_session_did_is_counted(drive):
    driver = drive()
    driver.send(b"EHLO client.example\r\n")
    driver.send(b"MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    driver.send(b"x\r\n.\r\n")
    session = driver.session
    assert (session.helo_verb, session.helo_name) == ("EHLO", "client.example")
    assert (session.commands, session.pipelined, session.transactions) == (4, 3, 1)
    assert session.received_bytes == 21 + 45 + 6
    assert session.sent_bytes == len(driver.output)


def test_a_refused_session_gets_its_reply_instead_of_the_greeting(drive):
    driver = drive()
    send, close = driver.engine.refuse(replies.TOO_MANY_SESSIONS)
    assert send == b"421 4.3.2 Too many connections, try again later\r\n"
    assert close == Close()
