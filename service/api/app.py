"""The application: `uvicorn --factory service.api.app:from_environment --no-access-log`."""

import gc
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import Scope

from service.api import (
    api_keys,
    audit,
    bundles,
    captures,
    epcis,
    erasures,
    grants,
    health,
    ledger,
    notices,
    pages,
    parties,
    problems,
    recalls,
    recoveries,
    renewals,
    risk,
    risk_lists,
    risk_trust,
    risk_work,
    signing_keys,
    spreadsheets,
    stream,
    trails,
    verification,
)
from service.api.bounds import SMALL, BodyBound
from service.api.metrics import Metrics
from service.api.rates import Rates
from service.api.requests import Envelope
from service.api.spec import with_examples
from service.config import Settings
from service.errors import TrailsealError
from service.logs import configure_logs
from service.rooms import Database, open_rooms

# The spreadsheet's path comes before a capture's, which would take it for a capture's id.
_ROUTERS = (
    epcis,
    spreadsheets,
    captures,
    renewals,
    trails,
    bundles,
    verification,
    audit,
    stream,
    risk,
    risk_work,
    risk_lists,
    risk_trust,
    recalls,
    notices,
    parties,
    signing_keys,
    api_keys,
    recoveries,
    grants,
    erasures,
    ledger,
    health,
    pages,
)
_SHIPMENTS = _QUERIES = _THINGS = 1024 * 1024


def from_environment() -> FastAPI:
    """The application with settings from the environment and logs on standard output; raises `BadSettings`."""
    configure_logs()
    app = create_app(Settings.from_environment(os.environ))
    # A document is read into hundreds of thousands of objects, none of them garbage until it is kept.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return app


def create_app(settings: Settings, *, database: Database | None = None) -> FastAPI:
    """The application; its lifespan opens the rooms over the settings' database, or over the one that is given."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_rooms(settings, database) as rooms:
            app.state.rooms = rooms
            yield

    def allowed(path: str) -> int:
        if path.startswith((captures.router.prefix, *epcis.CAPTURING)):
            return settings.document_bytes
        if path.startswith(epcis.QUERYING):
            return _QUERIES
        if path in (*recalls.LONG, bundles.PATH):
            return _THINGS
        if path == verification.PATH:
            return verification.MOST_BYTES
        return _SHIPMENTS if path.startswith(risk.router.prefix) else SMALL

    metrics = Metrics()
    app = FastAPI(
        title="Trailseal",
        summary="Every product's trail, sealed on a ledger, provably whole, and scored for risk.",
        version="1",
        lifespan=lifespan,
        middleware=[
            Middleware(Envelope, metrics=metrics, refuse=_refuse),
            Middleware(epcis.UriPaths),
            Middleware(epcis.Heads),
            Middleware(BodyBound, allowed=allowed),
        ],
        # The pages that FastAPI has for it load their scripts from elsewhere; /openapi.json serves any viewer.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.metrics = metrics
    app.state.rates = Rates(settings.requests_per_minute)
    app.state.capture_limits = epcis.CaptureLimits.of(settings)
    problems.install(app, _refuse)
    for room in _ROUTERS:
        app.include_router(room.router)
    _describe(app)
    return app


def _refuse(scope: Scope, refusal: TrailsealError, headers: Mapping[str, str] | None) -> Response:
    """The EPCIS bindings have GS1's exceptions, all else our own kinds of problems."""
    return (epcis.problem if epcis.of_bindings(scope) else problems.problem)(scope, refusal, headers)


def _describe(app: FastAPI) -> None:
    written = app.openapi

    def described() -> dict[str, Any]:
        return with_examples(problems.describe(epcis.describe(written())))

    app.openapi = described  # type: ignore[method-assign]
