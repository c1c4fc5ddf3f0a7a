"""What is signed is what the stored document says to everybody: for any event that the language can tell."""

import json
from typing import Any

import orjson
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from service.capture.draft import Drafter, cut, entries_of
from service.epcis.documents import parse
from service.sealing.commitments import journal_of, party_of, salt_of, seal_of, trail_of
from service.sealing.entries import NOBODY, Entry, Step
from service.sealing.meaning import steps_of

SECRET = bytes(range(32))
PARTY = party_of("https://id.gs1.org/417/9521001000000")
DRAFTER = Drafter(SECRET, lambda size: b"\x07" * size)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SERIALS = st.integers(1, 6).map(str)
THINGS = st.one_of(
    SERIALS.map("https://id.gs1.org/01/04012345111118/21/{}".format),
    SERIALS.map("urn:epc:id:sgtin:4012345.011111.{}".format),
    SERIALS.map("https://brand.example/01/4012345111118/21/{}".format),
    SERIALS.map("own:crate/{}".format),
    SERIALS.map("https://own.example/crate/{}".format),
    st.just("https://id.gs1.org/414/4012345000009"),
)
LOTS = SERIALS.map("https://id.gs1.org/01/04012345111118/10/{}".format)
CLASSES = st.one_of(LOTS, st.just("https://id.gs1.org/01/04012345111118"), st.just("own:colour/red"))
PARTIES = st.sampled_from(
    [
        "https://id.gs1.org/417/4012345000009",
        "urn:epc:id:pgln:4012345.00001",
        "urn:epc:id:sgln:4012345.00000.0",
        "https://id.gs1.org/414/4012345000016",
        "own:party",
        "did:example:somebody",
    ]
)
WORDS = ("shipping", "consigning", "receiving", "accepting", "holding", "commissioning", "destroying", "inspecting")
BIZ_STEPS = st.sampled_from([f"{prefix}{word}" for word in WORDS for prefix in ("", "cbv:BizStep-", "own:")])
DISPOSITIONS = st.lists(
    st.sampled_from(["recalled", "cbv:Disp-expired", "own:lost", "in_transit"]), min_size=1, max_size=2
)
ROLES = st.sampled_from(["possessing_party", "cbv:SDT-owning_party", "location", "own:role"])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def few(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, max_size=4, unique=True)


def moves(side: str) -> st.SearchStrategy[list[dict[str, str]]]:
    return st.lists(st.fixed_dictionaries({"type": ROLES, side: PARTIES}), min_size=1, max_size=2)


QUANTITIES = st.lists(st.fixed_dictionaries({"epcClass": CLASSES}, optional={"quantity": st.just(2.50)}), max_size=2)
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "bizStep": BIZ_STEPS,
    "sourceList": moves("source"),
    "destinationList": moves("destination"),
    "persistentDisposition": st.dictionaries(st.sampled_from(["set", "unset"]), DISPOSITIONS, min_size=1),
    "errorDeclaration": st.just({"declarationTime": "2026-03-02T00:00:00Z"}),
    "eventID": st.sampled_from(["own:event/1", "urn:uuid:6e0a3bb0-7a52-4a9b-9d3a-3f0e9b1f6f10"]),
    "recordTime": st.just("2026-03-03T00:00:00Z"),
    "@context": st.sampled_from([{"own": "https://mine.example/"}, [{"other": "https://other.example/"}]]),
    "own:more": JSON,
}
ACTIONS = st.sampled_from(["ADD", "OBSERVE", "DELETE"])


def event(type_: str, needed: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    whole = {"type": st.just(type_), "eventTime": st.just("2026-03-01T00:00:00.000Z")} | needed
    rest = {name: members for name, members in COMMON.items() if name not in needed}
    return st.fixed_dictionaries(whole | {"eventTimeZoneOffset": st.just("+00:00")}, optional=rest)


INSIDE = {"action": ACTIONS, "parentID": THINGS, "childEPCs": few(THINGS), "childQuantityList": QUANTITIES}
MAKING = {"inputEPCList": few(THINGS), "outputEPCList": few(THINGS), "outputQuantityList": QUANTITIES}
SOLD = st.just([{"bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:1"}])
HANDED = {"bizStep": BIZ_STEPS, "sourceList": moves("source"), "destinationList": moves("destination")}
HANDED |= {"action": st.just("OBSERVE"), "epcList": st.lists(THINGS, min_size=1, max_size=3, unique=True)}
EVENTS = st.one_of(
    event("ObjectEvent", HANDED),
    event("ObjectEvent", {"action": ACTIONS, "epcList": few(THINGS), "quantityList": QUANTITIES}),
    event("AggregationEvent", INSIDE),
    event("AssociationEvent", INSIDE),
    event("TransactionEvent", {"action": ACTIONS, "epcList": few(THINGS), "bizTransactionList": SOLD}),
    event("TransformationEvent", MAKING),
    event("TransformationEvent", MAKING | {"transformationID": st.just("own:batch/1")}),
)


@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_entries_are_what_the_stored_documents_say(events: list[dict[str, Any]]) -> None:
    document = {
        "@context": [CONTEXT, {"own": "https://own.example/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    told = parse(orjson.dumps(document), proceed=True).events
    assume(told)
    drafts = [DRAFTER.draft(one, PARTY) for one in told]
    expected = []
    for draft in drafts:
        stored = json.loads(draft.document)
        assert draft.document == rfc8785.dumps(stored)
        assert "recordTime" not in stored
        seal = seal_of(draft.document, draft.nonce)
        for thing, (step, recipient) in (steps_of(stored) or {journal_of(PARTY): (Step.OBSERVE, None)}).items():
            to = party_of(recipient) if recipient else NOBODY
            expected.append(Entry(trail_of(thing, salt_of(thing, SECRET)), seal, int(step), to))
        # An auditor who reads the stored document finds the same event, under the same name.
        (again,) = parse(stored).events
        assert DRAFTER.draft(again, PARTY, draft.nonce).mentions == draft.mentions
        assert DRAFTER.draft(again, PARTY, draft.nonce).event_id == draft.event_id
        assert DRAFTER.draft(again, PARTY, draft.nonce).document == draft.document
    assert [entry for _, _, entry in entries_of(drafts)] == expected


@given(st.integers(1, 1500))
def test_parts_are_as_few_as_may_be_and_keep_the_order(count: int) -> None:
    entries = [Entry(index.to_bytes(32, "big"), bytes(32), 0) for index in range(count)]
    parts = cut(entries)
    assert [entry for part in parts for entry in part] == entries
    assert {len(part) for part in parts[:-1]} <= {200}
    assert 0 < len(parts[-1]) <= 200
