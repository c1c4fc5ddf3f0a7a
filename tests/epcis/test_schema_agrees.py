"""Whatever GS1's JSON schema refuses, we refuse; what we refuse beyond it is known by name."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from tests.shared import shared

EXAMPLES = (
    "Example_9.6.1-ObjectEvent.jsonld",
    "Example_9.6.3-AggregationEvent.jsonld",
    "Example_9.6.4-TransformationEvent.jsonld",
    "Example-TransactionEvents-2020_07_03y.jsonld",
    "PersistentDisposition-example.jsonld",
    "EPCISQueryDocument.jsonld",
    "AssociationEvent/AssociationEvent-a.jsonld",
    "WithErrorDeclaration/Example_9.6.1-ObjectEvent-with-error-declaration.jsonld",
    "WithSensorData/SensorDataExample10.jsonld",
    "WithSensorData/SensorDataExample13.jsonld",
)
MISSING = object()
REPLACEMENTS: tuple[Any, ...] = (7, None, "x y", [], {}, True, "", -1.5, "a:b", MISSING)
STRICTER = {"epcList", "quantity", "sensorElementList", "readPoint", "parentID", "type"}
"""Members where we refuse what the schema lets pass: empty lists where things are needed, negative quantities and units
without quantity, a parentID that action ADD needs, sensor reports that stand for no thing, event types of one's own."""


@pytest.fixture(scope="module")
def schema() -> Any:
    folder = ("epcis", "openepcis-validation", "core", "src", "main", "resources", "json-schema")
    text = json.loads(shared(*folder, "epcis-json-schema.json").read_text())
    return jsonschema_rs.validator_for(text, validate_formats=True)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*path, name)
        yield from places(inner, (*path, name))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    parent = changed
    for name in path[:-1]:
        parent = parent[name]
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


def is_accepted(document: Any) -> bool:
    try:
        parse(document)
    except InvalidDocument:
        return False
    return True


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_single_change_that_the_schema_refuses_is_accepted(schema: Any, name: str) -> None:
    document = json.loads(shared("epcis", "gs1", "JSON", *name.split("/")).read_text())
    assert schema.is_valid(document)
    assert is_accepted(document)
    for path in places(document):
        if path[0] == "@context":
            continue
        for value in REPLACEMENTS:
            changed = replaced(document, path, value)
            if schema.is_valid(changed):
                assert is_accepted(changed) or STRICTER & set(path), (path, value)
            else:
                assert not is_accepted(changed), (path, value)
