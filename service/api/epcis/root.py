"""The root of the bindings: which resources there are."""

from fastapi import APIRouter
from starlette.responses import Response

from service.api.epcis.answers import MediaType, collection
from service.api.epcis.discovery import EpcisCaller, discoverable
from service.api.epcis.headers import AsAsked, Versioned
from service.api.epcis.paths import PREFIX
from service.api.epcis.spec import collections, refused, told

router = APIRouter(prefix=PREFIX)
RESOURCES = (
    "queries",
    "capture",
    "events",
    "eventTypes",
    "epcs",
    "bizSteps",
    "bizLocations",
    "readPoints",
    "dispositions",
)


async def resources(_: EpcisCaller, media_type: MediaType, asked: AsAsked) -> Response:
    """The top-level resources."""
    return collection(media_type, RESOURCES, asked.extensions)


for _path in ("", "/"):
    router.add_api_route(
        _path,
        resources,
        methods=["GET"],
        response_class=Response,
        name=f"resources {_path}",
        dependencies=[Versioned],
        responses=told(200, "The names of the resources", collections(*RESOURCES)) | refused(),
    )
    discoverable(router, _path, "GET")
