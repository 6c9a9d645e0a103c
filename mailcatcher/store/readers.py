"""Reading connections of a database file, one a thread, so that reads never wait behind a write."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import apsw

from mailcatcher.store.database import Deadline, open_reader, translated
from mailcatcher.store.reading import Reader

T = TypeVar("T")

READERS = 2
"""As many as a small machine can use beside loop and store thread."""


class Readers:
    """Threads that answer questions about one file; each opens its connection when it is first asked."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, "mailcatcher-reader")
        self._here = threading.local()
        self._connections: list[apsw.Connection] = []

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """The answer to one question. Raises StoreError, and what the question raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    def close(self) -> None:
        """Answer what was asked, then close the connections."""
        self._threads.shutdown(wait=True)
        while self._connections:
            self._connections.pop().close()

    def _answer(self, question: Callable[[Reader], T]) -> T:
        try:
            return question(self._reader())
        except apsw.Error as error:
            raise translated(error) from error

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._here, "reader", None)
        if reader is None:
            connection = open_reader(self._path)
            self._connections.append(connection)
            self._here.reader = reader = Reader(connection, Deadline(connection))
        return reader
