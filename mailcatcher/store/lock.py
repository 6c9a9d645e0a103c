"""One process a database file: two would give out the same numbers, and the second would refuse all mail.

The lock is a file beside the database, since a lock on the database itself can collide with SQLite's own. The kernel
drops it with the process, so a killed server leaves nothing that has to be cleared away.
"""

import os
import sys
from pathlib import Path

from mailcatcher.errors import StoreError

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from its making until `release`. Raises StoreError if another process holds it."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}.lock")
        while True:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise StoreError(f"cannot open the database {database}: {_reason(self._path, error)}") from error
            try:
                _take(self._descriptor)
            except OSError as error:
                os.close(self._descriptor)
                raise StoreError(f"cannot open the database {database}: another mailcatcher is using it") from error
            if self._is_current():
                return
            os.close(self._descriptor)  # its holder removed it in between: what we locked is no longer at the path

    def release(self) -> None:
        """Let others have the database."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _reason(path: Path, error: OSError) -> str:
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    return "no permission to write into its folder" if isinstance(error, PermissionError) else str(error.strerror or error)
