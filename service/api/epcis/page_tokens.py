"""Letting go of a page token (EPCIS 2.0, 12.3)."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from service.api.epcis.branches import branch
from service.api.epcis.discovery import EpcisCaller, discoverable
from service.api.epcis.headers import Versioned
from service.api.epcis.spec import gone, refused

router = branch("/nextPageToken")
_PATH = "/nextPageToken/{token:epcis_name}"


@router.delete(
    _PATH,
    status_code=204,
    response_class=Response,
    dependencies=[Versioned],
    responses=gone("Nothing is held for the token") | refused(),
)
async def release(_: EpcisCaller, token: Annotated[str, Path(description="a nextPageToken")]) -> Response:  # noqa: ARG001
    """Releases what is held for a page token, which is never anything: a token is a place in a list, and stays one."""
    return Response(status_code=204)


discoverable(router, _PATH, "DELETE")
