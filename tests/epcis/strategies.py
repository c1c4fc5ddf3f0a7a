"""Strategies (hypothesis) for whole valid events of the JSON binding: all five types, all members, nested extensions.

`events()` gives events that stand alone, with a `@context`; `documents()` capture documents of them.
"""

from datetime import datetime
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from service.epcis.vocabulary import (
    BIZ_STEPS,
    BIZ_TRANSACTION_TYPES,
    COMPONENTS,
    DISPOSITIONS,
    ERROR_REASONS,
    MEASUREMENTS,
    SENSOR_ALERTS,
    SOURCE_DEST_TYPES,
    Vocabulary,
)
from tests.epcis.examples import CONTEXT

Event = dict[str, Any]

PREFIXES = {
    "example": "https://ns.example.com/epcis/",
    "ext1": "http://example.com/ext1/",
    "e2": "urn:example:two:",
    "über": "https://xn--ber-goa.example/#",
    "ns1": "https://generated.example/",
    "json": "https://json.example/ns/",
    "xsi": "https://xsi.example/ns#",
    "epcis2": "https://e2.example/",
}
"""Extension prefixes that the events declare, some of them such as programs make up themselves."""
_STANDARD_NAMES = ("cbvmda:lotNumber", "cbvmda:countryOfOrigin", "gs1:grossWeight", "dcterms:title", "rdfs:comment")
_URI_NAMES = ("https://uri.example/vocab/field", "https://uri.example/vocab#part", "urn:example:three:name",
              "https://uri.example/2026/1st", "https://uri.example/query?x=1")  # fmt: skip
_ODD_NAMES = ("#mixed", "@id", "@type", "@value", "type", "id", "a b", "", "1st", "undeclared:name", "xmlns",
              "_x0041_", "-", "name", "héllo", "ªbc")  # fmt: skip

_SURROGATES: tuple[Literal["Cs"]] = ("Cs",)
texts = st.text(st.characters(exclude_categories=_SURROGATES, exclude_characters="\0"), max_size=12) | st.sampled_from(
    ("", " ", "  padded\t", "line\nbreak", "carriage\rreturn", "007", "1.0", "true", "<b>&amp;</b>", "]]>", "example:x",
     "ns1:x", '\x01\\u0001"', "\ufffe", "urn:epc:id:sgtin:4012345.011111.9", "2026-03-01T10:00:00Z")
)  # fmt: skip
numbers = (
    st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15, allow_nan=False) | st.sampled_from((0, -0.0, 0.1))
)
"""Numbers that JSON readers agree on (RFC 7493)."""
_locals = st.sampled_from(("field", "a", "b", "Größe", "x-1.y", "1st", "with space", "a/b", "a:b", "ªbc"))
names = (
    st.builds("{}:{}".format, st.sampled_from(sorted(PREFIXES)), _locals)
    | st.sampled_from(_STANDARD_NAMES)
    | st.sampled_from(_URI_NAMES)
)
"""Names of extensions where the standard wants a prefix or a full URI."""
inner_names = names | st.sampled_from(_ODD_NAMES) | st.sampled_from(("plain", "part1", "amount"))
"""Names within extensions, where any text may stand."""
_scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(inner_names, inner, max_size=4)
        | st.builds(
            lambda said, attributes, more: {"#text": said, **attributes, **more},
            texts | numbers,
            st.dictionaries(names, texts, max_size=2),
            st.dictionaries(names, inner, max_size=2),
        )
        | st.builds(lambda said, more: {"#text": said, **more}, inner, st.dictionaries(names, inner, max_size=2))
        | st.builds(
            lambda pieces: {"#mixed": pieces},
            st.lists(texts | st.dictionaries(names, inner, min_size=1, max_size=1), max_size=4),
        )
    ),
    max_leaves=8,
)
"""What extensions may hold: any JSON value, among them the objects that XML's attributes and mixed text are read as."""
extensions = st.dictionaries(names, values, max_size=3)

