"""What a query may look like, and what it is told where it may not."""

import json
from typing import Any

import pytest

from service.epcis.query.faults import QueryParameterFault, QueryTooComplex, QueryValidationFault
from service.epcis.query.language import MOST_PARAMETERS, MOST_VALUES, parse_query
from service.epcis.query.sent import query_definition, url_parameters
from tests.shared import shared


@pytest.mark.parametrize(
    ("parameters", "named", "told"),
    [
        ({"EQ_bizstep": "shipping"}, "EQ_bizstep", "did you mean EQ_bizStep?"),
        ({"MATCH_epcs": "urn:a:b"}, "MATCH_epcs", "did you mean MATCH_epc?"),
        ({"eventTypes": "ObjectEvent"}, "eventTypes", "did you mean eventType?"),
        ({"GT_eventTime": "2026-01-01T00:00:00Z"}, "GT_eventTime", "did you mean"),
        ({"GE_shift": 1}, "GE_shift", "GE_example:shift"),
        ({"EQ_ILMD_lot": "1"}, "EQ_ILMD_lot", "EQ_example:shift"),
        ({"colour": "red"}, "colour", "no such parameter"),
        ({"": "x"}, "", "no such parameter"),
        ({"EQ_": "x"}, "EQ_", "neither a field of the standard"),
        ({"EQATTR_bizLocation": "x"}, "EQATTR_bizLocation", "EQATTR_bizLocation_cbvmda:site"),
        (
            {"HASATTR_bizLocation_cbvmda:site": "x"},
            "HASATTR_bizLocation_cbvmda:site",
            "HASATTR_bizLocation=cbvmda:site",
        ),
        ({"EQ_action": ["ADD", "add"]}, "EQ_action", "ADD, OBSERVE, DELETE"),
        ({"eventType": "ObjectEvents"}, "eventType", "ObjectEvent, AggregationEvent"),
        ({"GE_eventTime": "2026-01-01T00:00:00"}, "GE_eventTime", "with an offset"),
        ({"GE_eventTime": 5}, "GE_eventTime", "with an offset"),
        ({"GE_eventTime": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]}, "GE_eventTime", "one value, not 2"),
        ({"EQ_bizStep": []}, "EQ_bizStep", "at least one value"),
        ({"EQ_bizStep": [""]}, "EQ_bizStep", "at least one value"),
        ({"EQ_bizStep": [5]}, "EQ_bizStep", "send text"),
        ({"EQ_bizStep": None}, "EQ_bizStep", "send text"),
        ({"EQ_bizStep": {"a": "b"}}, "EQ_bizStep", "send text"),
        ({"EQ_readPoint": "here"}, "EQ_readPoint", "not a URI"),
        ({"EQ_readPoint": "https://id.gs1.org/414/4012345000116"}, "EQ_readPoint", "check digit"),
        ({"EQ_eventID": "urn with space"}, "EQ_eventID", "not a URI"),
        ({"GE_quantity": "many"}, "GE_quantity", "no number"),
        ({"GE_quantity": float("nan")}, "GE_quantity", "IEEE 754"),
        ({"GE_quantity": 10**400}, "GE_quantity", "IEEE 754"),
        ({"GE_value_MWH": 1e305}, "GE_value_MWH", "too large"),
        ({"GE_quantity": [1, 2]}, "GE_quantity", "one value, not 2"),
        ({"GE_example:shift": "Night"}, "GE_example:shift", "a number, a date, or a time"),
        ({"EXISTS_errorDeclaration": "perhaps"}, "EXISTS_errorDeclaration", "send true"),
        ({"EQ_booleanValue": "yes"}, "EQ_booleanValue", "true or false"),
        ({"orderBy": "bizStep"}, "orderBy", "eventTime, recordTime"),
        ({"orderBy": 5}, "orderBy", "send text"),
        ({"orderBy": "eventTime", "orderDirection": "asc"}, "orderDirection", "ASC or DESC"),
        ({"eventCountLimit": 5}, "eventCountLimit", "orderBy"),
        (
            {"orderBy": "eventTime", "eventCountLimit": 5, "maxEventCount": 5},
            "maxEventCount",
            "excludes eventCountLimit",
        ),
        ({"maxEventCount": 0}, "maxEventCount", "positive"),
        ({"maxEventCount": "-1"}, "maxEventCount", "positive"),
        ({"maxEventCount": 2**31}, "maxEventCount", "positive"),
        ({"maxEventCount": True}, "maxEventCount", "positive"),
        ({"@context": {"https": "https://example.com/"}}, "@context/https", "URI scheme"),
        ({"@context": [5]}, "@context/0", "a context is"),
        ({"EQ_eventID": "urn:a:" + "b" * 3000}, "EQ_eventID", "2048"),
        ({"EQ_bizStep": ["a\0b"]}, "EQ_bizStep", "U+0000"),
        ({"EQ_example:shift": "\ud800"}, "EQ_example:shift", "surrogates"),
        ({"EQ_example:\0": "x"}, "EQ_example:\0", "U+0000"),
    ],
)
def test_a_wrong_parameter_is_named_and_what_to_send_told(parameters: dict[str, Any], named: str, told: str) -> None:
    with pytest.raises(QueryParameterFault) as refused:
        parse_query(parameters)
    assert refused.value.parameter == named
    assert refused.value.extra == {"parameter": named}
    assert told in refused.value.detail


