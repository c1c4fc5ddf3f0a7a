"""Where the consortium's contracts are. Public: an address is no secret, and auditors compare it with their own."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms
from service.api.problems import refusals
from service.api.spec import returned
from service.errors import TrailsealError
from service.parties.errors import NotDeployed

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])
_ADDRESS = "0x5fbdb2315678afecb367f032d93f642f64180aa3"


class CodeHashes(BaseModel):
    """keccak256 of the runtime code of each released version."""

    provenance: list[str]
    participants: list[str]


class LedgerShape(BaseModel):
    """The contracts in use."""

    model_config = ConfigDict(extra="forbid")

    chainID: Annotated[int, Field(examples=[31337])]  # noqa: N815
    provenance: Annotated[str, Field(examples=[_ADDRESS])]
    participants: Annotated[str, Field(examples=[_ADDRESS])]
    codeHashes: CodeHashes  # noqa: N815


@router.get("", responses=returned(200, LedgerShape, "The contracts") | refusals(NotDeployed, TrailsealError))
async def ledger(rooms: InRooms) -> Response:
    """The consortium's contracts. An auditor does not take our word: members publish the address themselves."""
    return Json((await rooms.ledgers.current()).told())
