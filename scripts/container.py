"""Walks through the Dockerfile's steps in a fresh folder, without a container engine.

COPY copies into the folder, RUN runs there (making users and removing caches is left out), then the entry point is started
with the image's variables, on free ports, and the health check is asked.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def instructions(text: str) -> list[tuple[str, str]]:
    """Instruction and argument, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1].strip()) for line in joined.splitlines() if line.strip()]


class Image:
    """What the steps made: a folder in place of `/`, variables, commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workdir = folder
        self.variables: dict[str, str] = {}
        self.health: list[str] = []
        self.entry: list[str] = []

    def inside(self, path: str) -> Path:
        """A path of the image in our folder."""
        return self.folder / path.lstrip("/") if path.startswith("/") else self.workdir / path

    def step(self, name: str, argument: str) -> None:
        """Carry out one instruction."""
        if name == "WORKDIR":
            self.workdir = self.inside(argument)
            self.workdir.mkdir(parents=True, exist_ok=True)
        elif name == "COPY" and not argument.startswith("--from"):
            *sources, target = argument.split()
            for source in sources:
                self.copy(ROOT / source, self.inside(target))
        elif name == "RUN" and "useradd" not in argument:
            command = argument.replace("/opt/", f"{self.folder}/opt/")
            subprocess.run(["bash", "-ec", command], cwd=self.workdir, check=True, env=os.environ | self.variables)
        elif name == "ENV":
            self.variables |= dict(part.split("=", 1) for part in shlex.split(argument))
        elif name == "HEALTHCHECK":
            self.health = json.loads(argument[argument.index("[") :])
        elif name == "ENTRYPOINT":
            self.entry = json.loads(argument)

    def copy(self, source: Path, target: Path) -> None:
        """One COPY, without what `.dockerignore` leaves out."""
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "_ui"), dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def main() -> int:
    """Build and run; the exit code."""
    with tempfile.TemporaryDirectory() as work:
        image = Image(Path(work))
        for name, argument in instructions((ROOT / "Dockerfile").read_text("utf-8")):
            image.step(name, argument)
        variables = {
            name: value.replace("/opt/", f"{work}/opt/").replace("$PATH", os.environ["PATH"]) for name, value in image.variables.items()
        }
        assert "0.0.0.0" in variables["MAILCATCHER_WEB_LISTEN"]
        variables |= {"MAILCATCHER_SMTP_LISTEN": "127.0.0.1:0", "MAILCATCHER_WEB_LISTEN": "127.0.0.1:0"}  # loopback only, here
        environment = os.environ | variables
        server = subprocess.Popen([*image.entry, "--announce"], cwd=image.workdir, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            health = subprocess.run(image.health, env=environment | {"MAILCATCHER_URL": url}, check=False)
        finally:
            server.terminate()
            server.wait(timeout=10)
    print("the container's steps work" if health.returncode == 0 else "the health check failed")
    return health.returncode


if __name__ == "__main__":
    sys.exit(main())
