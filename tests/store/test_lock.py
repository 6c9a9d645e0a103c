"""One process a database file."""

import subprocess
import sys

import pytest

from mailcatcher.errors import StoreError
from mailcatcher.store.lock import FileLock

HOLD = "import sys; from mailcatcher.store.lock import FileLock; lock = FileLock(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_second_process_is_refused_until_the_first_is_gone(tmp_path):
    path = str(tmp_path / "mail.db")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="another mailcatcher is using it"):
            FileLock(path)
        holder.kill()
    FileLock(path).release()


def test_released_lock_leaves_no_file(tmp_path):
    path = tmp_path / "mail.db"
    lock = FileLock(str(path))
    assert [file.name for file in tmp_path.iterdir()] == ["mail.db.lock"]
    lock.release()
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"the folder .*nowhere does not exist"):
        FileLock(str(tmp_path / "nowhere" / "mail.db"))
