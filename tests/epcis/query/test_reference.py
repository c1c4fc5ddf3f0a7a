"""Random events and random queries: the indexed answer is the naive one."""

from collections import Counter
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import event as noted
from hypothesis import strategies as st

from tests.epcis.query import reference
from tests.epcis.query.asking import asks, seen
from tests.epcis.query.reference import CLASS_PATTERNS, CLASSES, PATTERNS, PLACES, PREFIX, THINGS, UNITS, WORDS

ONE = st.sampled_from
THING, CLASS, UOM = ONE(sorted(THINGS)), ONE(sorted(CLASSES)), ONE(sorted(UNITS))
STEP = ONE([spelling for spellings in WORDS.values() for spelling in spellings])
PLACE = ONE([spelling for spellings in PLACES.values() for spelling in spellings])
MOMENT = ONE(
    ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00", "2026-03-01T10:00:00.5Z", "2026-02-28T23:30:00-10:00"]
)
NUMBER = ONE([0, 1, 2, -1, 0.5, 26, 26.1, 78.8, 299.15, 1000, 2000.0, 0.45359237])
VALUE = st.one_of(
    MOMENT, NUMBER, ONE(["5", "5.0", "007", "7", "Night", " Night", "night", "true", "1e1", "10"]), st.booleans()
)
FIELD = ONE(["example:f", "example:g"])
QUANTITY = st.builds(
    lambda class_, more: {"epcClass": class_, **more},
    CLASS,
    st.one_of(st.just({}), st.fixed_dictionaries({"quantity": NUMBER.map(abs)}, optional={"uom": UOM})),
)
NESTED: st.SearchStrategy[Any] = st.recursive(
    VALUE, lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(FIELD, inner, max_size=2)), max_leaves=4
)
EXTENSIONS = st.dictionaries(FIELD, NESTED, max_size=2)
REPORT = st.fixed_dictionaries({"type": st.just("Temperature"), "value": NUMBER}, optional={"uom": UOM})


def listed(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3, unique_by=str)


COMMON: dict[str, st.SearchStrategy[Any]] = {
    "bizStep": STEP,
    "readPoint": PLACE.map(lambda place: {"id": place}),
    "bizTransactionList": listed(
        st.builds(
            lambda type_, thing: {"type": type_, "bizTransaction": thing},
            ONE(["po", "inv"]),
            ONE(["urn:x:1", "urn:x:2"]),
        )
    ),
    "sensorElementList": st.lists(
        st.builds(lambda reports: {"sensorReport": reports}, st.lists(REPORT, min_size=1, max_size=2)),
        min_size=1,
        max_size=2,
    ),
}
FRAME: dict[str, st.SearchStrategy[Any]] = {"eventTime": MOMENT, "eventTimeZoneOffset": st.just("+01:00")}
ACTION = ONE(["ADD", "OBSERVE", "DELETE"])
EVENTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("ObjectEvent"), "action": ACTION, "epcList": listed(THING), **FRAME},
        optional={"quantityList": listed(QUANTITY), "ilmd": EXTENSIONS, **COMMON},
    ).map(lambda found: found if found["action"] == "ADD" else {k: v for k, v in found.items() if k != "ilmd"}),
    st.fixed_dictionaries(
        {"type": st.just("AggregationEvent"), "action": ACTION, "parentID": THING, "childEPCs": listed(THING), **FRAME},
        optional={"childQuantityList": listed(QUANTITY), **COMMON},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("TransformationEvent"),
            "inputEPCList": listed(THING),
            "outputEPCList": listed(THING),
            **FRAME,
        },
        optional={"inputQuantityList": listed(QUANTITY), "outputQuantityList": listed(QUANTITY), **COMMON},
    ),
)
ASKED_THING, ASKED_CLASS = ONE([*THINGS, *PATTERNS]), ONE([*CLASSES, *CLASS_PATTERNS])
NAMED = st.builds(
    lambda scope, field: scope + field, ONE(["", "INNER_", "ILMD_", "INNER_ILMD_"]), ONE(["example:f", PREFIX + "g"])
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=2)


def named(names: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(ONE(names), values)


COMPARISON = ONE(["GT_", "GE_", "LT_", "LE_"])
MEASURE = st.builds(
    lambda name, uom: name + uom, ONE(["quantity", "value"]), st.one_of(st.just(""), UOM.map("_{}".format))
)
PARAMETERS: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    named(["MATCH_epc", "MATCH_parentID", "MATCH_inputEPC", "MATCH_outputEPC", "MATCH_anyEPC"], some(ASKED_THING)),
    named(["MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass", "MATCH_anyEPCClass"], some(ASKED_CLASS)),
    named(["eventType"], some(ONE(["ObjectEvent", "AggregationEvent", "TransformationEvent", "AssociationEvent"]))),
    named(["EQ_action"], some(ACTION)),
    named(["EQ_bizStep"], some(STEP)),
    named(["EQ_readPoint"], some(PLACE)),
    named(["EQ_bizTransaction_po", "EQ_bizTransaction_inv"], some(ONE(["urn:x:1", "urn:x:2"]))),
    named(["GE_eventTime", "LT_eventTime"], MOMENT),
    st.tuples(st.builds("EQ_{}".format, MEASURE), some(NUMBER)),
    st.tuples(st.builds("{}{}".format, COMPARISON, MEASURE), NUMBER),
    st.tuples(st.builds("EQ_{}".format, NAMED), some(VALUE)),
    st.tuples(st.builds("{}{}".format, COMPARISON, NAMED), st.one_of(NUMBER, MOMENT)),
    named(["EXISTS_example:f"], st.none()),
)


@settings(max_examples=150, deadline=None, phases=set(Phase) - {Phase.explain})
@given(EVENTS, EXTENSIONS, st.lists(PARAMETERS, min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_the_indexed_answer_is_the_naive_one(
    event: dict[str, Any], extensions: dict[str, Any], parameters: list[tuple[str, Any]]
) -> None:
    event = {**event, **extensions}
    known = seen(event)
    found: Counter[bool] = Counter()
    for name, value in parameters:
        right = reference.answers(event, name, value)
        assert asks({name: value}, known) is right, (name, value)
        found[right] += 1
    noted("finds" if found[True] else "finds nothing")
    assert asks(dict(parameters), known) is (found[False] == 0)
