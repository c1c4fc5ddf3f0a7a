"""A faulty document leaves nothing behind, and its sender learns where to mend it; `proceed` leaves out what is bad."""

from typing import Any

import orjson
import pytest

from service.capture import Captures, errors
from service.capture.limits import MOST_CHARACTERS
from service.epcis.faults import InvalidDocument
from service.errors import TrailsealError
from tests.capture.conftest import Room
from tests.epcis.xml.examples import document as xml_document
from tests.ledger.world import CONTEXT, document, item, seen

GTIN = "https://id.gs1.org/01/04012345111118"
NUMBER = "https://example.org/number"


def raw(old: str, new: bytes, **members: Any) -> bytes:
    """An event whose JSON text has `new` for the text `old`."""
    return orjson.dumps(seen(**members)).replace(old.encode(), new)


def transformation(inputs: int, outputs: int, **members: Any) -> dict[str, Any]:
    when = {"eventTime": "2026-03-01T00:00:00.000Z", "eventTimeZoneOffset": "+00:00"}
    things = {"inputEPCList": [item() for _ in range(inputs)], "outputEPCList": [item() for _ in range(outputs)]}
    return {"type": "TransformationEvent"} | when | things | members


FAULTY: dict[str, tuple[dict[str, Any] | bytes, str, str]] = {
    "unknown member": (seen(colour="red"), "/colour", "declare an extension prefix in @context"),
    "undeclared prefix": (seen(**{"shop:colour": "red"}), "/shop:colour", "add it to @context"),
    "unknown word": (seen(bizStep="teleporting"), "/bizStep", "teleporting"),
    "no such type": (seen(type="QuantumEvent"), "/type", "ObjectEvent"),
    "no event at all": (b"7", "", "must be an object"),
    "impossible date": (seen(eventTime="2026-02-30T10:00:00.000Z"), "/eventTime", "no time that exists"),
    "time without offset": (seen(eventTime="2026-02-03T10:00:00.000"), "/eventTime", "with an offset"),
    "before all years": (seen(eventTime="0001-01-01T00:00:00.000+14:00"), "/eventTime", "no time that exists"),
    "after all years": (seen(eventTime="9999-12-31T23:59:59.9999999Z"), "/eventTime", "beyond the year 9999"),
    "wrong check digit": (seen("https://id.gs1.org/01/04012345111119/21/1"), "/epcList/0", "check digit"),
    "class in a list of things": (seen(GTIN), "/epcList/0", "put it into a quantity list"),
    "another's journal": (seen("urn:trailseal:journal:0x" + "ab" * 32), "", "names a journal"),
    "what looks like a journal": (seen("URN:Trailseal%3aJournal:0x" + "AB" * 32), "", "names a journal"),
    "U+0000 in an EPC": (seen("urn:example:\0"), "/epcList/0", "U+0000"),
    "U+0000 in an eventID": (seen(eventID="urn:example:\0"), "/eventID", "U+0000"),
    "U+0000 in a member's name": (seen(**{"a\0b": 1}), "", "U+0000"),
    "U+0000 in an extension": (seen(**{NUMBER: {"deep": ["\0"]}}), "/https:~1~1example.org~1number/deep/0", "U+0000"),
    "half a surrogate": (raw("red", rb"\ud800", **{NUMBER: "red"}), "/https:~1~1example.org~1number", "lone surrogate"),
    "half a surrogate in a name": (raw("colour", rb"\ud800", colour=1), "", "lone surrogate"),
    "half a surrogate in a prefix": (raw("colour:", rb"\ud800:", **{"colour:x": 1}), "", "lone surrogate"),
    "2^53": (seen(**{NUMBER: 2**53}), "/https:~1~1example.org~1number", "send it as text"),
    "400 digits": (raw("77", b"9" * 400, **{NUMBER: 77}), "/https:~1~1example.org~1number", "send it as text"),
    "1e400": (raw("77", b"1e400", **{NUMBER: 77}), "/https:~1~1example.org~1number", "send it as text"),
    "NaN": (raw("77", b"NaN", **{NUMBER: 77}), "/https:~1~1example.org~1number", "no JSON number"),
    "a member twice": (raw('"action"', b'"action":"ADD","action"'), "", "more than once"),
    "eventID too long": (seen(eventID="urn:x:" + "y" * MOST_CHARACTERS), "/eventID", "at most 2048"),
    "identifier too long": (seen("urn:x:" + "y" * MOST_CHARACTERS), "", "at most 2048"),
    "too many ties": (transformation(400, 400), "", "give the event a transformationID"),
}
"""An event, the pointer of its first fault within it, and what its sender reads."""

