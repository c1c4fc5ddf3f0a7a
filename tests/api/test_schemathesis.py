"""Requests drawn from our own OpenAPI, sound and unsound, against the whole application with its store.

Whatever is asked, the answer is one that the OpenAPI describes, and never a fault of the service.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.api.app import create_app
from service.config import Settings
from service.devstack import Postgres
from service.parties.bootstrap import first_admin_key
from service.store.chain import Deployed, save_deployment
from service.store.database import Database

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 10
VARIABLES = {
    "TRAILSEAL_CONSORTIUM_SECRET": "11" * 32,
    "TRAILSEAL_KEY_ENCRYPTION_KEY": "22" * 32,
    "TRAILSEAL_RPC_URL": "http://127.0.0.1:9",
    "TRAILSEAL_REQUESTS_PER_MINUTE": "1000000",
}
EVENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "ObjectEvent",
    "eventID": "urn:uuid:11111111-1111-4111-8111-111111111111",
    "eventTime": "2026-03-01T10:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "disposition": "in_progress",
    "epcList": ["urn:epc:id:sgtin:9521321.000001.1"],
    "readPoint": {"id": "urn:epc:id:sgln:9521321.00001.0"},
    "bizLocation": {"id": "urn:epc:id:sgln:9521321.00002.0"},
}
PRESENT = {
    "eventID": EVENT["eventID"],
    "eventType": "ObjectEvent",
    "epc": "urn:epc:id:sgtin:9521321.000001.1",
    "bizStep": "receiving",
    "disposition": "in_progress",
    "readPoint": "urn:epc:id:sgln:9521321.00001.0",
    "bizLocation": "urn:epc:id:sgln:9521321.00002.0",
    "queryName": "known",
}
"""Values that lead somewhere, for the paths that have such parameters: random ones hardly ever do."""
ASKS_THE_CHAIN = ("GET /v1/trail/bundle", "POST /v1/bundles")
"""Answers 503 here, as it should: there is no chain."""
OWN = ("Authorization", "authorization", "Content-Length")
Answer = TypeVar("Answer")


def operations() -> Iterator[Any]:
    """Every operation of the OpenAPI but those whose answer never ends."""
    app = create_app(Settings.from_environment({**VARIABLES, "TRAILSEAL_DATABASE_URL": "postgresql://nobody@/none"}))
    document = app.openapi()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        if not isinstance(found, Ok):
            raise found.err()
        operation = found.ok()
        responses = document["paths"][operation.path][operation.method]["responses"]
        if "text/event-stream" not in str(responses.get("200", {})) and operation.label not in ASKS_THE_CHAIN:
            yield pytest.param(operation, id=operation.label)


class Application:
    """The application on an event loop of its own, asked from outside of it."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._url = url
        self._client: httpx.AsyncClient
        self._stop: Callable[[], Coroutine[Any, Any, None]]

    def start(self) -> None:
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stop())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self._runner.run(work)

    def send(self, case: Any) -> httpx.Response:
        """The answer to a case, sent as schemathesis would write it."""
        written = case.as_transport_kwargs(base_url="http://trailseal.test")
        written.pop("timeout", None)
        prepared = requests.Request(**written).prepare()
        url = urlsplit(str(prepared.url))
        assert isinstance(prepared.body, bytes | str | None)
        request = httpx.Request(
            str(prepared.method),
            httpx.URL(scheme="http", host="trailseal.test", raw_path=f"{url.path}?{url.query}".rstrip("?").encode()),
            headers=[(_octets(name), _octets(value)) for name, value in prepared.headers.items() if name not in OWN],
            content=prepared.body,
        )
        request.headers["Authorization"] = self._client.headers["Authorization"]
        return self.run(self._client.send(request))

    async def _start(self) -> None:
        database = Database(self._url, 4)
        admin = await first_admin_key(database, "did:example:operator", "Operator")
        async with database.session() as session:
            await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
        app = create_app(Settings.from_environment({**VARIABLES, "TRAILSEAL_DATABASE_URL": self._url}))
        lifespan = app.router.lifespan_context(app)
        await lifespan.__aenter__()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://trailseal.test",
            headers={"Authorization": f"Bearer {admin}"},
        )

        async def stop() -> None:
            await self._client.aclose()
            await lifespan.__aexit__(None, None, None)
            await database.close()

        self._stop = stop
        for path, value in (
            ("/v1/signing-keys", {"custody": "service"}),
            ("/epcis/events", EVENT),
            ("/epcis/queries", {"name": "known", "query": {"EQ_bizStep": ["receiving"]}}),
        ):
            answer = await self._client.post(path, json=value)
            assert answer.status_code == 201, answer.text


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


@pytest.fixture(scope="module")
def application(postgres: Postgres, migrated_template: str) -> Iterator[Application]:
    name = f"schemathesis_{secrets.token_hex(4)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}", "postgres")
    started = Application(postgres.url(name))
    started.start()
    yield started
    started.stop()
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)", "postgres")


def cases(operation: APIOperation[Any, Any, Any, Any]) -> st.SearchStrategy[Any]:
    """Sound requests, unsound ones, and sound ones about what is there."""
    drawn = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if operation.query or operation.headers or operation.body:
        drawn.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    known = {name: value for name, value in PRESENT.items() if "{" + name in operation.path}
    if known:
        drawn.append(operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=known))
    return st.one_of(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("operation", list(operations()))
def test_every_answer_is_as_described(operation: APIOperation[Any, Any, Any, Any], application: Application) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation))
    def answered(case: Any) -> None:
        case.validate_response(application.send(case), checks=CHECKS)

    answered()
