"""How much work one mail may cause; hitting a limit is a defect, never an error."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of parsing one mail. All but `seconds` are counted, so the same mail always parses the same."""

    depth: int = 20  # real mail nests up to about 8 deep; each level is one more search over the bytes
    parts: int = 1_000  # no real mail has more; about 5 ms of parsing
    boundaries: int = 20_000  # lines that begin like a boundary and are none; 20 ms
    header_bytes: int = 131_072  # of all header blocks together; long Received and ARC chains reach 30 kB, Postfix cuts a field at 100 kB
    addresses: int = 2_000  # in one field; RFC 5321 4.5.3.1.8 asks for 100 recipients, list exports show some hundred
    text_bytes: int = 8_388_608  # of bodies decoded for text and HTML; the page shows HTML up to 5 MB
    seconds: float = 1.0  # of this thread on the processor; a backstop, the limits above keep a parse far below it


DEFAULT_BUDGET = Budget()
