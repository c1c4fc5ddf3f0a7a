"""The verifier's page: one static file that anybody may fetch, and that works as well from a disk."""

from hashlib import sha256

from fastapi import APIRouter
from starlette.responses import Response

from service.web.assemble import served

router = APIRouter(tags=["trails"])

_PAGE, _POLICY = served()
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "ETag": f'"{sha256(_PAGE).hexdigest()}"',
}


@router.get(
    "/verify",
    response_class=Response,
    responses={200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def verify_page() -> Response:
    """A page that verifies a bundle in the browser, without sending it anywhere; needs no API key.

    Whoever trusts nobody keeps a copy of their own: the page is one file, its `ETag` is its SHA-256, and it works from
    a disk without any network.
    """
    return Response(_PAGE, media_type="text/html; charset=utf-8", headers=_HEADERS)
