"""Nothing acknowledged is lost: not by kill -9, not by a full disk."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from mailcatcher.search.query import parse
from mailcatcher.store.sqlite import SqliteStore
from tests.durability.numbered import raw, word
from tests.store.posting import NOON, Post, mail

ROOT = Path(__file__).parent.parent.parent


def feeder(path: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.durability.feeder", str(path), str(limit)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lines_until(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(count)]
    if not lines[-1]:
        raise AssertionError(process.communicate()[1])
    return lines


def acknowledged(lines: list[str]) -> dict[int, str]:
    """The ids by number; a last line that was cut off acknowledges nothing."""
    pairs = [line.split() for line in lines if line.endswith("\n")]
    return {int(number): message_id for number, message_id in pairs if message_id != "-"}


async def check(path: Path, acknowledged: dict[int, str]) -> int:
    """Fail unless all acknowledged mail is there, whole and found, and rows and index agree; how many there are."""
    post = Post(SqliteStore(str(path))).start()
    try:
        for number, message_id in acknowledged.items():
            assert await post.store.raw(message_id) == raw(number)
        for number in list(acknowledged)[::7] + list(acknowledged)[-50:]:
            assert await post.store.latest(parse(word(number), NOON), mailbox=None) == acknowledged[number]
            assert await post.store.latest(parse(f"rcpt:rcpt{number}@", NOON), mailbox=None) == acknowledged[number]
        rows = [seq for (seq,) in await post.rows("SELECT seq FROM message ORDER BY seq")]
        for table, column in (("record", "seq"), ("folded", "seq"), ("content", "id"), ("words", "rowid")):
            assert [key for (key,) in await post.rows(f"SELECT {column} FROM {table} ORDER BY {column}")] == rows, table
        assert await post.rows("PRAGMA integrity_check") == [("ok",)]
        await post.rows("INSERT INTO words(words) VALUES ('integrity-check')")
        assert post.store.counts(None).messages == len(rows) >= len(acknowledged)
        assert post.store.last_seq >= rows[-1]
        assert await post.add(mail("fresh")) > max(acknowledged.values())
    finally:
        await post.stop()
    return len(rows)


@pytest.mark.parametrize("count", [60, 1_000, 4_000])
async def test_acknowledged_mail_survives_a_kill(tmp_path, count):
    path = tmp_path / "mail.db"
    with feeder(path) as process:
        lines = lines_until(process, count)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.stderr.read()
    assert process.returncode == -signal.SIGKILL
    ids = acknowledged(lines)
    assert len(ids) >= count
    stored = await check(path, ids)
    assert stored <= len(ids) + 51 + 256  # those under way, and what a batch had committed but not told


async def test_mail_survives_kills_one_after_the_other(tmp_path):
    path = tmp_path / "mail.db"
    seen: set[str] = set()
    for _ in range(3):
        with feeder(path) as process:
            lines = lines_until(process, 300)
            process.kill()
            lines += process.stdout.readlines()
            process.stderr.read()
        ids = set(acknowledged(lines).values())
        assert not ids & seen
        assert not seen or min(ids) > max(seen)
        seen |= ids
        with closing(apsw.Connection(str(path))) as connection:
            assert seen <= {message_id for (message_id,) in connection.execute("SELECT id FROM record")}


async def test_full_disk_refuses_mail_keeps_what_was_acknowledged_and_takes_more_when_there_is_room(tmp_path):
    path = tmp_path / "mail.db"
    with feeder(path, limit=3_000_000) as process:
        lines = process.stdout.readlines()
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    ids = acknowledged(lines)
    assert len(ids) > 100
    assert sum(line.endswith(" -\n") for line in lines) >= 200
    assert await check(path, ids) == len(ids)
