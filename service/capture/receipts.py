"""What a supplier gets back, and what one who signs with an own key sends in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CaptureState = Literal["captured", "sealed", "refused"]
PART_STATES = ("waiting", "packed", "sealed", "refused")


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """One signed unit of a capture: its id on chain, how far it is, and why the chain refused it, if it did."""

    id: bytes
    state: str
    entries: int
    signer: bytes
    deadline: int
    transaction: bytes | None
    block: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """An accepted document. `refused` lists the events left out (only with `proceed`): index and faults.

    `proceed` says whether faulty events were to be left out, had there been any. `document` is what the document said
    of itself (its members without events and master data); None where events came without one, and in lists.
    """

    id: UUID
    received_at: datetime
    events: int
    entries: int
    event_ids: tuple[str, ...]
    parts: tuple[PartReceipt, ...]
    refused: tuple[Any, ...] = field(default=())
    proceed: bool = False
    document: dict[str, Any] | None = None

    @property
    def state(self) -> CaptureState:
        """`sealed` once every part is on the chain; `refused` if the chain refused one; else `captured`.

        A document of master data alone has no parts, and stays `captured`.
        """
        states = {part.state for part in self.parts}
        if states == {"sealed"}:
            return "sealed"
        return "refused" if "refused" in states else "captured"

    def told(self) -> dict[str, Any]:
        """The receipt as the API tells it."""
        return {
            "captureID": str(self.id),
            "state": self.state,
            "receivedAt": self.received_at.isoformat(),
            "events": self.events,
            "entries": self.entries,
            "eventIDs": list(self.event_ids),
            "parts": [
                {
                    "id": f"0x{part.id.hex()}",
                    "state": part.state,
                    "entries": part.entries,
                    "signer": f"0x{part.signer.hex()}",
                    "deadline": part.deadline,
                    "transaction": f"0x{part.transaction.hex()}" if part.transaction else None,
                    "block": part.block,
                    "refusal": part.refusal,
                }
                for part in self.parts
            ],
            "refused": list(self.refused),
            "document": self.document,
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a party with an own key is to check, sign and send to `submit`.

    `events`: (document bytes, nonce, seal) in order; `parts`: the typed data (EIP-712) to sign, in order.
    """

    events: tuple[tuple[bytes, bytes, bytes], ...]
    typed_data: tuple[dict[str, Any], ...]
    part_ids: tuple[bytes, ...]
    deadline: int
    refused: tuple[Any, ...] = ()


class SignedEvent(BaseModel):
    """An event as `prepare` gave it: its document and the 16-byte nonce in hex."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any]
    nonce: str = Field(pattern="^0x[0-9a-f]{32}$")


class SignedDocument(BaseModel):
    """A prepared document with the party's signatures, one for each part, 65 bytes in hex."""

    model_config = ConfigDict(extra="forbid")

    events: list[SignedEvent] = Field(min_length=1)
    deadline: int = Field(ge=0, lt=2**63)
    signatures: list[str] = Field(min_length=1)
