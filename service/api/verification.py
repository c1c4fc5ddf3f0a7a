"""Verifying a bundle over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import BodyTooLarge, NothingTrusted, RequestInvalid
from service.api.spec import returned
from service.api.verification_shapes import VerdictShape
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.sealing.checkpoint import BadCheckpoint, read_line
from service.sealing.report import as_json
from service.sealing.trust import Trust, Validators, Witnesses
from service.trails.errors import VerifierBusy
from service.trails.verifying import MOST_BYTES

__all__ = ["MOST_BYTES", "PATH", "router"]

PATH = "/v1/verify"
router = APIRouter(tags=["trails"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
Address = Annotated[str, Query(pattern=r"^0x[0-9a-fA-F]{40}$")]
Addresses = Annotated[list[Address], Query(max_length=100)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bundle file, as it is (docs/format.md, section 5)",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    PATH,
    openapi_extra=_BODY,
    responses=returned(200, VerdictShape, "The verdict, whether the bundle holds or not")
    | refused(BodyTooLarge, RequestInvalid, NothingTrusted, BadCheckpoint, VerifierBusy),
)
async def verify(
    request: Request,
    caller: Reader,  # noqa: ARG001 (who asks matters to nobody else)
    rooms: InRooms,
    *,
    block: Annotated[str | None, Query(pattern=r"^0x[0-9a-fA-F]{64}$", description="hash of a trusted block")] = None,
    ledger: Annotated[
        str | None, Query(pattern=r"^0x[0-9a-fA-F]{40}$", description="address of the consortium's Provenance")
    ] = None,
    validator: Annotated[Addresses, Query(description="a QBFT validator; give it once for each")] = [],  # noqa: B006
    witness: Annotated[Addresses, Query(description="a witness; give it once for each")] = [],  # noqa: B006
    required: Annotated[int, Query(ge=1, le=100, description="how many witnesses must agree")] = 1,
    checkpoint: Annotated[
        list[Annotated[str, Query(max_length=1024)]],
        Query(max_length=50, description="a checkpoint of a witness, as its line; give it once for each"),
    ] = [],  # noqa: B006
) -> Response:
    """Runs the twelve steps of the verification on a bundle, against what you say that you trust.

    Whoever trusts nobody runs `trailseal verify`, or the page, without us.
    """
    trust = _trust(block, validator, witness, required, checkpoint)
    with rooms.verifications.place():
        file = await request.body()
        return Json(as_json(await rooms.verifications.verdict(file, trust, _raw(ledger))))


def _trust(block: str | None, validators: list[str], witnesses: list[str], required: int, lines: list[str]) -> Trust:
    try:
        return Trust(
            _raw(block),
            Validators(_addresses(validators)) if validators else None,
            Witnesses(_addresses(witnesses), required, tuple(read_line(line.encode()) for line in lines))
            if witnesses
            else None,
        )
    except UnicodeEncodeError as fault:
        raise BadCheckpoint("a checkpoint is UTF-8 text") from fault
    except ValueError as fault:
        raise NothingTrusted(f"{fault}: give `block`, `validator`, or `witness` with `required`") from fault


def _addresses(texts: list[str]) -> frozenset[bytes]:
    return frozenset(bytes.fromhex(text[2:]) for text in texts)


def _raw(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text[2:])