instances = st.one_of(
    st.integers(0, 10**9).map("urn:epc:id:sgtin:4012345.011111.{}".format),
    st.integers(0, 10**9).map("https://id.gs1.org/01/04012345111118/21/{}".format),
    st.integers(0, 10**9).map("https://things.example/thing/{}".format),
    st.just("urn:epc:id:sscc:4012345.3111111111"),
)
classes = st.sampled_from(
    ("urn:epc:class:lgtin:4012345.012345.Lot987", "https://id.gs1.org/01/04012345123456/10/Lot987",
     "urn:epc:idpat:sgtin:4012345.044444.*", "https://things.example/class/paper")
)  # fmt: skip
places = st.sampled_from(
    ("urn:epc:id:sgln:4012345.00011.0", "https://id.gs1.org/414/4012345000115", "https://places.example/dock/7")
)
uris = st.sampled_from(
    ("urn:uuid:831c0292-4de1-430a-8255-2aca821abaab", "https://example.org/a?b=c&d=%20#e", "urn:example:1",
     "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0")
)  # fmt: skip
times = st.builds(
    lambda moment, fraction, offset: f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + offset,
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)),  # noqa: DTZ001 - the offset is drawn beside it
    st.sampled_from(("", ".1", ".123", ".123456", ".1239999")),
    st.sampled_from(("Z", "+00:00", "+01:00", "-06:00", "+05:45", "-14:00", "+14:00")),
)
offsets = st.sampled_from(("+00:00", "+01:00", "-06:00", "+05:45", "-14:00"))


def words(vocabulary: Vocabulary) -> SearchStrategy[str]:
    """Standard values in every spelling, and private ones."""
    known = st.builds(
        "{}{}".format,
        st.sampled_from(("", vocabulary.web, *vocabulary.prefixes)),
        st.sampled_from(sorted(vocabulary.words)),
    )
    return known | st.sampled_from(("https://vocab.example/own", "urn:example:own", "example:own"))


def _maybe(**members: SearchStrategy[Any]) -> SearchStrategy[Event]:
    return st.fixed_dictionaries({}, optional=members)


def _with(required: dict[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> SearchStrategy[Event]:
    """An element with these members and, now and then, extensions."""
    plain = st.fixed_dictionaries(required, optional=optional)
    return plain | st.builds(lambda own, more: {**more, **own}, plain, extensions)


epc_lists = st.lists(instances, max_size=3, unique=True)
some_epcs = st.lists(instances, min_size=1, max_size=3, unique=True)
uoms = st.sampled_from(("KGM", "CEL", "MTR", "EA", "2N"))
quantities = st.integers(0, 10**9) | st.decimals(0, 10**6, places=3).map(float) | st.floats(0, 1e6)
quantity_elements = st.lists(
    _with({"epcClass": classes}) | _with({"epcClass": classes, "quantity": quantities}, uom=uoms), max_size=2
)
transactions = _with({"bizTransaction": uris}, type=words(BIZ_TRANSACTION_TYPES))
metadata_alone = ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time")


def _sensor_members(shared: bool) -> dict[str, SearchStrategy[Any]]:
    several: dict[str, SearchStrategy[Any]] = dict.fromkeys(metadata_alone[:-1], uris)
    return {**several, "time": times} if shared else {}


def _sensor_element(in_metadata: bool) -> SearchStrategy[Event]:
    """A sensor element; what both its metadata and its reports may have is in one of the two."""
    metadata = _with({}, startTime=times, endTime=times, bizRules=uris, **_sensor_members(in_metadata))
    report = _with(
        {"type": words(MEASUREMENTS)},
        exception=words(SENSOR_ALERTS),
        component=words(COMPONENTS),
        stringValue=texts,
        booleanValue=st.booleans(),
        hexBinaryValue=st.sampled_from(("f0f0f0", "00", "ABC")),
        uriValue=uris,
        uom=uoms,
        microorganism=uris,
        chemicalSubstance=uris,
        coordinateReferenceSystem=uris,
        **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), numbers),
        **_sensor_members(not in_metadata),
    )
    return _with({"sensorReport": st.lists(report, min_size=1, max_size=2)}, sensorMetadata=metadata)


