"""Signing anew, with a key of one's own, what the chain did not take as it was signed."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.callers import InRooms, needs, refused
from service.api.errors import BodyTooLarge, RequestInvalid
from service.api.shapes import ReceiptShape
from service.api.spec import returned
from service.capture import errors
from service.parties.caller import Caller
from service.parties.errors import NotDeployed, PartyIsSuspended
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/captures", tags=["captures"])
Writer = Annotated[Caller, Depends(needs(Scope.CAPTURES_WRITE))]
_HASH = "0x" + "a7" * 32


class UnsignedPart(BaseModel):
    """A part to sign; `refusal` is what the chain said, null where it still waits with a revoked key."""

    id: Annotated[str, Field(examples=[_HASH])]
    refusal: str | None
    typedData: dict[str, Any]  # noqa: N815


class UnsignedShape(BaseModel):
    """What needs the party's signature; `advice` says what to do."""

    parts: list[UnsignedPart]
    deadline: Annotated[int, Field(description="Unix seconds", examples=[1772323200])]
    advice: Literal["sign", "nothing"]


class FreshSignature(BaseModel):
    """The signature (`eth_signTypedData_v4`, 65 bytes in hex) of a part."""

    model_config = ConfigDict(extra="forbid")

    part: Annotated[str, Field(pattern="^0x[0-9a-f]{64}$", examples=[_HASH])]
    signature: Annotated[str, Field(max_length=132, examples=["0x" + "5c" * 64 + "1b"])]


class FreshSignatures(BaseModel):
    """Signatures of parts, all with the deadline as it was told."""

    model_config = ConfigDict(extra="forbid")

    deadline: Annotated[int, Field(ge=0, lt=2**53, examples=[1772323200])]
    signatures: Annotated[list[FreshSignature], Field(min_length=1, max_length=10_000)]


@router.get(
    "/{capture}/unsigned",
    responses=returned(200, UnsignedShape, "What to sign anew")
    | refused(PartyIsSuspended, errors.CaptureNotFound, NotDeployed, RequestInvalid),
)
async def unsigned(capture: UUID, caller: Writer, rooms: InRooms) -> Response:
    """What of a capture the chain refused, or will refuse, for its signature: after a revocation, say."""
    renewal = await rooms.renewals.prepare(caller, capture)
    parts = [{"id": hexed(part), "refusal": why, "typedData": typed} for part, why, typed in renewal.parts]
    return Json({"parts": parts, "deadline": renewal.deadline, "advice": "sign" if parts else "nothing"})


@router.post(
    "/{capture}/signatures",
    status_code=202,
    responses=returned(202, ReceiptShape, "On its way to the chain again")
    | refused(
        PartyIsSuspended,
        errors.CaptureNotFound,
        errors.SignatureRefused,
        NotDeployed,
        BodyTooLarge,
        RequestInvalid,
    ),
)
async def sign(capture: UUID, signed: FreshSignatures, caller: Writer, rooms: InRooms) -> Response:
    """Takes fresh signatures by another key of the party; the words stay, so nothing is sealed twice."""
    given = {one.part: one.signature for one in signed.signatures}
    return Json((await rooms.renewals.submit(caller, capture, signed.deadline, given)).told(), 202)
