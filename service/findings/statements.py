"""What is judged: statements as somebody was shown them, from the service or from a bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.sealing.entries import Step

MasterData = Mapping[str, Mapping[str, tuple[Any, ...]]]
"""Attributes of places, products and parties: by canonical identifier, then by name (a full URI), their values."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What the registry says of the key that signed a statement, as far as it is known.

    `address`: 20 bytes. `bound_from`: since when the key may record for its party. `compromised_from`: since when it is
    not to be trusted; None where it is not revoked.
    """

    address: bytes
    bound_from: datetime | None = None
    compromised_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One entry of a trail with its event.

    `trail`: canonical identifier of the thing. `index`: place on the trail, in the ledger's order. `document`: the
    event; None where it is withheld or erased (`erased` says which). `party`, `recipient`: canonical identifiers, or a
    party id in hex where the identifier is not known. `block_time`: Unix seconds. `disputed`: reasons of the contract.
    """

    trail: str
    index: int
    seal: bytes
    document: Mapping[str, Any] | None
    party: str
    step: Step
    recipient: str | None
    block_time: int
    key: KeyFacts | None = None
    disputed: tuple[str, ...] = ()
    erased: bool = False
