"""Ten representative queries, each with fresh parameters every time, and the same ones as a rival would ask them.

The rival keeps each event as JSONB under a `jsonb_path_ops` index, as most stores of documents do: containment (`@>`)
and JSON paths (`@?`) for what they can say, times and who sees what from the same columns and tables as ours.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench.query_load import (
    BIZ_STEPS,
    DAYS,
    LINES,
    PLACES,
    PRODUCTS,
    REGIONS,
    START,
    gtin,
    item,
    lot,
    place,
    region,
    skewed,
)

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: EPCIS parameters, and the rival's SQL condition on `doc` (and its order)."""

    parameters: Parameters
    rival: str
    order: str = "record_time, seq"
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of query. `seer` is who asks: everybody in turn, or an ordinary party that sees one event in a hundred."""

    name: str
    ask: Callable[[random.Random, int], Asked]
    ordinary: bool = False
    indexed: bool = True


def _contains(value: Any) -> str:
    return "doc @> '" + json.dumps(value).replace("'", "''") + "'"


def _near(draw: random.Random, size: int) -> int:
    return draw.randint(1, max(size // 4 - 1, 1))


def _by_epc(draw: random.Random, size: int) -> Asked:
    near = _near(draw, size)
    epc = item(near % PRODUCTS, near * 10)
    lists = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
    return Asked({"MATCH_anyEPC": [epc]}, "(" + " OR ".join(_contains({name: [epc]}) for name in lists) + ")")


def _by_pattern(draw: random.Random, size: int) -> Asked:
    product = _near(draw, size) % PRODUCTS
    # GTIN 09521 + 8 digits: company prefix 9521000, then the reference
    digits = gtin(product)
    pattern = f"urn:epc:idpat:sgtin:{digits[1:8]}.{digits[0]}{digits[8:13]}.*"
    like = f'"https://id.gs1.org/01/{digits}/21/"'
    return Asked(
        {"MATCH_epc": [pattern]},
        f"(doc @? '$.epcList[*] ? (@ starts with {like})' OR doc @? '$.childEPCs[*] ? (@ starts with {like})')",
    )


def _by_lot(draw: random.Random, size: int) -> Asked:
    number = _near(draw, size) // 20
    one = lot(number % PRODUCTS, number)
    lists = ("quantityList", "inputQuantityList")
    condition = " OR ".join(_contains({name: [{"epcClass": one}]}) for name in lists)
    return Asked({"MATCH_anyEPCClass": [one]}, f"({condition})")


def _step_in_window(draw: random.Random, _: int) -> Asked:
    since = START + timedelta(days=draw.uniform(0, DAYS - 8))
    before = since + timedelta(days=7)
    step = draw.choice(BIZ_STEPS)
    return Asked(
        {
            "EQ_bizStep": [step],
            "GE_eventTime": since.isoformat(),
            "LT_eventTime": before.isoformat(),
            "orderBy": "eventTime",
        },
        f"{_contains({'bizStep': step})} AND event_time >= '{since}' AND event_time < '{before}'",
        "event_time DESC, seq DESC",
    )


def _within_region(draw: random.Random, _: int) -> Asked:
    number = draw.randrange(REGIONS)
    places = [one for one in range(PLACES) if one * 7 % REGIONS == number]
    condition = " OR ".join(_contains({"readPoint": {"id": place(one)}}) for one in places)
    return Asked(
        {"WD_readPoint": [region(number)], "orderBy": "eventTime"}, f"({condition})", "event_time DESC, seq DESC"
    )


def _by_extension(draw: random.Random, _: int) -> Asked:
    badge = f"B{skewed(draw, 5_000)}"
    return Asked(
        {"EQ_INNER_https://example.com/ns/badge": [badge], "orderBy": "eventTime"},
        _contains({"ex:inspector": {"ex:badge": badge}}),
        "event_time DESC, seq DESC",
    )


def _by_temperature(draw: random.Random, _: int) -> Asked:
    lowest = round(draw.uniform(11.0, 13.5), 1)
    kelvin = {"GE_value_KEL": lowest + 273.15, "orderBy": "eventTime"}
    path = f'$.sensorElementList[*].sensorReport[*] ? (@.uom == "CEL" && @.value >= {lowest})'
    return Asked(kelvin, f"doc @? '{path}'", "event_time DESC, seq DESC")


def _three_conditions(draw: random.Random, _: int) -> Asked:
    step, line, where = draw.choice(BIZ_STEPS), skewed(draw, LINES, 1.5), place(skewed(draw, PLACES))
    return Asked(
        {"EQ_bizStep": [step], "EQ_https://example.com/ns/line": line, "EQ_readPoint": [where]},
        " AND ".join(map(_contains, ({"bizStep": step}, {"ex:line": line}, {"readPoint": {"id": where}}))),
    )


def _errors(draw: random.Random, _: int) -> Asked:
    since = START + timedelta(days=draw.uniform(0, DAYS - 30))
    return Asked(
        {"EXISTS_errorDeclaration": True, "GE_eventTime": since.isoformat(), "orderBy": "eventTime"},
        f"doc @? '$.errorDeclaration' AND event_time >= '{since}'",
        "event_time DESC, seq DESC",
    )


def _some_page(draw: random.Random, _: int) -> Asked:
    return Asked(
        {"EQ_action": ["OBSERVE"], "orderBy": "eventTime"},
        _contains({"action": "OBSERVE"}),
        "event_time DESC, seq DESC",
        draw.randint(1, 12),
    )


def _recorded_since(draw: random.Random, _: int) -> Asked:
    since = START + timedelta(days=draw.uniform(0, DAYS - 1))
    return Asked({"GE_recordTime": since.isoformat()}, f"record_time >= '{since}'")


def _frequent_once(__: random.Random, _: int) -> Asked:
    return Asked(
        {"EQ_https://example.com/ns/legacySystem": ["AS400"], "orderBy": "eventTime"},
        _contains({"ex:legacySystem": "AS400"}),
        "event_time DESC, seq DESC",
    )


CASES = (
    Case("one item", _by_epc),
    Case("all items of a product", _by_pattern),
    Case("one lot", _by_lot),
    Case("business step, one week", _step_in_window),
    Case("places within a region", _within_region),
    Case("extension field", _by_extension),
    Case("sensor value, other unit", _by_temperature),
    Case("three conditions", _three_conditions),
    Case("error declarations", _errors),
    Case("page n of a party's events", _some_page, ordinary=True),
    Case("recorded since", _recorded_since),
    Case("frequent, long ago only", _frequent_once),
)
