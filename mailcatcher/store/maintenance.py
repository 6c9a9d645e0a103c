"""What keeps the database fast: merging the index in slices, and checkpoints that never stall a commit."""

import logging
import threading
from contextlib import closing
from pathlib import Path

import apsw

from mailcatcher.store.database import set_busy_timeout

logger = logging.getLogger(__name__)

MERGE_AFTER = 64  # messages; a slice has a fixed price, since it opens sixteen segments again
MERGE_PAGES = 40  # longer slices cost p99, none at all lets segments pile up until one merge stalls everything
MERGE_SHARE = 0.4  # pages a message: about what a message adds, so that merging keeps up
IDLE_PAGES = 64
CHECKPOINT_MESSAGES = 12_000
CHECKPOINT_BYTES = 64 << 20
WARN_WAL_BYTES = 1 << 30

_MERGE = "INSERT INTO words(words, rank) VALUES ('merge', ?)"


class Maintenance:
    """Works between the batches of the store thread, and in its idle time."""

    def __init__(self, connection: apsw.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._wal = None if path == ":memory:" else Path(f"{path}-wal")
        self._since_merge = 0
        self._merging_all = False
        self._since_checkpoint = 0
        self._bytes_since_checkpoint = 0
        self._helper: threading.Thread | None = None
        self.pending = True  # a database may have been left in the middle of it

    def after_batch(self, messages: int, size_bytes: int) -> None:
        """See whether a checkpoint is due."""
        self.pending = True
        self._since_checkpoint += messages
        self._bytes_since_checkpoint += size_bytes
        if self._wal is not None:
            self._checkpoint_if_due()

    def after_index(self, messages: int) -> None:
        """Take a slice of merging."""
        self.pending = True
        self._merging_all = False
        self._since_merge += messages
        if self._since_merge >= MERGE_AFTER:
            self._merge(max(1, min(MERGE_PAGES, int(self._since_merge * MERGE_SHARE))))
            self._since_merge = 0

    def idle(self) -> bool:
        """One step of what can wait for a quiet moment; False when nothing is left to do."""
        if not self.pending:
            return False
        self._since_merge = 0
        # A negative number begins to merge everything into one segment, a positive one goes on with it (FTS5 6.8).
        begins, self._merging_all = not self._merging_all, True
        if self._merge(-IDLE_PAGES if begins else IDLE_PAGES) or begins:
            return True
        self._merging_all = False
        self.pending = not self._helper_done()
        if self._wal is not None and not self.pending:
            self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        return False

    def finish(self) -> None:
        """Wait for the helper thread, before the connection is closed."""
        if self._helper is not None:
            self._helper.join()

    def _merge(self, pages: int) -> bool:
        """Whether a merge changed anything (two changes are bookkeeping: SQLite's documentation of `merge`)."""
        before = self._connection.total_changes()
        self._connection.execute(_MERGE, (pages,))
        return self._connection.total_changes() - before >= 2

    def _checkpoint_if_due(self) -> None:
        if self._helper is not None:
            if self._helper.is_alive():
                return
            self._helper = None
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif self._since_checkpoint >= CHECKPOINT_MESSAGES or self._bytes_since_checkpoint >= CHECKPOINT_BYTES:
            self._since_checkpoint = self._bytes_since_checkpoint = 0
            self._warn_if_large()
            self._helper = threading.Thread(target=self._checkpoint_in_background, name="mailcatcher-checkpoint")
            self._helper.start()

    def _checkpoint_in_background(self) -> None:
        """Four passes, so that little is left for the store thread; then its own pass lets the log start anew."""
        try:
            with closing(apsw.Connection(self._path)) as connection:
                connection.wal_autocheckpoint(0)
                for _ in range(4):
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error:
            logger.exception("checkpoint failed")

    def _checkpoint(self, mode: int) -> None:
        set_busy_timeout(self._connection, 0)  # mail may come while a reader is waited for
        try:
            self._connection.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            self.pending = True  # a reader still needs the log: again at the next quiet moment
        finally:
            set_busy_timeout(self._connection)

    def _helper_done(self) -> bool:
        return self._helper is None or not self._helper.is_alive()

    def _warn_if_large(self) -> None:
        if self._wal is not None and self._wal.exists() and (size := self._wal.stat().st_size) > WARN_WAL_BYTES:
            logger.warning("the write-ahead log has %d MiB: a reader may be holding it open", size >> 20)
