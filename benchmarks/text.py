"""Realistic mail from a seeded vocabulary with Zipf-like frequencies.

A mail of one repeated letter makes an index look twice as fast as it is, so every text here is drawn from 30,000 words: the commonest is in
nearly every mail, the median word in a few in ten thousand. The same seed gives the same mails.
"""

import base64
import itertools
import random
from dataclasses import dataclass
from functools import cached_property

CONSONANTS = ("b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch", "qu", "pl")
VOWELS = ("a", "e", "i", "o", "u", "ea", "io", "ou")
ENDINGS = ("", "", "n", "s", "t", "r", "ng", "l", "d")
VOCABULARY = 30_000
EXPONENT = 1.07  # of natural English text
LINE = 76
SENDERS = 40
RECIPIENTS = 20_000
MAILS_A_SECOND = 1_000  # of one Date


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the client sends it: envelope and content with CRLF, without the final dot."""

    sender: str
    recipient: str
    content: bytes


class Author:
    """Writes mails; every random choice comes from `seed`."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._number = itertools.count(seed * 10_000_000 + 1)

    @cached_property
    def vocabulary(self) -> list[str]:
        """All words, the commonest first; the same for every seed, and shorter where they are commoner."""
        chance = random.Random(0)
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            syllables = 1 + (len(words) > 300) + (len(words) > 3_000) + (chance.random() < 0.3)
            word = "".join(chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(syllables))
            words[word + chance.choice(ENDINGS)] = None
        return list(words)

    @cached_property
    def _weights(self) -> list[float]:
        return list(itertools.accumulate(1 / (rank + 2.7) ** EXPONENT for rank in range(1, VOCABULARY + 1)))

    def words(self, count: int) -> list[str]:
        """So many words, drawn by frequency."""
        return self._random.choices(self.vocabulary, cum_weights=self._weights, k=count)

    def prose(self, size_bytes: int) -> str:
        """Text of about so many bytes in lines of at most 76 characters, CRLF between them."""
        lines: list[str] = []
        line = ""
        remaining = size_bytes
        for word in self.words(size_bytes // 4 + 8):
            if len(line) + len(word) >= LINE:
                lines.append(line)
                remaining -= len(line) + 2
                line = ""
                if remaining <= 0:
                    break
            line = f"{line} {word}" if line else word.capitalize()
        return "\r\n".join(lines)

    def plain(self, size_bytes: int = 1024) -> Mail:
        """A plain text mail of about so many bytes."""
        head, sender, recipient = self._head("text/plain; charset=utf-8")
        body = self.prose(max(40, size_bytes - len(head) - 40))
        return Mail(sender, recipient, f"{head}\r\n{body}\r\n".encode())

    def alternative(self, size_bytes: int = 3072) -> Mail:
        """Text and HTML of the same words, as an application's template sends them."""
        head, sender, recipient = self._head('multipart/alternative; boundary="=-alt"')
        budget = max(200, size_bytes - len(head) - 700)
        text = self.prose(budget * 2 // 5)
        return Mail(sender, recipient, f"{head}\r\n{self._bodies(text, '=-alt')}".encode())

    def attached(self, size_bytes: int) -> Mail:
        """Text, HTML and one PDF-like attachment in base64; about so many bytes in all."""
        head, sender, recipient = self._head('multipart/mixed; boundary="=-mix"')
        text = self.prose(600)
        inner = self._bodies(text, "=-alt")
        room = max(100, size_bytes - len(head) - len(inner) - 400)
        block = self._random.randbytes(min(room * 54 // 74, 57 * 900))  # repeated for large ones: nobody indexes it
        encoded = base64.encodebytes(block).replace(b"\n", b"\r\n")
        payload = (encoded * (room // len(encoded) + 1))[: room // 78 * 78]
        start = (
            f'{head}\r\n--=-mix\r\nContent-Type: multipart/alternative; boundary="=-alt"\r\n\r\n{inner}\r\n--=-mix\r\n'
            'Content-Type: application/pdf; name="invoice.pdf"\r\nContent-Disposition: attachment; filename="invoice.pdf"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        return Mail(sender, recipient, start.encode() + payload + b"\r\n--=-mix--\r\n")

    def _head(self, content_type: str) -> tuple[str, str, str]:
        number = next(self._number)
        chance = self._random
        sender = f"{self.vocabulary[300 + chance.randrange(SENDERS)]}@shop.example.com"
        who = chance.randrange(RECIPIENTS)
        name = f"{self.vocabulary[who % 7_000].capitalize()} {self.vocabulary[7_000 + who].capitalize()}"
        recipient = f"{self.vocabulary[who % 7_000]}.{who}@example.org"
        second = number // MAILS_A_SECOND
        order = f" {number % 100_000}" if chance.random() < 0.25 else ""
        head = (
            f"Date: Tue, 24 Nov 2026 {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d} +0000\r\n"
            f"From: Shop <{sender}>\r\nTo: {name} <{recipient}>\r\n"
            f"Subject: {' '.join(self.words(chance.randrange(3, 8))).capitalize()}{order}\r\n"
            f"Message-ID: <{number:x}.{chance.getrandbits(48):012x}@mail.shop.example.com>\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n"
        )
        return head, sender, recipient

    def _bodies(self, text: str, boundary: str) -> str:
        paragraphs = "".join(f'<p style="margin:0 0 12px">{line}</p>\r\n' for line in text.split("\r\n"))
        return (
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            f"--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
            '<!doctype html><html><head><meta charset="utf-8"><style>body{font-family:sans-serif;color:#222}</style></head><body>\r\n'
            f'{paragraphs}<p><a href="https://shop.example.com/confirm?token={self._random.getrandbits(64):016x}">Confirm</a></p>\r\n'
            f"</body></html>\r\n--{boundary}--\r\n"
        )
