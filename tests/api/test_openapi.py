from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from .conftest import Service
from .problems import check_problem

OPEN = {"/livez", "/readyz", "/metrics", "/v1/ledger", "/v1/captures/template.csv", "/v1/enrolments", "/verify"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


@pytest.fixture
async def document(service: Service) -> dict[str, Any]:
    response = await service.client.get("/openapi.json")
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


def test_every_refusal_is_described_as_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and name != "GET /readyz":
                content = response["content"]["application/problem+json"]
                of_bindings = " /epcis" in name
                schema = "EpcisProblem" if of_bindings else "Problem"
                assert content["schema"] == {"$ref": f"#/components/schemas/{schema}"}, (name, status)
                for slug, example in content["examples"].items():
                    told = example["value"]
                    own = told["type"] == f"urn:trailseal:problem:{slug}"
                    assert own or (of_bindings and told["type"].startswith("epcisException:")), (name, slug)
                    assert told.get("slug", slug) == slug
                    assert told["status"] == int(status)


def test_every_guarded_path_names_the_refusals_that_all_have(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if name.split(" ")[1] not in OPEN:
            assert {"401", "403", "429", "500"} <= set(operation["responses"]), name
            assert operation["security"], name


def test_every_body_and_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    seen = 0
    for name, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [
            response.get("content", {}) for status, response in operation["responses"].items() if status < "300"
        ]
        for content in contents:
            shown = content.get("application/json")
            if shown is None or name in ("GET /readyz", "GET /v1/trail/bundle", "POST /v1/bundles"):
                continue
            schema = {**shown["schema"], "components": document["components"]}
            assert list(jsonschema_rs.validator_for(schema).iter_errors(shown["example"])) == [], name
            seen += 1
    assert seen > 20


def schema_at(document: dict[str, Any], reference: str) -> Any:
    place: Any = document
    for token in reference.removeprefix("#/").split("/"):
        place = place[token]
    return place


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        assert schema_at(document, reference)


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 10, name


async def test_documentation_loads_nothing_from_elsewhere(service: Service) -> None:
    check_problem(await service.client.get("/docs"), 404, "no-such-path")
    check_problem(await service.client.get("/redoc"), 404, "no-such-path")
