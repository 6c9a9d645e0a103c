"""Builds the page twice and tells whether both builds are equal byte for byte."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def built(folder: Path) -> str:
    """The hash of a fresh build into `folder`."""
    command = ["npx", "vite", "build", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "error"]
    subprocess.run(command, cwd=ROOT / "ui", check=True)
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Build twice; the exit code."""
    with tempfile.TemporaryDirectory() as work:
        first, second = built(Path(work, "first")), built(Path(work, "second"))
    if first != second:
        print("two builds of the page differ", file=sys.stderr)
    return first != second


if __name__ == "__main__":
    sys.exit(main())