WHOLE: dict[str, tuple[bytes, str, str]] = {
    "cut off": (b'{"type": "EPCISDocument", ', "", "line 1, column"),
    "not UTF-8": (b"\xff\xfe", "", "not UTF-8"),
    "nothing": (b"", "", "malformed JSON"),
    "a number": (b"7", "", "a JSON object"),
    "another type": (b'{"type": "Invoice"}', "/type", "EPCISDocument"),
    "another version": (document(seen()).replace(b'"2.0"', b'"1.2"'), "/schemaVersion", "send a 2.0 document"),
    "no date": (document(seen()).replace(b"2026-03-01T00:00:00Z", b"today"), "/creationDate", "with an offset"),
    "deep": (
        document(seen()).replace(
            b'{"@context"', b'{"epcisHeader":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b',"@context"'
        ),
        "/epcisHeader" + "/a" * 63,
        "64 deep",
    ),
    "a context of its own": (document(seen()).replace(orjson.dumps(CONTEXT), b"17"), "/@context/0", "URI"),
}


def body_of(name: str) -> bytes:
    """A document whose second event has the fault; the first and the third have none."""
    event, _, _ = FAULTY[name]
    told = event if isinstance(event, bytes) else orjson.dumps(event)
    return document(seen(), {"here": 0}, seen()).replace(b'{"here":0}', told)


async def assert_refused(room: Room, body: bytes, **options: Any) -> TrailsealError:
    """That the document is refused and no table has a row more or less."""
    before = await room.sizes()
    with pytest.raises(TrailsealError) as told:
        await room.captures.accept(room.acme, body, **options)
    assert await room.sizes() == before
    assert 400 <= told.value.status < 500
    orjson.dumps([told.value.detail, dict(told.value.extra)])  # it can be said in JSON
    return told.value


@pytest.mark.parametrize("name", FAULTY)
async def test_one_faulty_event_refuses_the_document_and_is_pointed_at(room: Room, name: str) -> None:
    _, pointer, words = FAULTY[name]
    refusal = await assert_refused(room, body_of(name))
    assert isinstance(refusal, InvalidDocument)
    place, message = refusal.extra["faults"][0]["pointer"], refusal.extra["faults"][0]["message"]
    assert place == f"/epcisBody/eventList/1{pointer}"
    assert words in message


@pytest.mark.parametrize("name", FAULTY)
async def test_proceed_keeps_the_good_events_and_tells_the_faults_of_the_other(room: Room, name: str) -> None:
    _, pointer, words = FAULTY[name]
    receipt = await room.captures.accept(room.acme, body_of(name), proceed=True)
    assert (receipt.events, receipt.entries) == (2, 2)
    ((index, faults),) = [(one["index"], one["faults"]) for one in receipt.refused]
    assert index == 1
    assert faults[0]["pointer"] == f"/epcisBody/eventList/1{pointer}"
    assert words in faults[0]["message"]
    assert (await room.captures.receipt(room.acme, receipt.id)).told() == receipt.told()
    await room.assert_told_as_stored(receipt)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("proceed", [False, True])
async def test_a_document_that_cannot_be_read_is_refused_whole(room: Room, name: str, proceed: bool) -> None:
    body, pointer, words = WHOLE[name]
    refusal = await assert_refused(room, body, proceed=proceed)
    assert isinstance(refusal, InvalidDocument)
    assert refusal.extra["faults"][0]["pointer"] == pointer
    assert words in refusal.extra["faults"][0]["message"]


