"""Runs what was installed: the server with its page, a mail through it, and the pytest fixture. Takes the folder of its commands."""

import json
import smtplib
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

TEST = """
import smtplib

def test_mail(mailcatcher):
    with smtplib.SMTP(mailcatcher.host, mailcatcher.port) as client:
        client.sendmail("app@example.com", ["ada@example.org"], b"Subject: Hello\\r\\n\\r\\nHi\\r\\n")
    assert mailcatcher.one(to="ada@example.org").subject == "Hello"
"""


def main(commands: Path) -> int:
    """Start, use, stop; the exit code."""
    arguments = [commands / "mailcatcher", "--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--announce"]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        announced = json.loads(server.stdout.readline())
        host, _, port = announced["smtp"][0].rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=10) as client:
            client.sendmail("app@example.com", ["ada@example.org"], b"Subject: Hello\r\n\r\nHi\r\n")
        with urllib.request.urlopen(f"{announced['url']}api/messages/latest/raw", timeout=10) as response:
            assert response.read() == b"Subject: Hello\r\n\r\nHi\r\n"
        with urllib.request.urlopen(announced["url"], timeout=10) as response:
            assert b"/assets/" in response.read() or b"assets/" in response.read(), "the page is not in the wheel"
    finally:
        server.terminate()
        server.wait(timeout=10)
    with tempfile.TemporaryDirectory() as work:
        Path(work, "test_installed.py").write_text(TEST)
        subprocess.run([commands / "python", "-m", "pytest", "-q", work], check=True)
    print("the installed package works")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
