"""The REST bindings of EPCIS 2.0 under `/epcis` (EPCIS 2.0, section 12; GS1's OpenAPI document)."""

from service.api.epcis import (
    capture,
    events,
    feeds,
    page_tokens,
    queries,
    resources,
    root,
    subscriptions,
    vocabularies,
)
from service.api.epcis.branches import Branch
from service.api.epcis.heads import Heads
from service.api.epcis.limits import CaptureLimits, ShortUrl
from service.api.epcis.paths import PREFIX, UriPaths, of_bindings
from service.api.epcis.problems import problem
from service.api.epcis.spec import describe

__all__ = [
    "CAPTURING",
    "QUERYING",
    "CaptureLimits",
    "Heads",
    "UriPaths",
    "describe",
    "of_bindings",
    "problem",
    "router",
]

CAPTURING = (f"{PREFIX}/capture", f"{PREFIX}/events")
"""Paths whose bodies are documents."""
QUERYING = f"{PREFIX}/queries"
"""Where bodies are queries, which may list many values."""
router = Branch()
_over_http = Branch(tags=["EPCIS"], dependencies=[ShortUrl])
_resources = (capture, events, queries, subscriptions, vocabularies, page_tokens, root)
for _router in (*(one.router for one in _resources), *resources.routers):
    _over_http.include_router(_router)
router.include_router(_over_http)
router.include_router(feeds.router)
