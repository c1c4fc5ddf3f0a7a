"""The parameters of event queries as OpenAPI shows them: those with fixed names; the families are in words."""

from typing import Any

_LISTS = {
    "eventType": ("event types", "ObjectEvent"),
    "EQ_action": ("actions", "OBSERVE"),
    "EQ_bizStep": ("business steps", "shipping"),
    "EQ_disposition": ("dispositions", "in_transit"),
    "EQ_persistentDisposition_set": ("dispositions that are set persistently", "completeness_verified"),
    "EQ_persistentDisposition_unset": ("dispositions that are no longer set", "completeness_inferred"),
    "EQ_readPoint": ("read points", "https://id.gs1.org/414/9521321000025"),
    "WD_readPoint": ("read points, and those within them by master data", "https://id.gs1.org/414/9521321000025"),
    "EQ_bizLocation": ("business locations", "https://id.gs1.org/414/9521321000025"),
    "WD_bizLocation": ("business locations, and those within them", "https://id.gs1.org/414/9521321000025"),
    "EQ_transformationID": ("transformation ids", "https://id.gs1.org/253/9521321000018T1"),
    "MATCH_epc": ("EPCs or patterns in epcList or childEPCs", "https://id.gs1.org/01/09521321000018/21/10001"),
    "MATCH_parentID": ("parents", "https://id.gs1.org/00/095213210000000012"),
    "MATCH_inputEPC": ("EPCs that were used up", "https://id.gs1.org/01/09521321000018/21/10001"),
    "MATCH_outputEPC": ("EPCs that were made", "https://id.gs1.org/01/09521321000018/21/10001"),
    "MATCH_anyEPC": ("EPCs anywhere", "https://id.gs1.org/01/09521321000018/21/10001"),
    "MATCH_epcClass": ("classes in quantityList or childQuantityList", "https://id.gs1.org/01/09521321000018/10/L1"),
    "MATCH_inputEPCClass": ("classes that were used up", "https://id.gs1.org/01/09521321000018/10/L1"),
    "MATCH_outputEPCClass": ("classes that were made", "https://id.gs1.org/01/09521321000018/10/L1"),
    "MATCH_anyEPCClass": ("classes anywhere", "https://id.gs1.org/01/09521321000018/10/L1"),
    "EQ_eventID": ("event ids", "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"),
    "EQ_errorReason": ("reasons of error declarations", "incorrect_data"),
    "EQ_correctiveEventID": ("ids of corrective events", "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"),
    "EQ_type": ("types of measurement", "Temperature"),
    "EQ_deviceID": ("sensors", "https://id.gs1.org/8004/9521321401"),
    "EQ_dataProcessingMethod": ("methods of processing", "https://example.com/methods/mean"),
    "EQ_microorganism": ("microorganisms", "https://www.ncbi.nlm.nih.gov/taxonomy/1126011"),
    "EQ_chemicalSubstance": ("chemical substances", "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N"),
    "EQ_bizRules": ("business rules", "https://example.com/rules/1"),
    "EQ_stringValue": ("values of sensors as text", "open"),
    "EQ_hexBinaryValue": ("values of sensors as bits", "F0"),
    "EQ_uriValue": ("values of sensors as URIs", "https://id.gs1.org/414/9521321000025"),
}
_TIMES = (
    "eventTime",
    "recordTime",
    "errorDeclarationTime",
    "startTime",
    "endTime",
)
_TIME = {"type": "string", "format": "date-time"}
_NUMBERS = ("EQ_quantity", "GT_quantity", "GE_quantity", "LT_quantity", "LE_quantity")
FAMILIES = (
    "Beyond these, EPCIS 2.0 (8.2.7.1) has families of parameters, all of which are understood: EQ_bizTransaction_type,"
    " EQ_source_type, EQ_destination_type; EQ_, GT_, GE_, LT_, LE_ and EXISTS_ with an extension field, with"
    " INNER_, ILMD_, INNER_ILMD_, ERROR_DECLARATION_, SENSORELEMENT_, SENSORMETADATA_ or SENSORREPORT_ before it where"
    " it lies there; comparisons of value_uom, minValue_uom and so on; HASATTR_ and EQATTR_. Values are separated by"
    " `|`. See docs/epcis/queries.md."
)


def query_parameters() -> dict[str, Any]:
    """OpenAPI's description of an operation that takes the parameters of event queries."""
    lists = [_list(name, f"any of these {what}", example) for name, (what, example) in _LISTS.items()]
    times = [_one(f"{way}_{field}", _TIME, "2026-02-03T09:00:00Z") for field in _TIMES for way in ("GE", "LT")]
    numbers = [_one(name, {"type": "number"}, 12) for name in _NUMBERS]
    truths = [_one(name, {"type": "boolean"}, True) for name in ("EXISTS_errorDeclaration", "EQ_booleanValue")]
    counts = [_one(name, {"type": "integer", "minimum": 1}, 100) for name in ("eventCountLimit", "maxEventCount")]
    order = [
        _one("orderBy", {"type": "string"}, "eventTime"),
        _one("orderDirection", {"type": "string", "enum": ["ASC", "DESC"]}, "ASC"),
    ]
    return {"parameters": [*lists, *times, *numbers, *truths, *order, *counts]}


