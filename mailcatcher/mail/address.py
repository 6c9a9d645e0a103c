"""An address as it stands in a header field (RFC 5322 3.4)."""

import msgspec


class Address(msgspec.Struct, frozen=True):
    """A mailbox of a header field: display name (may be empty) and addr-spec, both decoded."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address
