"""Whatever is sent as a query, only our own refusals come out."""

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.epcis.query.faults import QueryParameterFault, QueryTooComplex, QueryValidationFault
from service.epcis.query.fixed import FIXED
from service.epcis.query.language import parse_query
from service.epcis.query.matching import matches
from service.epcis.query.sent import query_definition, url_parameters
from tests.epcis.examples import OBJECT_EVENT
from tests.epcis.query.asking import seen

PIECES = st.sampled_from(
    [
        "EQ_", "GT_", "GE_", "LT_", "LE_", "EXISTS_", "HASATTR_", "EQATTR_", "EQ_ATTR_", "WD_", "MATCH_", "INNER_",
        "ILMD_",
        "SENSORREPORT_", "readPoint", "readPoint_", "bizLocation", "epc", "anyEPCClass", "quantity", "value",
        "_CEL", "time",
        "bizTransaction_", "example:", "https://", "#", "%", "%41", ":", "_", "cbvmda:", "orderBy", "eventType",
        "errorReason",
    ]
)  # fmt: skip
NAMES = st.one_of(st.sampled_from(sorted(FIXED)), st.lists(PIECES, max_size=5).map("".join), st.text(max_size=20))
URIS = st.sampled_from(
    [
        "urn:epc:id:sgtin:4012345.011111.1", "urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:",
        "urn:epc:idpat:sgtin:",
        "urn:epc:idpat:gid:*.*.*", "urn:epc:idpat:itip:4012345.098765.*.*.*",
        "https://id.gs1.org/01/04012345111118/21/*",
        "https://id.gs1.org/*", "https://id.gs1.org", "2026-03-01T00:00:00Z", "1e999", "NaN", "ADD", "true", "",
        "urn:epc:class:lgtin:*",
        "urn:epc:idpat:cpi:*.*.*", "urn:epc:idpat:cpi:4012345.%", "urn:epc:idpat:giai:4012345.*", "%",
        "urn:epc:idpat:grai:1.2.*",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    URIS, st.tuples(URIS, st.text(max_size=4)).map("".join), st.text(max_size=30), st.integers(), st.floats(),
    st.booleans(), st.none(),
)  # fmt: skip
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=3), SCALARS, max_size=2))
EVENT = seen(OBJECT_EVENT)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_parameters(parameters: dict[str, Any]) -> None:
    with contextlib.suppress(QueryParameterFault, QueryTooComplex):
        assert matches(parse_query(parameters), EVENT) in (True, False)


@given(NAMES, VALUES)
def test_one_parameter(name: str, value: Any) -> None:
    with contextlib.suppress(QueryParameterFault, QueryTooComplex):
        parse_query({name: value, "@context": {"example": "https://example.com/ns#"}})


@given(st.lists(st.tuples(NAMES, st.one_of(URIS, st.text(max_size=20))), max_size=6))
def test_urls(pairs: list[tuple[str, str]]) -> None:
    with contextlib.suppress(QueryParameterFault, QueryTooComplex):
        parse_query(url_parameters(pairs).query)


@given(st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from(["name", "query", "@context", "x"]), inner)))
def test_bodies(body: Any) -> None:
    with contextlib.suppress(QueryParameterFault, QueryTooComplex, QueryValidationFault):
        parse_query(query_definition(body).parameters)
