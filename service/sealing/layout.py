"""Storage slots of the released contracts (docs/format.md, section 4), and the packed custody slot."""

from dataclasses import dataclass

from service.sealing.hashing import keccak256

PARTICIPANTS_SLOT = bytes(32)
PARTIES_SLOT = 4
KEYS_SLOT = 6


def mapping_slot(key: bytes, slot: int) -> bytes:
    """Slot of `mapping[key]` for a mapping at `slot` (Solidity: `keccak256(key ‖ slot)`), 32 bytes."""
    return keccak256(key, slot.to_bytes(32, "big"))


def head_slot(trail: bytes) -> bytes:
    """Slot of a trail's head."""
    return mapping_slot(trail, 1)


def custody_slot(trail: bytes) -> bytes:
    """Slot of a trail's custody, holds and disputes."""
    return mapping_slot(trail, 2)


def party_id_slot(number: int) -> bytes:
    """Slot in `Participants` of the id of the party with this number."""
    return mapping_slot(number.to_bytes(32, "big"), PARTIES_SLOT)


def party_standing_slot(number: int) -> bytes:
    """Slot in `Participants` of the roles of the party with this number, and whether it is suspended."""
    return (int.from_bytes(party_id_slot(number), "big") + 1).to_bytes(32, "big")


def key_slot(address: bytes) -> bytes:
    """Slot in `Participants` of what the key with this 20-byte address is bound to."""
    return mapping_slot(address.rjust(32, b"\x00"), KEYS_SLOT)


@dataclass(frozen=True, slots=True)
class Standing:
    """A party's second slot: its roles (bits), and whether it is suspended."""

    roles: int
    suspended: bool

    @classmethod
    def unpack(cls, word: bytes) -> "Standing":
        """From the 32 bytes of the slot.

        Raises:
            ValueError: bits are set that the layout does not use.
        """
        value = int.from_bytes(word, "big")
        if value >> 40 or value >> 32 > 1:
            raise ValueError("the slot of a party's roles has bits that its layout does not use")
        return cls(value & 0xFFFFFFFF, bool(value >> 32))


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """A key's slot: the number of its party (0: never bound), and Unix seconds; `compromised_from` 0: not revoked."""

    party: int = 0
    valid_from: int = 0
    valid_to: int = 0
    compromised_from: int = 0

    @classmethod
    def unpack(cls, word: bytes) -> "KeyBinding":
        """From the 32 bytes of the slot.

        Raises:
            ValueError: bits are set that the layout does not use.
        """
        value = int.from_bytes(word, "big")
        if value >> 224:
            raise ValueError("the slot of a key has bits that its layout does not use")
        valid_from, valid_to, compromised_from = (value >> shift & 2**64 - 1 for shift in range(32, 224, 64))
        return cls(value & 0xFFFFFFFF, valid_from, valid_to, compromised_from)

    def is_valid_at(self, time: int) -> bool:
        """Whether the key could record in a block of this time, as far as nobody had revoked it by then."""
        return self.valid_from <= time < self.valid_to

    def is_doubtful_at(self, time: int) -> bool:
        """Whether what it recorded at this time is not to be trusted, as its revocation says."""
        return 0 < self.compromised_from <= time


@dataclass(frozen=True, slots=True)
class Custody:
    """The custody slot: parties by their number in `Participants` (0 is nobody), open holds, disputes so far."""

    custodian: int = 0
    offered_to: int = 0
    commissioner: int = 0
    holds: int = 0
    disputes: int = 0
    commissioned: bool = False
    decommissioned: bool = False

    @classmethod
    def unpack(cls, word: bytes) -> "Custody":
        """From the 32 bytes of the slot.

        Raises:
            ValueError: bits are set that the layout does not use.
        """
        value = int.from_bytes(word, "big")
        custodian, offered_to, commissioner, holds, disputes = (
            value >> shift & 0xFFFFFFFF for shift in range(0, 160, 32)
        )
        commissioned, decommissioned = value >> 160 & 0xFF, value >> 168 & 0xFF
        if value >> 176 or commissioned > 1 or decommissioned > 1:
            raise ValueError("the custody slot has bits that its layout does not use")
        return cls(custodian, offered_to, commissioner, holds, disputes, bool(commissioned), bool(decommissioned))