sensor_elements = _sensor_element(True) | _sensor_element(False)
_common: dict[str, SearchStrategy[Any]] = {
    "eventID": uris,
    "recordTime": times,
    "certificationInfo": uris | st.lists(uris, max_size=3),
    "bizStep": words(BIZ_STEPS),
    "disposition": words(DISPOSITIONS),
    "persistentDisposition": st.fixed_dictionaries({"set": st.lists(words(DISPOSITIONS), min_size=1, max_size=2)})
    | st.fixed_dictionaries(
        {"unset": st.lists(words(DISPOSITIONS), min_size=1, max_size=2)},
        optional={"set": st.lists(words(DISPOSITIONS), min_size=1, max_size=1)},
    ),
    "readPoint": _with({"id": places}),
    "bizLocation": _with({"id": places}),
    "bizTransactionList": st.lists(transactions, max_size=2),
    "sourceList": st.lists(_with({"type": words(SOURCE_DEST_TYPES), "source": uris | places}), max_size=2),
    "destinationList": st.lists(_with({"type": words(SOURCE_DEST_TYPES), "destination": uris | places}), max_size=2),
    "sensorElementList": st.lists(sensor_elements, max_size=2),
    "errorDeclaration": _with(
        {"declarationTime": times}, reason=words(ERROR_REASONS), correctiveEventIDs=st.lists(uris, max_size=2)
    ),
}
_when: dict[str, SearchStrategy[Any]] = {"eventTime": times, "eventTimeZoneOffset": offsets}
actions = st.sampled_from(("ADD", "OBSERVE", "DELETE"))


def _of(type_: str, required: dict[str, SearchStrategy[Any]], **optional: SearchStrategy[Any]) -> SearchStrategy[Event]:
    members = {"type": st.just(type_), **_when, **required}
    return _with(members, **{**{k: v for k, v in _common.items() if k not in required}, **optional})


def _children() -> dict[str, SearchStrategy[Any]]:
    return {"childQuantityList": quantity_elements}


object_events = _of("ObjectEvent", {"action": actions, "epcList": some_epcs}, quantityList=quantity_elements) | _of(
    "ObjectEvent", {"action": st.just("ADD"), "epcList": some_epcs}, ilmd=extensions
)
aggregation_events = _of(
    "AggregationEvent", {"action": actions, "parentID": instances, "childEPCs": some_epcs}, **_children()
)
association_events = _of(
    "AssociationEvent", {"action": actions, "parentID": instances | places, "childEPCs": some_epcs}, **_children()
)
transaction_events = _of(
    "TransactionEvent",
    {"action": actions, "epcList": some_epcs, "bizTransactionList": st.lists(transactions, min_size=1, max_size=2)},
    parentID=instances,
    quantityList=quantity_elements,
)
transformation_events = _of(
    "TransformationEvent",
    {"inputEPCList": some_epcs, "outputEPCList": some_epcs},
    transformationID=uris,
    inputQuantityList=quantity_elements,
    outputQuantityList=quantity_elements,
    ilmd=extensions,
)
contexts = st.sampled_from(
    (
        [CONTEXT[0], PREFIXES],
        [CONTEXT[0], *({name: uri} for name, uri in PREFIXES.items())],
        PREFIXES,
        [CONTEXT[0], "https://other.example/context.jsonld", PREFIXES, {"unused": "https://unused.example/"}],
        [CONTEXT[0], {**PREFIXES, "gs1": "https://not-gs1.example/"}],
        [CONTEXT[0], {**PREFIXES, "example": {"@id": PREFIXES["example"], "@prefix": True}, "e2:a": {"@type": "@id"}}],
    )
)


def events() -> SearchStrategy[Event]:
    """Valid events, each with the `@context` that it needs."""
    bare = st.one_of(object_events, aggregation_events, association_events, transaction_events, transformation_events)
    return st.builds(lambda context, event: {"@context": context, **event}, contexts, bare)


@st.composite
def documents(draw: st.DrawFn) -> Event:
    """Capture documents of valid events with ids apart from each other."""
    found = draw(st.lists(events(), max_size=3))
    for index, event in enumerate(found):
        if "eventID" in event:
            event["eventID"] = f"urn:uuid:00000000-0000-0000-0000-{index:012}"
        if draw(st.booleans()) and event["@context"] == [CONTEXT[0], PREFIXES]:
            del event["@context"]
    frame: Event = {
        "@context": [CONTEXT[0], PREFIXES],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": draw(times),
        "epcisBody": {"eventList": found},
    }
    optional = _maybe(
        id=uris, sender=places, receiver=places, instanceIdentifier=st.sampled_from(("1234567890", "a b")),
        **{"example:note": values, "https://uri.example/vocab/field": values},
    )  # fmt: skip
    return {**frame, **draw(optional)}
