"""The text of a failure: what was expected, the closest mail, this test's mail, what was refused, and what may be the reason."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mailcatcher.sessions.attempt import Attempt
from mailcatcher.sessions.reply import Reply
from mailcatcher.sessions.session import Session
from pytest_mailcatcher.epochs import Epoch, Epochs
from pytest_mailcatcher.mail import Mail
from pytest_mailcatcher.matching import Criteria, Criterion, Verdict
from pytest_mailcatcher.text import collapsed, shown

MAX_ROWS = 10
"""Rows of a table; the rest is counted."""

_LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


def expectation(wanted: str, criteria: Criteria, got: Sequence[Mail], *, within: float | None = None) -> str:
    """The first line: what was expected and what there is."""
    asked = ", ".join(f"{name}={_expected(value)}" for name, value in criteria.given.items())
    line = f"expected {wanted}"
    if asked:
        line += f" with {asked}"
    if within:
        line += f" within {within:g}s"
    return f"{line}, got {len(got)}."


def failure(first: str, criteria: Criteria, epoch: Epoch, *, matching: Sequence[Mail], missing: bool, epochs: Epochs, address: str) -> str:
    """The whole text of a failed expectation: mail is `missing`, or there is too much; `address` is where the server listens."""
    mails = list(epoch.mails)
    lines = [first]
    if missing:
        lines += _closest(criteria, mails, matching)
    lines += _table(mails, matching)
    lines += _refused(epoch.attempts)
    if missing:
        lines += (f"Hint: {hint}" for hint in _hints(criteria, epoch, epochs, address))
    return "\n".join(lines)


def unsettled(first: str, epoch: Epoch) -> str:
    """The text about attempts that did not come to an end."""
    lines = [first]
    for attempt in list(epoch.open.values()):
        session = next((session for session in epoch.sessions if session.id == attempt.session_id), None)
        client = f" by {session.client[0]}:{session.client[1]} ({session.helo_name or 'no HELO'})" if session is not None else ""
        lines.append(f"Open: {_route(attempt)} at {attempt.stage}{client}")
    return "\n".join(lines)


def listing(mails: Sequence[Mail]) -> str:
    """All mail on one line, for a representation."""
    return ", ".join(f"#{number} {_recipients(mail)} {shown(mail.subject, 40)!r}" for number, mail in enumerate(mails, 1))


# -- the closest mail ---------------------------------------------------------------------------------------------------


def _closest(criteria: Criteria, mails: Sequence[Mail], matching: Sequence[Mail]) -> Iterator[str]:
    """The mail that meets most criteria of those that do not meet all, the latest of several."""
    matching_seqs = {mail.seq for mail in matching}
    others = [(number, mail) for number, mail in enumerate(mails, 1) if mail.seq not in matching_seqs]
    if not criteria.all or not others:
        return
    number, mail = max(others, key=lambda pair: (sum(one.met(pair[1]) for one in criteria.all), pair[0]))
    rows = [(criterion.name, *_verdict(criterion, mail)) for criterion in criteria.all]
    met = sum(verdict == "ok" for *_, verdict in rows)
    yield f"Closest ({met} of {len(rows)} criteria met):"
    yield from _aligned([(f"#{number}" if row == 0 else "", *cells) for row, cells in enumerate(rows)])


def _verdict(criterion: Criterion | Verdict, mail: Mail) -> tuple[str, str]:
    """What the mail has, and `ok` or how it differs."""
    if isinstance(criterion, Verdict):
        return _expected(criterion.expected), "ok" if criterion.met(mail) else "does not hold"
    values = criterion.values(mail)
    has = ", ".join(repr(shown(value)) for value in values[:3]) or "none"
    if criterion.met(mail):
        return has, "ok"
    if criterion.manner == "absent":
        return has, "should not be there"
    if not values:
        return has, f"expected {_expected(criterion.expected)}"
    return has, _difference(criterion, values)


def _difference(criterion: Criterion, values: tuple[str, ...]) -> str:
    expected = criterion.expected
    if not isinstance(expected, str):
        return f"not accepted by {_expected(expected)}"
    if criterion.manner == "contained":
        return f"does not contain {_expected(expected)}"
    words = _differing_words(collapsed(expected), collapsed(values[0])) if len(values) == 1 else None
    return f"differs: {words}" if words is not None else f"expected {_expected(expected)}"


def _differing_words(expected: str, actual: str) -> str | None:
    """`'email' -> 'e-mail'`; None if too much differs to be read that way."""
    from difflib import SequenceMatcher

    wanted, found = expected.split(" ")[:100], actual.split(" ")[:100]
    codes = SequenceMatcher(None, wanted, found, autojunk=False).get_opcodes()
    changes = [(" ".join(wanted[a:b]), " ".join(found[c:d])) for tag, a, b, c, d in codes if tag != "equal"]
    if len(changes) > 2 or len(changes) == len(codes):
        return None
    return ", ".join(f"{_expected(before)} -> {_expected(after)}" for before, after in changes)


def _expected(value: Any) -> str:
    """An expected value as one would write it."""
    if isinstance(value, str):
        return repr(shown(value))
    name = getattr(value, "__name__", None)
    return str(name) if callable(value) and name else shown(repr(value))


# -- tables -------------------------------------------------------------------------------------------------------------


def _table(mails: Sequence[Mail], matching: Sequence[Mail]) -> Iterator[str]:
    if not mails:
        yield "Mail of this test: none."
        return
    note = f", matching: {_numbers(mails, matching)}" if matching and len(matching) < len(mails) else ""
    yield f"Mail of this test ({len(mails)}{note}):"
    yield from _aligned([_row(number, mail) for number, mail in enumerate(mails[:MAX_ROWS], 1)])
    if len(mails) > MAX_ROWS:
        yield f"  and {len(mails) - MAX_ROWS} more"


def _numbers(mails: Sequence[Mail], matching: Sequence[Mail]) -> str:
    seqs = {mail.seq for mail in matching}
    numbers = [f"#{number}" for number, mail in enumerate(mails, 1) if mail.seq in seqs]
    return ", ".join(numbers[:MAX_ROWS]) + (" …" if len(numbers) > MAX_ROWS else "")


def _row(number: int, mail: Mail) -> tuple[str, str, str]:
    at = f"{mail.received_at.astimezone():%H:%M:%S.%f}"[:-3]
    return f"#{number} {at}", f"{_path(mail.envelope.sender)} -> {_recipients(mail)}", shown(mail.subject) or "(no subject)"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _recipients(mail: Mail) -> str:
    return shown(", ".join(mail.envelope.addresses), 60)


def _path(address: str) -> str:
    return shown(address, 60) or "<>"


# -- attempts -----------------------------------------------------------------------------------------------------------


def _refused(attempts: Iterable[Attempt]) -> list[str]:
    refusals = [line for attempt in list(attempts) for line in _refusals(attempt)]
    title = f"Refused ({len(refusals)}):"
    if len(refusals) == 1:
        return [f"{title} {refusals[0]}"]
    lines = [f"  {line}" for line in refusals[:MAX_ROWS]]
    if len(refusals) > MAX_ROWS:
        lines.append(f"  and {len(refusals) - MAX_ROWS} more")
    return [title, *lines] if lines else []


def _refusals(attempt: Attempt) -> Iterator[str]:
    refused = [recipient for recipient in list(attempt.recipients) if recipient.reply.code >= 400]
    for recipient in refused:
        yield f"{_reply(recipient.reply)} at RCPT to {_path(recipient.address)} from {_path(attempt.sender)}"
    if attempt.outcome == "refused" and not (refused and attempt.stage == "RCPT"):
        reply = f"{_reply(attempt.reply)} " if attempt.reply is not None else ""
        yield f"{reply}at {attempt.stage} {_route(attempt)}"
    elif attempt.outcome == "aborted":
        yield f"given up by the client at {attempt.stage} {_route(attempt)}"


def _reply(reply: Reply) -> str:
    return " ".join(filter(None, (str(reply.code), reply.enhanced, f"({shown(reply.text)})")))


def _route(attempt: Attempt) -> str:
    to = ", ".join(recipient.address for recipient in list(attempt.recipients) if recipient.reply.code < 400)
    return f"from {_path(attempt.sender)}" + (f" to {shown(to, 60)}" if to else "")


# -- hints --------------------------------------------------------------------------------------------------------------


def _hints(criteria: Criteria, epoch: Epoch, epochs: Epochs, address: str) -> Iterator[str]:
    for attempt in list(epoch.open.values()):
        yield f"an attempt {_route(attempt)} is still open, at {attempt.stage}."
    elsewhere = criteria.among(list(epochs.outside.mails))
    if elsewhere:
        last = f"{elsewhere[-1].received_at.astimezone():%H:%M:%S}"
        yield f"matching mail arrived outside of any test ({len(elsewhere)}, the last at {last}): sent between tests, or in a teardown."
    if not epoch.attempts:
        yield _silence(list(epoch.sessions), len(epochs.running()), address)
    if _django_uses_locmem():
        yield "Django's EMAIL_BACKEND is locmem, which sends nothing: set it to django.core.mail.backends.smtp.EmailBackend for this test."


def _silence(sessions: Sequence[Session], connected: int, address: str) -> str:
    """Why there was not even an attempt; `sessions` began in this test, `connected` are open."""
    if any(defect.id == "client_speaks_tls" for session in sessions for defect in session.defects):
        return f"a client began with TLS; {address} speaks plain SMTP."
    if sessions:
        ends = ", ".join(dict.fromkeys(session.end or "still connected" for session in sessions))
        return f"{len(sessions)} client(s) connected to {address}, but none sent MAIL ({ends})."
    if connected:
        return f"no client sent MAIL to {address}; {connected} connected before this test, and none since."
    return f"nothing connected to {address}: is that where the code under test sends to?"


def _django_uses_locmem() -> bool:
    django = sys.modules.get("django.conf")
    settings = getattr(django, "settings", None)
    return bool(getattr(settings, "configured", False)) and getattr(settings, "EMAIL_BACKEND", None) == _LOCMEM
