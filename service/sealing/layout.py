"""Storage slots of the released contracts (docs/format.md, section 4), and the packed custody slot."""

from dataclasses import dataclass

from service.sealing.hashing import keccak256

PARTICIPANTS_SLOT = bytes(32)
PARTIES_SLOT = 4


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