def test_order_and_limits() -> None:
    query = parse_query({"orderBy": "eventTime", "eventCountLimit": "1"})
    assert query.order is not None
    assert (query.order.field, query.order.ascending, query.first) == ("eventTime", False, 1)
    query = parse_query({"orderBy": "recordTime", "orderDirection": "ASC", "maxEventCount": 7})
    assert query.order is not None
    assert (query.order.field, query.order.ascending, query.most) == ("recordTime", True, 7)
    assert parse_query({"orderDirection": "ASC"}).order is None
    assert parse_query({}).conditions == ()


def test_too_much_is_refused() -> None:
    with pytest.raises(QueryTooComplex, match=str(MOST_PARAMETERS)):
        parse_query({f"EQ_example:f{n}": "x" for n in range(MOST_PARAMETERS + 1)})
    parse_query({"MATCH_epc": [f"urn:epc:id:sgtin:4012345.011111.{n}" for n in range(MOST_VALUES)]})
    with pytest.raises(QueryTooComplex, match=str(MOST_VALUES)):
        parse_query({"EQ_eventID": [f"urn:x:{n}" for n in range(MOST_VALUES)], "EQ_action": "ADD"})


def test_every_parameter_of_gs1s_openapi_is_known() -> None:
    api = json.loads(shared("epcis", "gs1", "REST Bindings", "openapi.json").read_text())
    values: dict[str, Any] = {"orderDirection": "ASC", "eventType": ["ObjectEvent"], "EQ_action": ["ADD"]}
    kinds = {"array": ["urn:example:x"], "boolean": True, "number": 1.5, "integer": 3}
    known = 0
    for parameter in api["components"]["parameters"].values():
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] != "query" or name in url_parameters([(name, "x")]).controls:
            continue
        value = values.get(name, kinds.get(schema["type"], "2026-01-01T00:00:00Z"))
        extra = {"orderBy": "eventTime"} if name == "eventCountLimit" else {}
        parse_query({name: "eventTime" if name == "orderBy" else value, **extra})
        known += 1
    assert known == 53


def test_every_parameter_of_gs1s_query_schema_is_known() -> None:
    schema = json.loads(shared("epcis", "gs1", "REST Bindings", "query-schema.json").read_text())
    families = schema["definitions"]["EPCIS-Query"]["patternProperties"]
    examples = {r"[a-z][a-zA-Z0-9]*\\:\\w+": "ext:field", r"[a-z][a-zA-Z0-9_]+": "po", r"\\w+_\\w+": "bizLocation_site"}
    for pattern in families:
        name = pattern.strip("^$").replace("[A-Z0-9]{2,4}", "CEL")
        for part, example in examples.items():
            name = name.replace(part, example)
        assert "[" not in name, pattern
        assert "\\" not in name, pattern
        value: Any = None if name.startswith("EXISTS") else 5
        if name.startswith(("EQ_bizTransaction", "EQ_source", "EQ_destination", "HASATTR")):
            value = ["urn:example:x"]
        parse_query({name: value})
    for name in schema["definitions"]["EPCIS-Query"]["properties"]:
        with pytest.raises(QueryParameterFault) as refused:
            parse_query({name: object()})
        assert "known" not in refused.value.detail


def test_parameters_of_a_url() -> None:
    pairs = [
        ("EQ_bizStep", "shipping|receiving"),
        ("MATCH_epc", "urn:a:1"),
        ("MATCH_epc", "urn:a:2|urn:a:3"),
        ("GE_eventTime", "2026-01-01T00:00:00Z"),
        ("EXISTS_errorDeclaration", ""),
        ("perPage", "30"),
        ("nextPageToken", "a|b"),
        ("stream", "true"),
        ("minute", "0,30"),
    ]
    sent = url_parameters(pairs)
    assert sent.query == {
        "EQ_bizStep": ["shipping", "receiving"],
        "MATCH_epc": ["urn:a:1", "urn:a:2", "urn:a:3"],
        "GE_eventTime": "2026-01-01T00:00:00Z",
        "EXISTS_errorDeclaration": "",
    }
    assert sent.controls == {"perPage": "30", "nextPageToken": "a|b", "stream": "true", "minute": "0,30"}
    assert len(parse_query(sent.query).conditions) == 4
    with pytest.raises(QueryParameterFault):
        url_parameters([("perPage", "1"), ("perPage", "2")])
    with pytest.raises(QueryParameterFault, match="one value, not 2"):
        parse_query(url_parameters([("GE_quantity", "1"), ("GE_quantity", "2")]).query)
    with pytest.raises(QueryParameterFault, match="at least one value"):
        parse_query(url_parameters([("EQ_bizStep", "|")]).query)


def test_the_body_of_a_named_query() -> None:
    body = {
        "name": "shipped today",
        "query": {"EQ_x:f": "v", "@context": [{"x": "urn:x:"}]},
        "@context": {"y": "urn:y:"},
    }
    name, parameters = query_definition(body)
    assert name == "shipped today"
    assert parameters == {"EQ_x:f": "v", "@context": [{"y": "urn:y:"}, {"x": "urn:x:"}]}
    assert parse_query(parameters) == parse_query({"EQ_urn:x:f": "v"})


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"name": "x"}, {"query": {}}, {"name": "", "query": {}}, {"name": "a/b", "query": {}},
        {"name": "..", "query": {}}, {"name": "x" * 129, "query": {}}, {"name": 5, "query": {}},
        {"name": "x", "query": []},
        {"name": "x", "query": {}, "more": 1}, {"name": "x", "query": {5: 1}},
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(QueryValidationFault):
        query_definition(body)
