"""The reading of docs/format.md section 8 says of each event what the service says of it when it is captured."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from ml.datasets import cargo2000
from service.epcis.custody import Step, steps
from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.saying import MOST_CHARACTERS, ROOM, NoEvent, said
from service.sealing.meaning import steps_of
from tests.epcis import strategies
from tests.epcis.examples import (
    AGGREGATION_EVENT,
    EVENTS,
    OBJECT_EVENT,
    REMOVED,
    TRANSFORMATION_EVENT,
    varied,
)
from tests.sealing.readings import documents, mutated
from tests.shared import shared

START = datetime(2026, 3, 1, tzinfo=UTC)
BUYER = "https://id.gs1.org/417/4000001000012"
ITEM = "https://id.gs1.org/01/04012345111118/21/1"


def agree(document: Any) -> int:
    """How many events the service accepts in the document, each read as it reads them itself."""
    events = parse(document, lenient=True, proceed=True).events
    for event in events:
        assert list(said(event.source).items()) == list(steps(event).items())
    return len(events)


def examples() -> list[str]:
    root = shared("epcis")
    found = [*root.joinpath("gs1/JSON").rglob("*.jsonld"), *root.joinpath("openepcis/2.0/EPCIS/JSON").rglob("*.json")]
    return sorted(path.relative_to(root).as_posix() for path in found)


@pytest.mark.parametrize("name", examples())
def test_documents_that_others_wrote_are_read_alike(name: str) -> None:
    agree(Path(shared("epcis", *name.split("/"))).read_bytes())


@pytest.mark.parametrize("event", EVENTS)
def test_events_of_each_type_are_read_alike(event: dict[str, Any]) -> None:
    assert agree(event) == 1


@settings(max_examples=40)
@given(strategies.events())
def test_any_valid_event_is_read_alike(event: dict[str, Any]) -> None:
    assert agree(event) == 1


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_service_accepts_is_read_alike(seed: int) -> None:
    random = Random(seed)
    accepted = 0
    for _ in range(500):
        with suppress(InvalidDocument):
            accepted += agree(mutated(random, documents()))
    assert accepted > 100


@pytest.mark.parametrize("seed", range(4))
def test_any_object_gives_a_reading_or_a_refusal(seed: int) -> None:
    random = Random(seed)
    read = 0
    for _ in range(1000):
        with suppress(NoEvent):
            read += all(Step(step) in Step for step, _ in steps_of(mutated(random, documents())).values())
    assert 100 < read < 900


REFUSED: list[tuple[dict[str, Any], str]] = [
    (varied(OBJECT_EVENT, type="EPCISDocument"), "/type must be"),
    (varied(OBJECT_EVENT, type=["ObjectEvent"]), "/type must be"),
    (varied(OBJECT_EVENT, type=REMOVED), "/type must be"),
    (varied(OBJECT_EVENT, action="SEE"), "/action must be"),
    (varied(OBJECT_EVENT, action=REMOVED), "/action must be"),
    (varied(TRANSFORMATION_EVENT, action="ADD"), "/action is no member"),
    (varied(OBJECT_EVENT, childEPCs=[]), "/childEPCs is no member"),
    (varied(OBJECT_EVENT, inputEPCList=["urn:x:1"]), "/inputEPCList is no member"),
    (varied(AGGREGATION_EVENT, epcList=[]), "/epcList is no member"),
    (varied(OBJECT_EVENT, epcList=None), "/epcList must be an array"),
    (varied(OBJECT_EVENT, epcList="urn:x:1"), "/epcList must be an array"),
    (varied(OBJECT_EVENT, epcList=[7]), "/epcList/0 must be text"),
    (varied(OBJECT_EVENT, epcList=["no uri"]), "/epcList/0 must be a URI"),
    (varied(OBJECT_EVENT, epcList=["urn:epc:id:sgtin:4012345.011111"]), "/epcList/0 must be a URI"),
    (varied(OBJECT_EVENT, epcList=["https://id.gs1.org/01/04012345111117/21/1"]), "/epcList/0 must be a URI"),
    (varied(OBJECT_EVENT, epcList=["urn:x:" + MOST_CHARACTERS * "y"]), "/epcList/0 must be a URI"),
    (varied(OBJECT_EVENT, epcList=["urn:epc:class:lgtin:4012345.012345.Lot987"]), "/epcList/0 names a class"),
    (varied(OBJECT_EVENT, epcList=["urn:trailseal:journal:0x" + 64 * "0"]), "/epcList/0 has a name"),
    (varied(OBJECT_EVENT, epcList=["urn:%74RAILSEAL:journal:x"]), "/epcList/0 has a name"),
    (varied(OBJECT_EVENT, epcList=["urn:trailseal:risk:0x" + 31 * "ab"]), "/epcList/0 has a name"),
    (varied(OBJECT_EVENT, epcList=["urn:trailseal:risk:0x" + 32 * "AB"]), "/epcList/0 has a name"),
    (varied(AGGREGATION_EVENT, parentID="urn:%74RAILSEAL:Risk:0x" + 32 * "ab"), "/parentID has a name"),
    (varied(AGGREGATION_EVENT, parentID=None), "/parentID must be text"),
    (varied(AGGREGATION_EVENT, childQuantityList=[{}]), "/childQuantityList/0/epcClass must be text"),
    (varied(OBJECT_EVENT, **{"@context": None}), "/@context must be"),
    (varied(OBJECT_EVENT, **{"@context": {"urn": "https://x.example/"}}), "/@context must be"),
    (varied(OBJECT_EVENT, **{"@context": ["no uri"]}), "/@context must be"),
    (varied(OBJECT_EVENT, bizStep=None), "/bizStep must be text"),
    (varied(OBJECT_EVENT, errorDeclaration=None), "/errorDeclaration must be an object"),
    (varied(OBJECT_EVENT, persistentDisposition={"set": "x"}), "/persistentDisposition/set must be an array"),
    (varied(OBJECT_EVENT, sourceList=[{"type": "x"}]), "/sourceList/0/source must be text"),
    (
        varied(OBJECT_EVENT, destinationList=[{"type": "owning_party", "destination": "x y"}]),
        "/destinationList/0/destination must be a URI",
    ),
]


@pytest.mark.parametrize(("document", "why"), REFUSED)
def test_what_is_no_event_is_refused_at_its_place(document: dict[str, Any], why: str) -> None:
    with pytest.raises(NoEvent) as refusal:
        steps_of(document)
    assert str(refusal.value).startswith(why)


def test_a_prefix_cannot_make_much_out_of_little() -> None:
    prefix = "https://x.example/" + 1000 * "y"

    def naming(count: int) -> dict[str, Any]:
        return varied(OBJECT_EVENT, **{"@context": {"a": prefix}}, epcList=[f"a:{index}" for index in range(count)])

    assert len(steps_of(naming(ROOM // len(prefix)))) == ROOM // len(prefix)
    with pytest.raises(NoEvent, match="out of few"):
        steps_of(naming(2 * ROOM // len(prefix)))


def test_who_writes_past_the_service_is_read_by_what_names_things_alone() -> None:
    """What the service would refuse, and custody does not depend on: times, words, unknown members, things twice."""
    document = {
        "type": "ObjectEvent",
        "eventTime": "yesterday",
        "what": None,
        "action": "OBSERVE",
        "bizStep": "shipping",
        "epcList": [ITEM, "urn:epc:id:sgtin:4012345.011111.1"],
        "destinationList": [{"type": "possessing_party", "destination": "urn:epc:id:pgln:4000001.00001"}],
    }
    assert steps_of(document) == {ITEM: (Step.SHIP, BUYER)}
    assert parse(document, lenient=True, proceed=True).events == ()


def test_real_freight_is_read_alike() -> None:
    shipments = cargo2000.read(shared("data", "cargo2000", "cargo2000.csv"))
    assert sum(agree(cargo2000.to_epcis(shipment, START)) for shipment in shipments[::60]) > 500
