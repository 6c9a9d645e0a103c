"""Is anything acknowledged lost when the server is killed? `python -m benchmarks.kill [ROUNDS]`

Each round starts the server on a new file, sends 10,000 numbered mails over 50 connections, kills it with SIGKILL at a random
moment in the middle, starts it again, and compares every mail that got its 250 with what the API answers: id, subject and raw;
a sample is searched for by a word of its own. Prints a table, and ends with 1 if a mail was lost.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import LOOPBACK, child, mailcatcher_command
from benchmarks.text import Author

MAILS = 10_000
CONNECTIONS = 50
SEARCHED = 100
SEED_MAILS = 200  # texts; the number makes each mail different

_ID = re.compile(rb"\b[0-9A-HJKMNP-TV-Z]{26}\b")


@dataclass(slots=True)
class Round:
    """What came of one round."""

    kill_at: int
    acknowledged: dict[int, str]
    stored: int = 0
    missing: int = 0
    different: int = 0
    unsearchable: int = 0
    restart_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether nothing acknowledged was lost."""
        return not (self.missing or self.different or self.unsearchable)


class Sender:
    """Numbered mails over many connections, until the server is gone."""

    def __init__(self, port: int, pid: int, kill_at: int) -> None:
        self._port = port
        self._pid = pid
        self._kill_at = kill_at
        self._numbers: Iterator[int] = iter(range(MAILS))
        self.acknowledged: dict[int, str] = {}

    async def run(self) -> None:
        """Send, and kill the server once so many mails were acknowledged."""
        await asyncio.gather(*(self._connection() for _ in range(CONNECTIONS)))

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        with contextlib.suppress(OSError, EOFError):
            await self._session(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _reply(reader, b"220")
        await _say(reader, writer, b"EHLO kill.example.com\r\n", b"250")
        for number in self._numbers:
            await _say(reader, writer, f"MAIL FROM:<sender{number}@example.org>\r\n".encode(), b"250")
            await _say(reader, writer, f"RCPT TO:<rcpt{number}@example.net>\r\n".encode(), b"250")
            await _say(reader, writer, b"DATA\r\n", b"354")
            reply = await _say(reader, writer, content(number) + b".\r\n", b"250")
            found = _ID.search(reply)
            if found is None:
                raise RuntimeError(f"no id in the reply to DATA: {reply!r}")
            self.acknowledged[number] = found[0].decode()
            if len(self.acknowledged) == self._kill_at:
                os.kill(self._pid, signal.SIGKILL)


_author = Author(seed=7)
TEXTS = [_author.plain().content.partition(b"\r\n\r\n")[2] for _ in range(SEED_MAILS)]


def word(number: int) -> str:
    """A word that only this mail has."""
    return f"kill{number:06d}mark"


def content(number: int) -> bytes:
    """The mail as the client sends it, without the final dot; one in a hundred is large."""
    text = TEXTS[number % SEED_MAILS] * (60 if number % 100 == 0 else 1)
    return f"Subject: Number {number}\r\nFrom: shop@example.org\r\n\r\n{word(number)}\r\n".encode() + text


async def _reply(reader: asyncio.StreamReader, expected: bytes) -> bytes:
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        if not line.startswith(expected):
            raise RuntimeError(f"expected {expected.decode()}, got {line!r}")
        if line[3:4] != b"-":
            return line


async def _say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, expected: bytes) -> bytes:
    writer.write(data)
    return await _reply(reader, expected)


class Api:
    """The server's answers, over one connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=30)

    def get(self, path: str) -> bytes:
        """A body, empty for an error."""
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        return body if response.status == 200 else b""

    def subjects(self) -> dict[str, str]:
        """The subject of every stored message by its id."""
        found: dict[str, str] = {}
        cursor = ""
        while True:
            page = json.loads(self.get(f"/api/messages?limit=1000{cursor}"))
            found.update((one["id"], one["subject"]) for one in page["messages"])
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"


def one_round(kill_at: int) -> Round:
    """Start, send, kill, start again, compare."""
    with tempfile.TemporaryDirectory(prefix="mailcatcher-kill-") as folder:
        command = mailcatcher_command(Path(folder) / "mail.db")
        with child(command) as (process, line):
            sender = Sender(int(json.loads(line)["smtp"][0].rpartition(":")[2]), process.pid, kill_at)
            asyncio.run(sender.run())
            assert process.wait(30) == -signal.SIGKILL
        result = Round(kill_at, sender.acknowledged)
        began = time.perf_counter()
        with child(command) as (_, line):
            result.restart_seconds = time.perf_counter() - began
            compare(result, Api(json.loads(line)["http"]))
    return result


def compare(result: Round, api: Api) -> None:
    """Count what of the acknowledged mail is not there, differs, or is not found."""
    subjects = api.subjects()
    result.stored = len(subjects)
    for number, message_id in result.acknowledged.items():
        if message_id not in subjects:
            result.missing += 1
        elif subjects[message_id] != f"Number {number}" or api.get(f"/api/messages/{message_id}/raw") != content(number):
            result.different += 1
    numbers = sorted(result.acknowledged, key=result.acknowledged.__getitem__)
    sample = {*numbers[-SEARCHED // 2 :], *random.sample(numbers, min(len(numbers), SEARCHED // 2))}
    for number in sample:
        page = json.loads(api.get(f"/api/messages?query={word(number)}"))
        if [one["id"] for one in page["messages"]] != [result.acknowledged[number]]:
            result.unsearchable += 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the server in the middle and look for what it had acknowledged.")
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    rounds = parser.parse_args().rounds
    print(f"{MAILS:,} mails over {CONNECTIONS} connections, kill -9 in the middle, file store\n")
    print("| round | killed at | acknowledged | stored | missing | different | not found | restart s |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    good = True
    for number in range(1, rounds + 1):
        result = one_round(random.randrange(MAILS // 10, MAILS * 9 // 10))
        good &= result.is_good
        print(
            f"| {number} | {result.kill_at:,} | {len(result.acknowledged):,} | {result.stored:,} | {result.missing} | {result.different} "
            f"| {result.unsearchable} | {result.restart_seconds:.2f} |",
            flush=True,
        )
    print("\nnothing acknowledged was lost" if good else "\nMAIL WAS LOST")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
