"""For whoever runs the service: is it alive, is it ready, and what are its figures. These need no API key.

Publish them inside the network only: the figures tell how much the consortium trades.
"""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from service.api.answers import Json
from service.api.callers import InRooms
from service.health import Backlog

router = APIRouter(tags=["health"])


@router.get("/livez", response_class=PlainTextResponse, responses={200: {"description": "The process answers"}})
async def livez() -> str:
    """Whether the process answers."""
    return "ok"


@router.get("/readyz", responses={200: {"description": "Ready"}, 503: {"description": "Not ready; says what is not"}})
async def readyz(rooms: InRooms) -> Response:
    """Whether requests should come here: database, migrations, and how far the mirror is behind the chain."""
    seen = await rooms.health.look()
    found = {
        "ready": seen.ready,
        "database": seen.database,
        "migrated": seen.migrated,
        "chain": seen.chain,
        "blocksBehind": seen.blocks_behind,
        **_told(seen.backlog),
    }
    return Json(found, 200 if seen.ready else 503)


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"description": "Prometheus text format"}})
async def metrics(request: Request, rooms: InRooms) -> Response:
    """The figures of this process, and of the database and the chain as it sees them."""
    seen, figures = await rooms.health.look(), request.app.state.metrics
    figures.answers.set(seen.chain)
    if seen.blocks_behind is not None:
        figures.behind.set(seen.blocks_behind)
    if seen.backlog is not None:
        figures.tell(seen.backlog)
    return Response(figures.page(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _told(backlog: Backlog | None) -> dict[str, Any]:
    """What is under way to the chain, and what did not get there; none of it makes this process unready."""
    if backlog is None:
        return {"waitingParts": None}
    return {
        "waitingParts": backlog.waiting_parts,
        "waitingSeconds": round(backlog.waiting_seconds, 1),
        "refusedParts": backlog.refused_parts,
        "unminedTransactions": backlog.unmined_transactions,
        "unminedSeconds": round(backlog.unmined_seconds, 1),
        "waitingCalls": backlog.waiting_calls,
        "failedCalls": backlog.failed_calls,
    }
