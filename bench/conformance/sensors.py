"""TCR-53, SensorElement: GS1's test case, step by step, with documents in JSON and again in XML."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.conformance import content, examples, xmlform
from bench.conformance.asking import ask
from bench.conformance.cases import Case, Inquiry
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.sensor_events import (
    DEVICE,
    META,
    METHOD,
    MICROBE,
    OTHER_DEVICE,
    OTHER_META,
    OTHER_METHOD,
    OTHER_RAW,
    RAW,
    RULES,
    SUBSTANCE,
    URI,
    minute,
    set1,
    set2,
    set3,
)
from bench.conformance.service import JSON, XML, Connection, Service, told

INLINE = ("dataProcessingMethod", "deviceID", "deviceMetadata", "rawData", "time")


def span(step: int, field: str, label: str, bounds: tuple[Any, Any, Any]) -> Case:
    """A value is within the first two bounds, and not within the last two."""
    low, high, beyond = bounds
    title = f"step {step}: GE_{field} and LT_{field}"
    return title, {f"GE_{field}": low, f"LT_{field}": high}, [label], {f"GE_{field}": high, f"LT_{field}": beyond}, []


def same(step: int, field: str, label: str, values: tuple[Any, Any]) -> Case:
    """A value is equal to the first, and not to the second."""
    value, other = values
    return f"step {step}: EQ_{field}", {f"EQ_{field}": value}, [label], {f"EQ_{field}": other}, []


def questions() -> Iterator[Case]:
    """Steps 3 to 26: what finds an event, and the same asked so that it must not be found."""
    sensed = ["reading", "statistics", "biology", "values", "extended"]
    for name in ("EXISTS_sensorElement", "EXISTS_sensorElementList"):  # the text's name, and the query schema's
        yield f"step 3: {name}", {name: True}, sensed, {name: True, "EQ_bizStep": ["shipping"]}, []
    yield span(4, "time", "reading", (minute(9), minute(11), minute(12)))
    yield span(5, "startTime", "statistics", (minute(19), minute(21), minute(22)))
    yield span(5, "endTime", "statistics", (minute(29), minute(31), minute(32)))
    yield same(6, "type", "reading", (["Temperature"], ["Voltage"]))
    yield same(6, "type", "reading", (["gs1:Temperature"], ["gs1:Voltage"]))
    yield same(7, "deviceID", "reading", ([DEVICE], [OTHER_DEVICE]))
    yield same(8, "dataProcessingMethod", "reading", ([METHOD], [OTHER_METHOD]))
    yield same(9, "microorganism", "biology", ([MICROBE], [MICROBE + "0"]))
    yield same(10, "chemicalSubstance", "biology", ([SUBSTANCE], [SUBSTANCE + "0"]))
    yield same(11, "bizRules", "reading", ([RULES], [RULES + "0"]))
    yield same(12, "value_CEL", "reading", ([26], [27]))
    yield span(12, "value_CEL", "reading", (25.5, 26.5, 27))
    yield span(13, "minValue_A93", "statistics", (12, 13, 14))
    yield span(14, "maxValue_A93", "statistics", (13, 14, 15))
    yield span(15, "meanValue_A93", "statistics", (12.9, 13.1, 14))
    yield same(16, "stringValue", "values", (["SomeString"], ["somestring"]))
    yield same(17, "booleanValue", "values", (True, False))
    yield same(18, "hexBinaryValue", "values", (["F0F0F0"], ["F0F0F1"]))
    yield same(19, "uriValue", "values", ([URI], [URI + "0"]))
    yield from _extended(20, "SENSORELEMENT", "element", ("sealed", 9))
    yield from _extended(21, "SENSORMETADATA", "metadata", ("calibrated", 8))
    yield from _extended(22, "SENSORREPORT", "report", ("fast", 7))
    for name in ("sDev", "sDev_A93"):  # the text's name, and the query schema's
        yield span(23, name, "statistics", (0.2, 0.3, 0.4))
    yield span(24, "percRank", "statistics", (40, 60, 70))
    for name in ("percValue", "percValue_A93"):
        yield span(25, name, "statistics", (12, 13, 14))
    warm, hot = ({"EQ_type": ["gs1:Temperature"], "GE_value_KEL": kelvin} for kelvin in (295, 300))
    yield "step 26: Kelvin asked, Celsius stored", warm, ["reading"], hot, []


def _extended(step: int, level: str, name: str, values: tuple[str, int]) -> Iterator[Case]:
    note, count = values
    field = f"{level}_example:{name}"
    yield same(step, f"{field}Note", "extended", ([note], [note + "x"]))
    yield same(step, f"{field}Count", "extended", ([str(count)], [str(count + 1)]))
    bounds = (("GT", count - 1, count), ("GE", count, count + 1), ("LT", count + 1, count), ("LE", count, count - 1))
    for comparison, hit, miss in bounds:
        name_ = f"{comparison}_{field}Count"
        yield f"step {step}: {name_}", {name_: hit}, ["extended"], {name_: miss}, []


def later_questions() -> Iterator[Case]:
    """Step 28: the inline attributes, wherever they are."""
    lists = {
        "dataProcessingMethod": (METHOD + "x", OTHER_METHOD),
        "deviceID": (DEVICE + "x", OTHER_DEVICE),
        "deviceMetadata": (META + "x", OTHER_META),
        "rawData": (RAW + "x", OTHER_RAW),
    }
    for name, values in lists.items():
        for value, label in zip(values, ("in metadata", "in report"), strict=True):
            yield f"step 28: EQ_{name} {label}", {f"EQ_{name}": [value]}, [label], {f"EQ_{name}": [value + "y"]}, []
    for value, label in ((minute(50), "in metadata"), (minute(55), "in report")):
        yield f"step 28: EQ_time {label}", {"EQ_time": value}, [label], {"EQ_time": minute(59)}, []


def tcr53(group: Group, service: Service, _: Path) -> None:
    """Group tcr53."""
    for media_type in (JSON, XML):
        _run(group, service.party("tcr53"), media_type)


def body_of(events: list[dict[str, Any]], media_type: str) -> bytes:
    """The events as a document in this binding."""
    namespaces = {"example": examples.EXAMPLE, "gs1": "https://gs1.org/voc/", "cbv": "https://ref.gs1.org/cbv/"}
    return examples.encoded(events) if media_type == JSON else xmlform.document(events, namespaces)


def _run(group: Group, party: Connection, media_type: str) -> None:
    title = f"{media_type.removeprefix('application/')} "
    first, second = set1(), set2()
    labels = {event["eventID"]: label for label, event in {**first, **second}.items()}
    inquiry = Inquiry(group, party, labels)
    _captured(group, party, title + "step 1: set1", first, media_type)
    before, after = ({"GE_recordTime": f"{year}-01-01T00:00:00.000Z"} for year in (2026, 2999))
    inquiry.judge(("step 2: GE_recordTime", before, list(first), after, []), title)
    for case in questions():
        inquiry.judge(case, title)
    _captured(group, party, title + "step 27: set2", second, media_type)
    for case in later_questions():
        inquiry.judge(case, title)
    for attribute in INLINE:
        with group.check(f"{title}step 29: {attribute} in both places is refused"):
            expect_refused(party, body_of([set3(attribute)], media_type), media_type, attribute)


def _captured(
    group: Group, party: Connection, title: str, events: Mapping[str, dict[str, Any]], media_type: str
) -> None:
    with group.check(f"{title} is captured"):
        party.captured(body_of(list(events.values()), media_type), media_type)
    with group.check(f"{title} is there with all its attributes"):
        found = {
            event["eventID"]: event
            for event in ask(party, {"EQ_eventID": [event["eventID"] for event in events.values()]})
        }
        prefixes = {**content.STANDARD_PREFIXES, "example": examples.EXAMPLE}
        for label, event in events.items():
            expect(event["eventID"] in found, f"{label} is missing")
            apart = content.differences(
                content.of_json(event, prefixes), content.of_json(found[event["eventID"]], prefixes)
            )
            expect(not apart, f"{label}: {'; '.join(apart)}")


def expect_refused(party: Connection, body: bytes, media_type: str, *places: str) -> None:
    """The document is refused, at once or by its job, and the problem names the places."""
    answer = party.capture(body, media_type)
    if answer.status_code == 202:
        job = party.job(answer)
        expect(job["success"] is False and job["errors"], f"the job says success: {job}")
        text = str(job["errors"])
    else:
        expect_equal(answer.status_code, 400, f"POST /capture ({told(answer)})")
        expect(
            "application/problem+" in answer.headers["content-type"], f"no problem: {answer.headers['content-type']}"
        )
        expect("epcisException:ValidationException" in answer.text, f"another type: {told(answer)}")
        text = answer.text
    for place in places:
        expect(place in text, f"the problem does not name {place}: {text[:300]}")
