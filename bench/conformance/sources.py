"""The documents under `shared/epcis`, and those among them that the standard itself refuses, each with its clause."""

from dataclasses import dataclass
from pathlib import Path

TWICE = (
    "EPCIS 2.0 7.3.7 and TCR-53 step 29: deviceID, deviceMetadata, rawData, time and dataProcessingMethod are in the"
    " metadata or in the report, never in both"
)
CHECK_DIGIT = "GS1 General Specifications 7.9: the check digit of the GRAI is wrong"
MEASUREMENT = "CBV 2.0 7.8: gs1:{} is no measurement type of the CBV, and the gs1 namespace is GS1's own"
NAMES_TWICE = "RFC 8259 4 and RFC 7493 2.3: eventID is given twice in one object, so which one holds is anybody's guess"
SENSOR = "sensorReport"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a document is to be refused, and a word that the place in the problem must contain."""

    clause: str
    place: str


@dataclass(frozen=True, slots=True)
class Source:
    """One document: its path below the folder, its bytes, and how it is to be received."""

    path: str
    body: bytes
    refusal: Refusal | None
    lenient: str | None
    """Why a party that is strict about vocabulary refuses what a lenient one accepts, None where both accept."""

    @property
    def media_type(self) -> str:
        """The media type to send it with."""
        return "application/xml" if self.path.endswith(".xml") else "application/json"


_FULL = ("aggregation", "association", "object", "transaction", "transformation")
_TYPES = ("AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent")
_OPEN_JSON, _OPEN_XML = "openepcis/2.0/EPCIS/JSON/Capture/Documents", "openepcis/2.0/EPCIS/XML/Capture/Documents"
_OPEN_OLD = "openepcis/1.2/EPCIS/XML/Capture/Documents"

REFUSED = {
    **{
        f"gs1/JSON/WithFullCombinationOfFields/{name}_event_all_possible_fields.jsonld": (TWICE, SENSOR)
        for name in _FULL
    },
    **{f"gs1/XML/WithFullCombinationOfFields/{name}_event_all_possible_fields.xml": (TWICE, "") for name in _FULL},
    **{f"{_OPEN_JSON}/{name}_all_possible_fields.json": (TWICE, SENSOR) for name in _TYPES},
    **{f"{_OPEN_XML}/{name}_all_possible_fields.xml": (TWICE, SENSOR) for name in _TYPES},
    **{f"{_OPEN_OLD}/{name}_all_possible_fields.xml": (TWICE, SENSOR) for name in _TYPES},
    f"{_OPEN_JSON}/JumbledFieldsOrder.json": (TWICE, SENSOR),
    f"{_OPEN_XML}/JumbledFieldsOrder.xml": (TWICE, SENSOR),
    **{f"gs1/XML/WithEventHashID/event_with_identical_hash_id_{at}.xml": (TWICE, "") for at in range(1, 7)},
    "gs1/XML/WithEventHashID/event_with_identical_hash_id_7.json": (TWICE, SENSOR),
    f"{_OPEN_JSON}/Combination_of_different_event.json": (CHECK_DIGIT, "epcList"),
    f"{_OPEN_XML}/Combination_of_different_event.xml": (CHECK_DIGIT, "epcList"),
    f"{_OPEN_OLD}/All_eventTypes_in_single_document.xml": (CHECK_DIGIT, "epcList"),
    f"{_OPEN_JSON}/SensorData_with_combined_events.json": (CHECK_DIGIT, "epcList"),
    f"{_OPEN_XML}/SensorData_with_combined_events.xml": (CHECK_DIGIT, "epcList"),
    "gs1/JSON/AssociationEvent/AssociationEvent-h.jsonld": (NAMES_TWICE, "eventList/0"),
}
LENIENT = {
    f"{_OPEN_JSON}/TransactionEvent_with_userExtensions.json": MEASUREMENT.format("EffectiveDoseRate"),
    f"{_OPEN_XML}/TransactionEvent_with_userExtensions.xml": MEASUREMENT.format("EffectiveDoseRate"),
    "gs1/XML/WithExtension/TransactionEvent.xml": MEASUREMENT.format("EffectiveDoseRate"),
    "gs1/XML/WithSensorData/SensorDataExamples.xml": MEASUREMENT.format("Molar_concentration"),
}
"""Documents whose only fault is a word that the CBV does not have."""

NOT_TO_CAPTURE = ("gs1/XML/CaptureJob/",)
"""Answers of a repository, not documents for one."""


def json_sources(root: Path) -> list[Source]:
    """JSON documents of EPCIS 2.0."""
    folders = ("gs1/JSON", "gs1/XML/WithEventHashID", "openepcis/2.0/EPCIS/JSON")
    return _sources(root, folders, (".json", ".jsonld"))


def xml_sources(root: Path) -> list[Source]:
    """XML documents of EPCIS 2.0."""
    return _sources(root, ("gs1/XML", "openepcis/2.0/EPCIS/XML"), (".xml",))


def old_xml_sources(root: Path) -> list[Source]:
    """XML documents of EPCIS 1.2."""
    return _sources(root, ("openepcis/1.2",), (".xml",))


def _sources(root: Path, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> list[Source]:
    found = sorted({path for folder in folders for path in (root / folder).rglob("*") if path.suffix in suffixes})
    return [_source(root, path) for path in found if not path.relative_to(root).as_posix().startswith(NOT_TO_CAPTURE)]


def _source(root: Path, path: Path) -> Source:
    name = path.relative_to(root).as_posix()
    refused = REFUSED.get(name)
    return Source(name, path.read_bytes(), Refusal(*refused) if refused else None, LENIENT.get(name))