def _list(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "style": "pipeDelimited",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "example": [example],
    }


def _one(name: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "example": example}


_DEFINITION = {"name": "shipped", "query": {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping"]}}
_DEFINITION_SCHEMA = {
    "type": "object",
    "required": ["name", "query"],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._~:-]{0,127}$"},
        "query": {"type": "object", "description": f"parameters and their values. {FAMILIES}"},
    },
}


def definition() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a named query."""
    return _both(_DEFINITION_SCHEMA, _DEFINITION)


def definitions() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a list of named queries."""
    return _both({"type": "array", "items": _DEFINITION_SCHEMA}, [_DEFINITION])


def query_or_feed() -> dict[str, Any]:
    """OpenAPI's description of an operation that takes event queries, and as a WebSocket what a subscription takes."""
    controls = [_one(name, _CRON, "0") for name in _CONTROLS["schedule"]["properties"]]
    controls += [
        _one("stream", _CONTROLS["stream"], True),
        _one("reportIfEmpty", _CONTROLS["reportIfEmpty"], False),
        _one("initialRecordTime", _CONTROLS["initialRecordTime"], "2026-02-03T09:00:00Z"),
    ]
    for control in controls:
        control["description"] = f"of a WebSocket: {control['schema'].get('description', 'events recorded since')}"
    upgrade = {"name": "Upgrade", "in": "header", "required": False, "schema": {"type": "string"}}
    return {
        "parameters": [*query_parameters()["parameters"], *controls, {**upgrade, "description": "`websocket`"}],
        "responses": {"101": {"description": "A WebSocket, by which documents come as text (RFC 6455)"}},
    }


def new_definition() -> dict[str, Any]:
    """OpenAPI's `requestBody` of a named query."""
    return {"requestBody": {"required": True, "content": definition()}}


_CRON = {
    "type": "string",
    "description": "a number, a range `[1-5]`, `*`, a step `0/30`, or several with commas",
}
_CONTROLS: dict[str, Any] = {
    "stream": {"type": "boolean", "description": "each event as it is captured; excludes schedule"},
    "schedule": {
        "type": "object",
        "description": "when the query runs, in UTC",
        "properties": dict.fromkeys(("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"), _CRON),
        "additionalProperties": False,
    },
    "reportIfEmpty": {"type": "boolean", "description": "send a document even where a run finds nothing"},
    "initialRecordTime": {"type": "string", "format": "date-time"},
}
_NEW = {
    "dest": "https://client.example.com/queryCallback",
    "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5",
    "schedule": {"hour": "1", "minute": "5"},
}
_NEW_SCHEMA = {
    "type": "object",
    "required": ["dest"],
    "properties": {
        "dest": {"type": "string", "format": "uri", "description": "where results are sent by POST"},
        "signatureToken": {"type": "string", "description": "the secret by which deliveries are signed"},
        **_CONTROLS,
    },
}
_KEPT = {
    "subscriptionID": "df5a33e3-5aa3-4403-ae01-99b83234e27b",
    "queryName": "shipped",
    "dest": "https://client.example.com/queryCallback",
    "schedule": {"hour": "1", "minute": "5"},
    "reportIfEmpty": False,
    "createdAt": "2026-02-03T09:00:00.000000Z",
    "state": "active",
}
_KEPT_SCHEMA = {
    "type": "object",
    "required": ["subscriptionID", "dest", "createdAt"],
    "properties": {
        "subscriptionID": {"type": "string"},
        "dest": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time"},
        "lastNotifiedAt": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["active", "failing", "ended"]},
        **_CONTROLS,
    },
}


def new_subscription() -> dict[str, Any]:
    """OpenAPI's `requestBody` of a subscription."""
    shown = {"schema": _NEW_SCHEMA, "example": _NEW}
    return {"requestBody": {"required": True, "content": {"application/json": shown, "application/ld+json": shown}}}


def subscription_content() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a subscription."""
    return _both(_KEPT_SCHEMA, _KEPT)


def subscriptions_content() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a list of subscriptions."""
    return _both({"type": "array", "items": _KEPT_SCHEMA}, [_KEPT])


def _both(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    shown = {"schema": schema, "example": example}
    xml = {"schema": {"type": "string"}}
    return {"application/json": shown, "application/ld+json": shown, "application/xml": xml, "text/xml": xml}
