"""The page on queries says what is so."""

import json
import re
from pathlib import Path

import pytest

from service.epcis.documents import parse
from service.epcis.query.families import MEASURES, OPERATIONS, TIMES
from service.epcis.query.faults import QueryParameterFault
from service.epcis.query.fixed import FIXED
from service.epcis.query.indexing import MOST_NUMBERS, MOST_SORT_CHARACTERS, MOST_SORT_KEYS, MOST_TERMS, indexed
from service.epcis.query.language import MOST_PARAMETERS, MOST_VALUES, parse_query
from service.epcis.query.names import SCOPES
from service.epcis.query.parameter import MOST_CHARACTERS
from service.epcis.query.sent import CONTROLS, query_definition
from tests.epcis.examples import OBJECT_EVENT, document, varied

PAGE = (Path(__file__).parents[3] / "docs" / "epcis" / "queries.md").read_text()


def test_its_example_is_a_query() -> None:
    body = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    assert len(parse_query(query_definition(body).parameters).conditions) == 4


def test_it_names_every_parameter_scope_and_control() -> None:
    for name in (*FIXED, *CONTROLS):
        assert f"`{name}" in PAGE, name
    for name in (*OPERATIONS, *TIMES, *MEASURES, *SCOPES):
        assert re.search(rf"`{name}[_`]", PAGE), name


def test_its_patterns_are_understood() -> None:
    patterns = re.findall(r"`((?:urn:epc:|https://id\.gs1\.org/)[^`]+)`", PAGE)
    patterns = [pattern for pattern in patterns if not pattern.endswith(":")]
    assert len(patterns) >= 10
    for pattern in patterns:
        parse_query({"MATCH_anyEPCClass": pattern, "MATCH_anyEPC": pattern})


@pytest.mark.parametrize("limit", [MOST_PARAMETERS, MOST_VALUES, MOST_CHARACTERS, MOST_TERMS, MOST_NUMBERS])
def test_its_limits_are_those_of_the_code(limit: int) -> None:
    assert re.search(rf"\| {limit:,} \|".replace(",", " ?"), PAGE)
    assert f"{MOST_SORT_CHARACTERS} characters" in PAGE
    assert f"{MOST_SORT_KEYS} fields" in PAGE


@pytest.mark.parametrize(("each", "many"), [("011111.{}", 5000), ("{:06}.1", 20500)])
def test_how_many_values_a_large_event_has(each: str, many: int) -> None:
    epcs = [f"urn:epc:id:sgtin:4012345.{each.format(number)}" for number in range(5000)]
    found = indexed(parse(document(varied(OBJECT_EVENT, epcList=epcs))).events[0])
    assert len(found.terms) == pytest.approx(many, rel=0.01)


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(QueryParameterFault):
        parse_query({"EQ_colour": "red"})
