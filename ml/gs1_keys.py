"""GS1 keys of the freight: an SSCC for each leg, a GLN for each airport, as canonical Digital Links."""

from __future__ import annotations

import hashlib
import re

from ml.identifiers import canonical
from ml.shipment import SLOTS, Slot

COMPANY = "9521321"
"""A made-up GS1 Company Prefix inside 952, which GS1 keeps for demonstrations and examples."""

_SSCC_LINK = re.compile(r"/00/(\d{18})(?:[/?#]|$)")
_GLN_LINK = re.compile(r"/414/(\d{13})(?:[/?#]|$)")
_SSCC_URN = re.compile(r"^urn:epc:id:sscc:(\d{6,12})\.(\d)(\d+)$")
_SGLN_URN = re.compile(r"^urn:epc:id:sgln:(\d{6,12})\.(\d*)\.")


def _checked(digits: str) -> str:
    """`digits` with the GS1 mod-10 check digit behind (GS1 General Specifications, 7.9.1)."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def sscc(nr: int, slot: Slot) -> str:
    """The leg's SSCC as a canonical Digital Link. Raises ValueError unless 0 <= nr < 100,000,000."""
    if not 0 <= nr < 100_000_000:
        raise ValueError(f"nr {nr} does not fit the eight digits that an SSCC leaves for it")
    return f"https://id.gs1.org/00/{_checked(f'0{COMPANY}{nr:08d}{SLOTS.index(slot) + 1}')}"


def gln(place: int) -> str:
    """An airport's GLN as a canonical Digital Link. Raises ValueError unless 0 <= place < 100,000."""
    if not 0 <= place < 100_000:
        raise ValueError(f"place {place} does not fit the five digits that a GLN leaves for it")
    return f"https://id.gs1.org/414/{_checked(f'{COMPANY}{place:05d}')}"


def unit_of(epc: str) -> str | None:
    """The canonical Digital Link of an SSCC in either spelling; None for anything else."""
    if link := _SSCC_LINK.search(epc):
        return f"https://id.gs1.org/00/{link[1]}"
    if urn := _SSCC_URN.match(epc):
        return f"https://id.gs1.org/00/{_checked(urn[2] + urn[1] + urn[3])}"
    return None


def place_of(location: str) -> int | None:
    """The masked airport id behind a GLN of ours in either spelling; None for any other location."""
    if link := _GLN_LINK.search(location):
        digits = link[1][:12]
    elif urn := _SGLN_URN.match(location):
        digits = urn[1] + urn[2]
    else:
        return None
    return int(digits[len(COMPANY) :]) if digits.startswith(COMPANY) and len(digits) == 12 else None


def place_id(location: str) -> int:
    """A number for any location: that of `place_of`, else one of 48 bits that only this location has.

    Spellings of one location (`ml.identifiers`) have one number.
    """
    ours = place_of(location)
    if ours is not None:
        return ours
    return 100_000 + int.from_bytes(hashlib.sha256(canonical(location).encode()).digest()[:6], "big")
