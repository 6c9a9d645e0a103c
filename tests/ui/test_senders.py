"""Mail of real senders appears in the page within a second, without reload."""

import shutil
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import missing

pytestmark = pytest.mark.browser

DJANGO = """
from django.conf import settings
settings.configure(EMAIL_HOST={host!r}, EMAIL_PORT={port}, EMAIL_TIMEOUT=10)
from django.core.mail import send_mail
send_mail("Sent by Django", "Hello", "shop@example.org", ["ada@example.org"])
"""


def by_smtplib(host: str, port: int, folder: Path) -> None:
    with smtplib.SMTP(host, port, timeout=10) as client:
        client.sendmail("shop@example.org", ["ada@example.org"], b"Subject: Sent by smtplib\r\n\r\nHello\r\n")


def by_curl(host: str, port: int, folder: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    mail = folder / "mail.eml"
    mail.write_bytes(b"Subject: Sent by curl\r\n\r\nHello\r\n")
    envelope = ["--mail-from", "shop@example.org", "--mail-rcpt", "ada@example.org"]
    subprocess.run(["curl", "-sS", f"smtp://{host}:{port}", *envelope, "--upload-file", str(mail)], check=True, timeout=20)


def by_django(host: str, port: int, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", DJANGO.format(host=host, port=port)], check=True, timeout=20)


@pytest.mark.parametrize(("send", "subject"), [(by_smtplib, "smtplib"), (by_curl, "curl"), (by_django, "Django")])
def test_mail_appears_within_a_second(page, served, tmp_path, send, subject):
    page.evaluate("window.notReloaded = true")
    send(*served.smtp, tmp_path)
    expect(page.get_by_role("option").filter(has_text=f"Sent by {subject}")).to_be_visible(timeout=1000)
    assert page.evaluate("window.notReloaded")