async def test_every_fault_of_a_document_is_told_at_once(room: Room) -> None:
    body = document(seen(colour="red"), seen(), seen(eventTime="noon", bizStep="teleporting"))
    refusal = await assert_refused(room, body)
    places = [fault["pointer"] for fault in refusal.extra["faults"]]
    listed = "/epcisBody/eventList"
    assert sorted(places) == [f"{listed}/0/colour", f"{listed}/2/bizStep", f"{listed}/2/eventTime"]
    assert "and 2 more" in refusal.detail


async def test_one_event_twice_in_a_document_is_refused(room: Room) -> None:
    named, unnamed = seen(eventID="urn:uuid:6e0a3bb0-7a52-4a9b-9d3a-3f0e9b1f6f10"), seen()
    for twice, other in ((named, named | {"epcList": [item()]}), (unnamed, unnamed)):
        refusal = await assert_refused(room, document(twice, other))
        assert "/epcisBody/eventList/1" in refusal.detail
        receipt = await room.accept(twice, other, proceed=True)
        assert (receipt.events, [one["index"] for one in receipt.refused]) == (1, [1])


async def test_a_document_without_events_is_refused(room: Room) -> None:
    body = document(seen())
    empty = body[: body.index(b"[{")] + b"[]}}"
    for proceed in (False, True):
        assert isinstance(await assert_refused(room, empty, proceed=proceed), errors.NoEvents)
    assert isinstance(await assert_refused(room, b"[]"), errors.NoEvents)


async def test_proceed_without_one_good_event_is_refused_and_says_why(room: Room) -> None:
    refusal = await assert_refused(room, document(seen(colour="red"), seen(type="QuantumEvent")), proceed=True)
    assert isinstance(refusal, errors.NoEvents)
    assert [one["index"] for one in refusal.extra["refused"]] == [0, 1]


async def test_more_events_than_the_settings_allow_are_refused(room: Room) -> None:
    few = room.settings.model_copy(update={"document_events": 3})
    room.captures = Captures(room.database, few)
    bad = [seen(colour="red") for _ in range(2)]
    for events, proceed in (([seen() for _ in range(4)], False), ([seen(), seen(), *bad], True)):
        refusal = await assert_refused(room, document(*events), proceed=proceed)
        assert isinstance(refusal, errors.TooManyEvents)
        assert "at most 3" in refusal.detail
    assert (await room.accept(seen(), seen(), seen())).events == 3


@pytest.mark.parametrize("proceed", [False, True])
async def test_too_many_events_are_refused_before_they_are_judged(room: Room, proceed: bool) -> None:
    """Two million of them fit into a document, and take minutes to find fault with."""
    room.captures = Captures(room.database, room.settings.model_copy(update={"document_events": 3}))
    in_xml = xml_document(*["<ObjectEvent/>"] * 4)
    for body, format_ in ((document(*[{"type": "ObjectEvent"}] * 4), "json"), (in_xml, "xml")):
        refusal = await assert_refused(room, body, format=format_, proceed=proceed)
        assert isinstance(refusal, errors.TooManyEvents)
        assert "3" in refusal.detail


async def test_a_transformation_with_an_id_may_have_many_inputs_and_outputs(room: Room) -> None:
    """The ties to and from its transformationID are as many as its things."""
    receipt = await room.accept(transformation(400, 400, transformationID="urn:x:one-batch"))
    assert receipt.entries == 800
    assert (await room.counts())["links"] == 800
    # What each event ties counts together, so that no document makes more than one event may.
    ties = [transformation(200, 200) for _ in range(3)]
    refusal = await assert_refused(room, document(*ties))
    assert isinstance(refusal, InvalidDocument)
    assert refusal.extra["faults"][0]["pointer"] == "/epcisBody/eventList/2"
    assert (await room.accept(*ties, proceed=True)).events == 2
