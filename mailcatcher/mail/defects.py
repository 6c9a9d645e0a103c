"""Every defect there is: a stable id and one plain sentence."""

from mailcatcher.mail.values import Defect

TEXTS = {
    "budget_depth": "Parts are nested deeper than {} levels; what lies deeper was not read.",
    "budget_parts": "There are more than {} parts; the rest was not read.",
    "budget_boundaries": "More than {} lines begin like a boundary and are none; the rest was not read.",
    "budget_header_bytes": "The header blocks are longer than {} bytes; the rest was not read.",
    "budget_addresses": "An address field holds more than {} addresses; the rest was not read.",
    "budget_text_bytes": "A body is longer than {} bytes; the rest was not read.",
    "budget_seconds": "Reading took longer than {} s and was stopped.",
    "no_header": "There is no header at all.",
    "no_from": "There is no From field (RFC 5322 3.6).",
    "no_date": "There is no Date field (RFC 5322 3.6).",
    "no_message_id": "There is no Message-ID field (RFC 5322 3.6.4).",
    "bad_date": "The Date field cannot be read (RFC 5322 3.3).",
    "bad_address": "The {} field holds something that is no address (RFC 5322 3.4).",
    "duplicate_header": "The {} field may occur once and occurs {} times (RFC 5322 3.6).",
    "malformed_header": "A header line is neither a field nor a continuation (RFC 5322 2.2).",
    "missing_separator": "No empty line separates header and body (RFC 5322 2.1).",
    "mbox_from": "The first line is an mbox separator (`From `), not a field.",
    "raw_utf8_header": "A header holds raw UTF-8, which is allowed only with SMTPUTF8 (RFC 6532).",
    "raw_8bit_header": "A header holds raw 8-bit bytes that are not UTF-8 (RFC 5322 2.2); read as windows-1252.",
    "bad_encoded_word": "An encoded word cannot be decoded (RFC 2047) and is left as it is.",
    "bad_content_type": "The Content-Type cannot be read (RFC 2045 5.2); taken for text/plain.",
    "bad_charset": "The charset {!r} is unknown; read as {}.",
    "charset_mismatch": "The text is not valid {}; read as {}.",
    "unknown_encoding": "The Content-Transfer-Encoding {!r} is unknown (RFC 2045 6.1); the part is left encoded.",
    "encoded_multipart": "A multipart has the Content-Transfer-Encoding {!r}, which is not allowed (RFC 2045 6.4).",
    "bad_base64": "The base64 of a part is damaged (RFC 2045 6.8).",
    "bad_quoted_printable": "The quoted-printable of a part is damaged (RFC 2045 6.7).",
    "missing_boundary": "A multipart has no boundary parameter, or its boundary never occurs (RFC 2046 5.1.1).",
    "unterminated_multipart": "A multipart lacks its closing boundary (RFC 2046 5.1.1).",
    "long_line": "A line is longer than 998 bytes (RFC 5322 2.1.1).",
    "bare_lf": "A line ends in LF without CR (RFC 5322 2.3).",
    "bare_cr": "There is a CR without LF (RFC 5322 2.3).",
    "nul": "There is a NUL byte (RFC 5322 2.3).",
}


def defect(identifier: str, *values: object, part: str | None = None) -> Defect:
    """The defect with its sentence filled in."""
    return Defect(identifier, TEXTS[identifier].format(*values), part)
