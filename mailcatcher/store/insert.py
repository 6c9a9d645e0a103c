"""Writing many rows with few statements.

SQLite gives the interpreter lock away at each step, and `executemany` steps once a row: with a busy loop thread each
step can wait for the lock. One `INSERT` with many `VALUES` is one step, so rows go out in blocks of powers of two.
"""

from collections.abc import Sequence
from itertools import chain

import apsw

_LARGEST = 64  # rows a statement: 64 rows of 17 columns stay well below SQLite's 32,766 parameters


class Inserter:
    """Inserts rows of one table; the statements stay in the connection's cache."""

    def __init__(self, connection: apsw.Connection, table: str, columns: Sequence[str]) -> None:
        self._execute = connection.execute
        head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
        row = f"({','.join('?' * len(columns))})"
        self._statements = {size: head + ",".join([row] * size) for size in (1, 2, 4, 8, 16, 32, _LARGEST)}

    def insert(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert all rows, in order."""
        start, left = 0, len(rows)
        while left:
            size = min(_LARGEST, 1 << (left.bit_length() - 1))
            block = rows[start : start + size]
            self._execute(self._statements[size], tuple(chain.from_iterable(block)))
            start += size
            left -= size
