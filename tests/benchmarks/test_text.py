"""The mails of the bench: the same for a seed, well-formed, and of the size asked for."""

from collections import Counter
from email import message_from_bytes, policy

import pytest

from benchmarks.text import Author

KINDS = [("plain", 1024), ("alternative", 3072), ("attached", 100_000), ("attached", 1_000_000)]


@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_a_mail_has_about_the_size_asked_for(kind: str, size: int) -> None:
    mails = [getattr(Author(seed), kind)(size).content for seed in range(5)]
    assert sum(map(len, mails)) / 5 == pytest.approx(size, rel=0.25)


@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_a_mail_is_well_formed_and_needs_no_dot_stuffing(kind: str, size: int) -> None:
    content = getattr(Author(3), kind)(size).content
    assert content.endswith(b"\r\n")
    assert b"\n." not in content
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    message = message_from_bytes(content, policy=policy.default)
    assert [part.defects for part in message.walk() if part.defects] == []


def test_the_same_seed_gives_the_same_mails() -> None:
    assert [Author(4).plain().content for _ in range(2)] == [Author(4).plain().content for _ in range(2)]
    assert Author(4).plain() != Author(5).plain()


def test_words_are_distributed_as_in_natural_text() -> None:
    author = Author(9)
    words = author.words(50_000)
    counts = Counter(words)
    assert counts[author.vocabulary[0]] > 20 * counts[author.vocabulary[100]] > 0
    assert 5_000 < len(counts) < 20_000
