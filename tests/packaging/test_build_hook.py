"""The build hook: when it builds, with which Node, and what it says if it cannot."""

import hashlib
import shutil
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="NOT TESTED: hatchling is not installed (pip install -e '.[dev]')")

import hatch_build
from hatch_build import NODE_WHEEL, PageBuildError, PageBuildHook, build_page, fingerprint, installed, page_is_current, suits
from mailcatcher.web.page import source_hash

ROOT = Path(hatch_build.__file__).parent
UI = ROOT / "ui"


@pytest.fixture(autouse=True)
def _no_choice_of_the_reader(monkeypatch):
    monkeypatch.delenv("MAILCATCHER_SKIP_UI", raising=False)


@pytest.fixture
def tree(tmp_path):
    """A source tree with a page that was built from it."""
    (tmp_path / "ui" / "src").mkdir(parents=True)
    (tmp_path / "ui" / "src" / "main.ts").write_text("1")
    (tmp_path / "ui" / "package-lock.json").write_text('{"packages": {}}')
    built = tmp_path / "mailcatcher" / "web" / "_ui"
    built.mkdir(parents=True)
    (built / ".stamp").write_text(fingerprint(tmp_path / "ui") + "\n")
    return tmp_path


@pytest.fixture
def no_node(monkeypatch):
    monkeypatch.setenv("PATH", "")


def hook(root):
    return PageBuildHook(str(root), {}, None, None, str(root), "wheel")


def program(folder, name, script):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_fingerprint_sees_names_and_content_but_no_node_modules(tree):
    ui = tree / "ui"
    before = fingerprint(ui)
    (ui / "node_modules" / "x").mkdir(parents=True)
    (ui / "node_modules" / "x" / "index.js").write_text("x")
    assert fingerprint(ui) == before
    (ui / "src" / "main.ts").rename(ui / "src" / "other.ts")
    renamed = fingerprint(ui)
    (ui / "src" / "other.ts").write_text("2")
    assert len({before, renamed, fingerprint(ui)}) == 3


def test_server_and_hook_agree_on_the_fingerprint(tree):
    (tree / "ui" / "src" / "ünï.svelte").write_bytes(b"\r\n\0")
    assert source_hash(tree / "ui") == fingerprint(tree / "ui")
    assert source_hash(UI) == fingerprint(UI)


def test_page_is_built_only_if_its_sources_changed(tree):
    assert page_is_current(tree)
    (tree / "ui" / "src" / "main.ts").write_text("2")
    assert not page_is_current(tree)


def test_stamp_is_enough_without_sources(tree):
    shutil.rmtree(tree / "ui")
    assert page_is_current(tree)
    (tree / "mailcatcher" / "web" / "_ui" / ".stamp").unlink()
    assert not page_is_current(tree)


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.18.3", False), ("v20.19.0", True), ("v20.20.2", True), ("v21.7.3", False), ("v22.11.0", False),
        ("v22.12.0", True), ("v24.13.1\n", True), ("v18.20.8", False), ("v100.0.0", True), ("nonsense", False),
    ],
)  # fmt: skip
def test_node_must_be_one_that_vite_accepts(version, enough):
    assert suits(version) is enough


def test_node_is_downloaded_only_if_it_is_needed(tree, no_node, monkeypatch):
    assert hook(tree).dependencies() == []
    (tree / "ui" / "src" / "main.ts").write_text("2")
    assert hook(tree).dependencies() == [NODE_WHEEL]
    monkeypatch.setenv("MAILCATCHER_SKIP_UI", "1")
    assert hook(tree).dependencies() == []


@pytest.mark.parametrize(("version", "needed"), [("v20.19.4", []), ("v18.20.8", [NODE_WHEEL])])
def test_node_of_the_machine_is_used_if_it_is_new_enough(tree, tmp_path, monkeypatch, version, needed):
    program(tmp_path / "bin", "node", f"echo {version}")
    program(tmp_path / "bin", "npm", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tree / "ui" / "src" / "main.ts").write_text("2")
    assert hook(tree).dependencies() == needed


def test_node_without_npm_is_not_enough(tree, tmp_path, monkeypatch):
    program(tmp_path / "bin", "node", "echo v24.13.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert hatch_build.system_node() is None


def test_failed_build_says_how_to_go_on_and_leaves_no_stamp(tree, tmp_path):
    node = program(tmp_path / "bin", "node", "exit 0")
    npm = program(tmp_path / "bin", "npm", "echo no route to the registry; exit 1")
    with pytest.raises(PageBuildError, match="MAILCATCHER_SKIP_UI=1") as error:
        build_page(tree, [[str(node)], [str(npm)]])
    assert "no route to the registry" in str(error.value)
    assert not page_is_current(tree)


def test_missing_node_says_what_is_needed(tree, no_node, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tree / "ui" / "src" / "main.ts").write_text("2")
    with pytest.raises(PageBuildError, match=r"Node >= 20\.19 .*(?s:.)*MAILCATCHER_SKIP_UI=1"):
        hook(tree).initialize("standard", {})


def test_neither_page_nor_sources_is_an_error(tmp_path):
    with pytest.raises(PageBuildError, match="neither a built page"):
        build_page(tmp_path, [["node"], ["npm"]])


def test_skipped_build_touches_nothing(tree, no_node, monkeypatch):
    monkeypatch.setenv("MAILCATCHER_SKIP_UI", "1")
    (tree / "ui" / "src" / "main.ts").write_text("2")
    hook(tree).initialize("standard", {})
    assert not page_is_current(tree)


def test_lock_file_pins_by_hash_and_names_no_registry():
    lock = (UI / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') >= lock.count('"node_modules/')


@pytest.mark.slow
def test_two_builds_are_equal(tmp_path):
    if not installed(UI) or hatch_build.system_node() is None:
        pytest.skip("NOT TESTED: needs Node and ui/node_modules (npm --prefix ui ci)")
    hashes = []
    for name in ("first", "second"):
        root = tmp_path / name
        shutil.copytree(UI, root / "ui", ignore=shutil.ignore_patterns("node_modules"))
        (root / "ui" / "node_modules").symlink_to(UI / "node_modules")
        PageBuildHook(str(root), {}, None, None, str(root), "wheel").initialize("standard", {})
        assert page_is_current(root)
        built = root / "mailcatcher" / "web" / "_ui"
        files = sorted(path for path in built.rglob("*") if path.is_file())
        hashes.append({path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert hashes[0] == hashes[1]
    assert "index.html" in hashes[0]
