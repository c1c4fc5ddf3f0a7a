"""What an auditor trusts, and brings along from elsewhere: what makes a block trusted (docs/format.md, section 7)."""

from dataclasses import dataclass

from service.sealing.checkpoint import SignedCheckpoint


@dataclass(frozen=True, slots=True)
class Validators:
    """The 20-byte addresses of a QBFT chain's validators, as the consortium's members published them.

    Raises:
        ValueError: none, or an address that is not 20 bytes.
    """

    addresses: frozenset[bytes]

    def __post_init__(self) -> None:
        _check_addresses(self.addresses)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Witnesses by their 20-byte addresses, how many of them must agree, and the checkpoints that they signed.

    Raises:
        ValueError: none, an address that is not 20 bytes, or `required` not from 1 to their number.
    """

    addresses: frozenset[bytes]
    required: int
    checkpoints: tuple[SignedCheckpoint, ...]

    def __post_init__(self) -> None:
        _check_addresses(self.addresses)
        if not 1 <= self.required <= len(self.addresses):
            raise ValueError(f"of {len(self.addresses)} witnesses {self.required} cannot be required")


@dataclass(frozen=True, slots=True)
class Trust:
    """At least one of these; each one that is given must hold.

    `block` is the 32-byte hash of a block that the auditor trusts.

    Raises:
        ValueError: nothing is given, or a hash that is not 32 bytes.
    """

    block: bytes | None = None
    validators: Validators | None = None
    witnesses: Witnesses | None = None

    def __post_init__(self) -> None:
        if self.block is None and self.validators is None and self.witnesses is None:
            raise ValueError("say what you trust: a block hash, validators or witnesses")
        if self.block is not None and len(self.block) != 32:
            raise ValueError(f"a block hash has 32 bytes, this one has {len(self.block)}")


def _check_addresses(addresses: frozenset[bytes]) -> None:
    if not addresses:
        raise ValueError("name at least one address")
    for address in addresses:
        if len(address) != 20:
            raise ValueError(f"an address has 20 bytes, 0x{address.hex()[:80]} has {len(address)}")
