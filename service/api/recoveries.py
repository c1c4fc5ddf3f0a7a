"""What happened to parties and their keys, and letting in again a party that lost its keys."""

from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.api_keys import told_with_token
from service.api.callers import AnyCaller, InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid, TooManyRequests
from service.api.paging import Cursor, Limit, number_at, page
from service.api.parties import PartyId
from service.api.problems import refusals
from service.api.shapes import ADDRESS, PARTY, ApiKeyWithToken, Text
from service.api.spec import listed, returned
from service.errors import TrailsealError
from service.parties import errors
from service.parties.caller import Caller
from service.parties.recovery import Halves
from service.parties.roles import names_of
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1", tags=["recovery"])
Administrator = Annotated[Caller, Depends(needs(Scope.CONSORTIUM_ADMIN))]
Code = Annotated[str, StringConstraints(max_length=200, pattern=r"^[\x21-\x7e]+$")]
_CODE = "tr_0b5d7a645a0f4a538b8f6f6f9d1f8f10_<secret>"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewRecovery(_Shape):
    """Why, and which signing keys are lost, too; `compromisedFrom` where they were stolen."""

    reason: Annotated[Text, Field(examples=["the office burnt down; told by phone, called back"])]
    signingKeys: Annotated[  # noqa: N815
        list[Annotated[str, Field(max_length=42)]], Field(max_length=1000, examples=[[ADDRESS]])
    ] = []
    compromisedFrom: Annotated[AwareDatetime | None, Field(examples=["2026-03-01T00:00:00Z"])] = None  # noqa: N815


class RecoveryShape(_Shape):
    """A recovery. `needed` is how many administrators it takes; `expiresAt` the end of its present state."""

    id: str
    party: Annotated[str, Field(examples=[PARTY])]
    state: Literal["asked", "confirmed", "used", "over"]
    reason: str
    signingKeys: list[str]  # noqa: N815
    compromisedFrom: datetime | None  # noqa: N815
    needed: int
    askedBy: Annotated[str, Field(examples=[PARTY])]  # noqa: N815
    askedByKey: str  # noqa: N815
    askedAt: datetime  # noqa: N815
    confirmedBy: str | None  # noqa: N815
    confirmedByKey: str | None  # noqa: N815
    confirmedAt: datetime | None  # noqa: N815
    expiresAt: datetime  # noqa: N815
    usedAt: datetime | None  # noqa: N815


class RecoveryWithCodes(RecoveryShape):
    """The only response that shows these codes; the party needs all of them, from all administrators."""

    codes: Annotated[list[str], Field(examples=[[_CODE]])]


class RecoveriesShape(_Shape):
    """A party's newest recoveries."""

    items: list[RecoveryShape]


class Enrolment(_Shape):
    """All codes that the administrators gave the party, in any order."""

    codes: Annotated[list[Code], Field(min_length=1, max_length=2, examples=[[_CODE, _CODE]])]
    label: Annotated[Text, Field(examples=["after the fire"])]


class RegistryEventShape(_Shape):
    """What the chain's registry logged, whoever changed it; times in Unix seconds, null where the log has none."""

    kind: Annotated[str, Field(examples=["KeyRevoked"])]
    block: int
    log: int
    time: int
    transaction: Annotated[str, Field(examples=["0x" + "3d" * 32])]
    key: str | None
    number: int | None
    roles: list[str] | None
    validFrom: int | None  # noqa: N815
    validTo: int | None  # noqa: N815
    compromisedFrom: int | None  # noqa: N815


class HistoryShape(_Shape):
    """What happened to a party and its keys on chain, in the chain's order."""

    party: Annotated[str, Field(examples=[PARTY])]
    items: list[RegistryEventShape]


class LogEntryShape(_Shape):
    """Who changed what here; `by` is null for the command line, which only who runs the service can use."""

    at: datetime
    what: Annotated[str, Field(examples=["recovery-confirmed"])]
    by: dict[str, Any] | None
    recovery: str | None
    details: dict[str, Any]


@router.get(
    "/parties/{party}/history",
    responses=returned(200, HistoryShape, "In the chain's order")
    | refused(errors.PartyNotFound, errors.BadAddress, RequestInvalid),
)
async def history(
    caller: AnyCaller,
    party: PartyId,
    rooms: InRooms,
    key: Annotated[str | None, Query(max_length=42, description="of this signing key only")] = None,
) -> Response:
    """How a party stood and which keys it had, as the chain's registry logged it; every member may know it."""
    found = await rooms.histories.of(caller, party, key)
    return Json({"party": hexed(party), "items": [_event(one) for one in found]})


