"""One mail all the way: in by SMTP, out by HTTP, byte for byte."""

import socket
import urllib.request

import pytest

CONTENTS = {
    "dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\n...three\r\nmiddle.dot\r\n.",
    "line ends": b"Subject: ends\r\n\r\nbare\nlf\rcr\r\r\nmixed\n\r\n",
    "trailing blanks": b"Subject: blanks \t \r\n\r\ntext  \t\r\n \r\n\t\r\n\r\n\r\n",
    "8-bit": b"Subject: \xc3\xa4\xff\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
    "NUL": b"Subject: nul\r\n\r\na\0b\0\r\n\0\r\n",
    "long line": b"Subject: long\r\n\r\n" + b"x" * 2000 + b"\r\n" + b"." + b"y" * 1999 + b"\r\n",
    "no header": b"\r\njust text\r\n",
    "nothing": b"",
}


def send(address: tuple[str, int], content: bytes) -> None:
    """Send content as a client does that stuffs dots and changes nothing else."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        stuffed = b"." + stuffed
    end = b".\r\n" if not content or content.endswith(b"\r\n") else b"\r\n.\r\n"
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n" + stuffed + end + b"QUIT\r\n")
        replies = b""
        while chunk := client.recv(4096):
            replies += chunk
    assert b"250 2.0.0 Ok: queued as" in replies, replies


@pytest.fixture(scope="module")
def server():
    """One server for all contents."""
    from tests.cli.conftest import Process

    process = Process("--smtp", "127.0.0.1:0", "--http", "127.0.0.1:0")
    yield process
    process.stop()


@pytest.mark.parametrize("name", CONTENTS)
def test_raw_equals_the_bytes_sent(server, name):
    content = CONTENTS[name]
    send(server.smtp, content)
    sent = content if not content or content.endswith(b"\r\n") else content + b"\r\n"  # the line end before the dot is content
    with urllib.request.urlopen(server.url + "api/messages/latest/raw") as answer:
        assert answer.read() == sent


@pytest.mark.parametrize("port", ["smtp", "http"])
def test_random_bytes_on_either_port_leave_the_server_well(server, port):
    import random

    chance = random.Random(7)
    address = server.smtp if port == "smtp" else ("127.0.0.1", int(server.announced["http"].rpartition(":")[2]))
    for _ in range(30):
        with socket.create_connection(address, timeout=10) as client:
            try:
                client.sendall(chance.randbytes(chance.randrange(1, 20_000)))
                client.shutdown(socket.SHUT_WR)
                while client.recv(65_536):
                    pass
            except OSError:
                pass  # closed on us, which is an answer too
    send(server.smtp, b"Subject: after\r\n\r\n")
    with urllib.request.urlopen(server.url + "api/messages/latest/raw") as answer:
        assert answer.read() == b"Subject: after\r\n\r\n"
