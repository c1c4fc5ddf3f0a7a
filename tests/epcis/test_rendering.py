import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.epcis.contexts import STANDARD_PREFIXES, declared, expanded
from service.epcis.documents import parse
from service.epcis.faults import Fault
from service.epcis.identifiers import canonical
from service.epcis.rendering import CONTEXT, identifiers_in, query_document, rendered, written

NOON = datetime(2026, 2, 3, 12, 0, 0, 123456, tzinfo=UTC)
URN, LINK = "urn:epc:id:sgtin:9521321.000001.1", "https://id.gs1.org/01/09521321000018/21/1"


def event(**members: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT],
        "type": "ObjectEvent",
        "eventTime": "2026-02-03T08:55:12.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [URN],
        "action": "OBSERVE",
        **members,
    }


def shown(*events: dict[str, Any]) -> dict[str, Any]:
    listed = [(one, NOON) for one in events]
    return query_document(listed, query_name="SimpleEventQuery", epc_format="Never_Translates", created=NOON)


def extended(name: str, context: Any) -> dict[str, Any]:
    return event(**{"@context": context, name: "x"})


def meaning(document: dict[str, Any]) -> list[set[str]]:
    """The full names of the extension members of each event of a document."""
    faults: list[Fault] = []
    outer = declared(document["@context"], "", STANDARD_PREFIXES, faults)
    found = []
    for one in document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]:
        prefixes = declared(one.get("@context"), "", outer, faults)
        found.append({expanded(name, prefixes) for name in one if ":" in name} | {expanded("p0:x", prefixes)})
    assert not faults
    return found


def test_an_epc_in_every_place_has_its_digital_link() -> None:
    place = {"id": "urn:epc:id:sgln:9521321.00002.0"}
    element = {
        "sensorMetadata": {"deviceID": "urn:epc:id:giai:9521321.401"},
        "sensorReport": [{"type": "Temperature", "value": 1, "uom": "CEL", "deviceID": "urn:epc:id:giai:9521321.402"}],
    }
    told = event(
        quantityList=[{"epcClass": "urn:epc:class:lgtin:9521321.000001.L", "quantity": 1}],
        readPoint=place,
        bizLocation=place,
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:9521321.00001"}],
        destinationList=[{"type": "location", "destination": place["id"]}],
        bizTransactionList=[{"bizTransaction": "urn:epc:id:gdti:9521321.00001.1"}],
        sensorElementList=[element],
        **{"example:epc": URN},
    )
    before = copy.deepcopy(told)
    answered = rendered(told, NOON, "Always_GS1_Digital_Link")
    assert told == before
    assert answered["recordTime"] == "2026-02-03T12:00:00.123456Z"
    assert answered.pop("example:epc") == URN, "what an extension says is not ours to change"
    assert "urn:epc:" not in str(answered)
    assert answered["epcList"] == [LINK]
    kept = rendered(told, NOON, "Always_EPC_URN")
    assert kept.pop("recordTime")
    assert kept == told


def test_an_epc_without_gs1_key_is_left_as_it_is() -> None:
    for identifier in ("urn:epc:id:gid:95100000.12345.400", "https://example.com/1", "urn:uuid:x"):
        assert rendered(event(epcList=[identifier]), NOON, "Always_GS1_Digital_Link")["epcList"] == [identifier]


def test_identifiers_and_how_they_were_sent() -> None:
    told = event(quantityList=[{"epcClass": "urn:epc:class:lgtin:9521321.000001.L"}], readPoint={"id": "urn:x:1"})
    lot = "https://id.gs1.org/01/09521321000018/10/L"
    assert identifiers_in(told, "epcs") == {LINK: URN, lot: "urn:epc:class:lgtin:9521321.000001.L"}
    assert identifiers_in(told, "readPoint") == {"urn:x:1": "urn:x:1"}
    assert identifiers_in(told, "bizLocation") == {}


def test_prefixes_of_one_meaning_are_declared_once() -> None:
    one = extended("p0:a", [CONTEXT, {"p0": "https://a.example/"}])
    other = extended("p1:b", [{"p1": "https://b.example/"}, "https://gs1.github.io/EPCIS/epcis-context.jsonld"])
    document = shown(one, other)
    assert document["@context"] == [CONTEXT, {"p0": "https://a.example/", "p1": "https://b.example/"}]
    assert all("@context" not in told for told in document["epcisBody"]["queryResults"]["resultsBody"]["eventList"])


def test_a_context_that_is_more_than_prefixes_stays_on_its_event() -> None:
    for context in (
        [CONTEXT, "https://example.com/context.jsonld"],
        [CONTEXT, {"p0": "https://a.example/", "@vocab": "https://a.example/"}],
        [CONTEXT, {"p0": {"@id": "https://a.example/"}}],
    ):
        (told,) = shown(extended("p0:a", context))["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert told["@context"] == context


def test_a_prefix_is_not_given_to_a_text_that_does_not_know_it() -> None:
    declaring = extended("p0:a", [CONTEXT, {"p0": "https://a.example/"}])
    plain = event(bizTransactionList=[{"bizTransaction": "p0:4711"}])
    document = shown(declaring, plain)
    assert document["@context"] == [CONTEXT]


CONTEXTS = st.dictionaries(
    st.sampled_from(("p0", "p1", "p2")), st.sampled_from(("https://a.example/", "https://b.example/")), min_size=1
)


@given(st.lists(CONTEXTS, min_size=1, max_size=5))
def test_no_event_means_another_thing_in_an_answer(contexts: list[dict[str, str]]) -> None:
    events = [
        event(**{"@context": [CONTEXT, context], **{f"{prefix}:x": "1" for prefix in context}}) for context in contexts
    ]
    document = shown(*events)
    for context, found in zip(contexts, meaning(document), strict=True):
        assert {meaning_ + "x" for meaning_ in context.values()} <= found
    read = parse(document)
    assert [one.prefixes[prefix] for one, context in zip(read.events, contexts, strict=True) for prefix in context] == [
        namespace for context in contexts for namespace in context.values()
    ]


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_read_back_as_it_was(time: datetime) -> None:
    assert datetime.fromisoformat(written(time)) == time


@given(st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True))
def test_whatever_the_serial_number_the_link_is_the_canonical_one(serial: str) -> None:
    urn = f"urn:epc:id:sgtin:9521321.000001.{serial}"
    assert rendered(event(epcList=[urn]), NOON, "Always_GS1_Digital_Link")["epcList"] == [canonical(urn)]