@router.get(
    "/parties/{party}/log",
    responses=listed(LogEntryShape, "The newest first")
    | refused(errors.LogNotFound, errors.PartyNotFound, BadCursor, RequestInvalid),
)
async def log(
    request: Request, caller: AnyCaller, party: PartyId, rooms: InRooms, *, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Who changed the party's keys and standing here, when and why; nobody can change or delete an entry."""
    found, following = await rooms.histories.log(caller, party, number_at(cursor), limit)
    return page(request, [_entry(one) for one in found], following)


@router.post(
    "/parties/{party}/recovery",
    status_code=201,
    responses=returned(201, RecoveryWithCodes, "Asked for; confirmed already where there is one administrator only")
    | refused(
        errors.PartyIsSuspended,
        errors.PartyNotFound,
        errors.RecoveringOneself,
        errors.RecoveryOpen,
        errors.BadAddress,
        errors.SigningKeyNotFound,
        errors.BadRevocation,
        RequestInvalid,
    ),
)
async def ask(caller: Administrator, party: PartyId, asked: NewRecovery, rooms: InRooms) -> Response:
    """Asks to let in again a party that lost its keys; another administrator is to confirm it within a day."""
    found = await rooms.recoveries.ask(caller, party, asked.reason, asked.signingKeys, asked.compromisedFrom)
    return Json(_with_codes(found), 201)


@router.get(
    "/parties/{party}/recoveries",
    responses=returned(200, RecoveriesShape, "The newest first")
    | refused(errors.RecoveryNotFound, errors.PartyNotFound, RequestInvalid),
)
async def recoveries(caller: AnyCaller, party: PartyId, rooms: InRooms, limit: Limit = 50) -> Response:
    """A party's recoveries, for the party itself and for administrators."""
    return Json({"items": [_told(one) for one in await rooms.recoveries.listed(caller, party, limit)]})


@router.post(
    "/recoveries/{recovery}/confirm",
    responses=returned(200, RecoveryWithCodes, "Keys are revoked; the party enrols within an hour")
    | refused(
        errors.PartyIsSuspended,
        errors.RecoveryNotFound,
        errors.RecoveryClosed,
        errors.RecoveringOneself,
        errors.SecondAdministratorNeeded,
        RequestInvalid,
    ),
)
async def confirm(caller: Administrator, recovery: UUID, rooms: InRooms) -> Response:
    """Confirms what another administrator asked for: the party's lost keys are revoked, and it may enrol."""
    return Json(_with_codes(await rooms.recoveries.confirm(caller, recovery)))


@router.delete(
    "/recoveries/{recovery}",
    responses=returned(200, RecoveryShape, "Taken back; keys that were revoked stay so")
    | refused(errors.RecoveryNotFound, errors.RecoveryClosed, RequestInvalid),
)
async def take_back(caller: AnyCaller, recovery: UUID, rooms: InRooms) -> Response:
    """Takes back a recovery that nobody used: by an administrator, or by a party that lost nothing."""
    return Json(_told(await rooms.recoveries.take_back(caller, recovery)))


@router.post(
    "/enrolments",
    status_code=201,
    responses=returned(201, ApiKeyWithToken, "The party's new API key; its token is shown only here")
    | refusals(errors.EnrolmentRefused, TooManyRequests, RequestInvalid, TrailsealError),
)
async def enrol(request: Request, enrolment: Enrolment, rooms: InRooms) -> Response:
    """Makes the recovered party's new API key, once. With it, it binds its new signing key, as always."""
    request.app.state.rates.count("enrolments")
    key, token = await rooms.recoveries.enrol(enrolment.codes, enrolment.label)
    return Json(told_with_token(key, token), 201)


class _Recovery(Protocol):
    id: UUID
    party: bytes
    reason: str
    signing_keys: list[bytes]
    compromised_from: datetime | None
    needed: int
    asked_by: bytes
    asked_by_key: str
    asked_at: datetime
    confirmed_by: bytes | None
    confirmed_by_key: str | None
    confirmed_at: datetime | None
    expires_at: datetime
    used_at: datetime | None


def _told(one: _Recovery) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "party": hexed(one.party),
        "state": _state(one),
        "reason": one.reason,
        "signingKeys": [hexed(address) for address in one.signing_keys],
        "compromisedFrom": one.compromised_from,
        "needed": one.needed,
        "askedBy": hexed(one.asked_by),
        "askedByKey": one.asked_by_key,
        "askedAt": one.asked_at,
        "confirmedBy": hexed(one.confirmed_by) if one.confirmed_by else None,
        "confirmedByKey": one.confirmed_by_key,
        "confirmedAt": one.confirmed_at,
        "expiresAt": one.expires_at,
        "usedAt": one.used_at,
    }


def _state(one: _Recovery) -> str:
    if one.used_at is not None:
        return "used"
    if one.expires_at <= datetime.now(one.expires_at.tzinfo):
        return "over"
    return "asked" if one.confirmed_at is None else "confirmed"


def _with_codes(halves: Halves) -> dict[str, Any]:
    return {**_told(halves.recovery), "codes": list(halves.codes)}


def _event(one: Any) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "block": one.block,
        "log": one.log,
        "time": one.time,
        "transaction": hexed(one.transaction),
        "key": hexed(one.key) if one.key else None,
        "number": one.number,
        "roles": None if one.roles is None else names_of(one.roles),
        "validFrom": one.valid_from,
        "validTo": one.valid_to,
        "compromisedFrom": one.compromised_from,
    }


def _entry(one: Any) -> dict[str, Any]:
    by = None
    if one.by_party is not None:
        party = {"party": hexed(one.by_party), "identifier": one.by_identifier, "name": one.by_name}
        by = {**party, "key": one.by_key, "label": one.by_label}
    return {
        "at": one.at,
        "what": one.what,
        "by": by,
        "recovery": str(one.recovery) if one.recovery else None,
        "details": one.details,
    }
