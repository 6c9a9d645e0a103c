"""Mails in which search could go wrong: scripts, empty and broken headers, control characters, every kind of part."""

_PARTS = """\
Content-Type: multipart/mixed; boundary=b
Subject: parts

--b
Content-Type: text/html

<p>Thank <b>you</b> <a href="http://x.example/">link</a>
--b
Content-Disposition: attachment; filename="Rechnung März.pdf"
Content-Type: application/pdf

x
--b--
"""

_TEXTS = (
    "",
    "\n",
    "no header at all",
    "Subject:\n\n",
    "Subject: Hello World\nFrom: Ada <ada@example.net>\n\nplain words, under_score and e-mail",
    "subject: second\nSUBJECT: third\nX-Campaign: spring sale\nX-Campaign: autumn\n\nspring body",
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=\nFrom: =?utf-8?b?SsO8cmdlbg==?= <j@example.org>\n\nStraße",
    "Subject: Grüße raw\nX-Ünï: wörd value\nFrom: Jürgen <jürgen@exämple.org>\n\nraw 8 bit",
    "Subject: =?utf-8?b?5rOo5paH55Wq5Y+3?= 1042\nContent-Type: text/plain; charset=utf-8\n\n注文番号 1042 です。ありがとう",
    "Subject: emoji 🎉🎊 party\nContent-Type: text/plain; charset=utf-8\n\nเบิกเงิน ½ ﬁne Ⅷ ＦＵＬＬ",
    "Subject: ascii\nX-Long: one\n two\n\tthree\nX-Empty:\nX-Blank:   \n\nx",
    "Subject: header: in subject\nX-Header: subject: nested\n\nX-Body: not a header",
    "Subject: nul \0 and ctl \x01\x7f\nTo: a@b, , <c@d>;\n\n\0\0 body \0 word",
    "Subject: long\n\n" + "word " * 3000 + "x" * 40_000,
    "From: <>\nTo: undisclosed-recipients:;\nBcc: secret <hidden@example.org>\nSubject: bcc\n\nb",
    "To: ada@example.net\nCc: bob@example.com\nReply-To: help@example.org\nMessage-ID: <42.abc@shop.example.org>\n\ncode 123456",
    "Message-ID: =?utf-8?q?enc=C3=B6ded?=\n\nid",
    _PARTS,
    "Content-Type: text/html\nSubject: only html\n\n<h1>Hello</h1><script>secret()</script><p>World &amp; more</p>",
    "Subject: invite\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
    "Subject: quo\"te' (paren) [bracket] *star* ?mark %percent\nFrom: \"O'Neil, *\" <o'neil*@example.org>\n\n\\ back % _",
    "Subject: a\n\na",
    "Subject : space before colon\nX-Fold:\n folded only\n\nz",
    "From mbox Thu Jan 1\nSubject: mbox\n\nz",
    "Subject: ok\nthis line is broken\nX-After: still here\n\nz",
)

ODD_MAILS = [
    *(text.replace("\n", "\r\n").encode() for text in _TEXTS),
    b"Subject: bare lf\nX-One: two\n\nbody\n",
    b"Subject: bare cr\rX-Fake: no\r\n\r\nbody",
    b"\nSubject: after an empty line\n\nbody",
    b"Subject: latin \xe9t\xe9\r\nX-Latin: caf\xe9\r\n\r\n\xe9",
    b"Subject: =?x-unknown?q?=FF?= =?utf-8?b?!!!?=\r\n\r\nz",
]
