"""Tells what git must not hold: built pages, download addresses in lock files, databases."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Look at every tracked file; the exit code."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wrong = [f"{name} is built, not written" for name in tracked if name.startswith("mailcatcher/web/_ui/")]
    wrong += [f"{name} is data" for name in tracked if name.endswith((".db", ".sqlite", ".whl", ".tar.gz"))]
    wrong += [
        f"{name} records download addresses"
        for name in tracked
        if name.endswith("package-lock.json") and '"resolved"' in (ROOT / name).read_text("utf-8")
    ]
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
