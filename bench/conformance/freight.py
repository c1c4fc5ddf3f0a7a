"""The small set of events that the query checks ask about, by label: each field of EPCIS 2.0 in one or more of them."""

from collections.abc import Mapping
from typing import Any

from bench.conformance import examples
from bench.conformance.examples import EXAMPLE, sgln, sgtin, sgtin_link

CASE = "urn:epc:id:sscc:9521321.0000000001"
PALLET = "urn:epc:id:sscc:9521321.0000000002"
RACK = "urn:epc:id:grai:9521321.00001.rack1"
PARTY, OTHER_PARTY = "urn:epc:id:pgln:9521321.00001", "urn:epc:id:pgln:9521321.00002"
ORDER, INVOICE = "urn:epcglobal:cbv:bt:9521321000012:PO1", "urn:epcglobal:cbv:bt:9521321000012:INV1"
TRANSFORMATION = "urn:epc:id:gdti:9521321.00001.400"
SITE, HALL, SHELF, ELSEWHERE = sgln(20), sgln(21), sgln(21, "5"), sgln(22)
SITE_ATTRIBUTE, HALL_ATTRIBUTE = "urn:epcglobal:cbv:mda:name", "https://example.com/mda/kind"
CORRECTION = "urn:uuid:6926712e-599f-4c4e-b6e9-8dd888c906bd"
CUSTOM_STEP, CUSTOM_DISPOSITION = "https://example.com/bizStep/weighing", "https://example.com/disp/weighed"
DEVICE, METHOD, RULES = "urn:epc:id:giai:9521321.q1", "https://example.com/method/1", "https://example.com/rules/1"
MICROBE, SUBSTANCE = (
    "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
    "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
)


def lot(item: int, number: str) -> str:
    """A lot as EPC class URN."""
    return f"urn:epc:class:lgtin:9521321.{item:06d}.{number}"


def hour(at: int, minute: int = 0) -> str:
    """A moment of the day of the events."""
    return f"2026-03-01T{at:02d}:{minute:02d}:00.000Z"


def events() -> dict[str, dict[str, Any]]:
    """The events by label."""
    inner = {
        "example:leaf": "deep",
        "example:number": 3,
        "example:moment": hour(3),
        "example:further": {"example:bottom": "deepest"},
    }
    return {
        "commission": examples.event(
            "ObjectEvent",
            eventTime=hour(10),
            action="ADD",
            bizStep="commissioning",
            disposition="active",
            epcList=[sgtin("q1")],
            readPoint={"id": sgln(1), "example:gate": "north", "example:spot": {"example:lane": "L7"}},
            bizLocation={"id": SITE, "example:wing": "west", "example:area": {"example:row": "R3"}},
            bizTransactionList=[{"type": "po", "bizTransaction": ORDER}],
            sourceList=[{"type": "owning_party", "source": PARTY}],
            destinationList=[{"type": "owning_party", "destination": OTHER_PARTY}],
            ilmd={"example:grade": "A", "example:weight": 12.5, "example:best": hour(1), "example:origin": inner},
            **{"example:kind": "alpha", "example:count": 5, "example:when": hour(2), "example:nest": inner},
        ),
        "pack": examples.event(
            "AggregationEvent",
            eventTime=hour(11),
            action="ADD",
            bizStep="packing",
            disposition="in_progress",
            parentID=CASE,
            childEPCs=[sgtin("q1"), sgtin("q2")],
            childQuantityList=[{"epcClass": lot(1, "L1"), "quantity": 10, "uom": "KGM"}],
            readPoint={"id": sgln(2)},
            bizTransactionList=[{"type": "inv", "bizTransaction": INVOICE}],
            sourceList=[{"type": "possessing_party", "source": PARTY}],
            **{"example:kind": "beta", "example:count": 10},
        ),
        "order": examples.event(
            "TransactionEvent",
            eventTime=hour(12),
            action="ADD",
            bizStep="shipping",
            disposition="in_transit",
            parentID=PALLET,
            epcList=[sgtin("q3", 2)],
            bizTransactionList=[{"type": "desadv", "bizTransaction": ORDER}],
            quantityList=[{"epcClass": f"urn:epc:idpat:sgtin:{examples.PREFIX}.000003.*", "quantity": 7}],
        ),
        "transform": examples.event(
            "TransformationEvent",
            eventTime=hour(13),
            inputEPCList=[sgtin("q4")],
            outputEPCList=[sgtin("q5", 2)],
            inputQuantityList=[{"epcClass": lot(2, "IN"), "quantity": 2000, "uom": "GRM"}],
            outputQuantityList=[{"epcClass": lot(2, "OUT"), "quantity": 1.5, "uom": "KGM"}],
            transformationID=TRANSFORMATION,
            bizStep="assembling",
            disposition="in_progress",
            ilmd={"example:grade": "B", "example:weight": 20},
        ),
        "install": examples.event(
            "AssociationEvent",
            eventTime=hour(14),
            action="ADD",
            bizStep="installing",
            parentID=RACK,
            childEPCs=["urn:epc:id:giai:9521321.part1"],
            readPoint={"id": sgln(3)},
        ),
        "declared": examples.object_event(
            [sgtin("q6")],
            eventTime=hour(15),
            bizStep="receiving",
            errorDeclaration={
                "declarationTime": "2026-03-02T00:00:00.000Z",
                "reason": "incorrect_data",
                "correctiveEventIDs": [CORRECTION],
                "example:clerk": "Ada",
                "example:ticket": 17,
                "example:seen": hour(4),
                "example:review": inner,
            },
        ),
        "state": examples.object_event(
            [sgtin("q7")],
            eventTime=hour(16),
            action="DELETE",
            bizStep=CUSTOM_STEP,
            disposition=CUSTOM_DISPOSITION,
            persistentDisposition={"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
            bizLocation={"id": HALL},
        ),
        "sensed": examples.object_event(
            [sgtin("q8")],
            eventTime=hour(17),
            bizStep="inspecting",
            sensorElementList=[_element(inner)],
            readPoint={"id": HALL},
        ),
        "weighed": examples.event(
            "ObjectEvent",
            eventTime=hour(18),
            action="OBSERVE",
            bizStep="storing",
            bizLocation={"id": SHELF},
            quantityList=[{"epcClass": lot(3, "L3"), "quantity": 500, "uom": "GRM"}],
            readPoint={"id": SHELF},
        ),
        "linked": examples.object_event(
            [sgtin_link("q9")],
            eventTime="2026-03-01T21:00:00.000+02:00",
            bizStep="loading",
            readPoint={"id": "https://id.gs1.org/414/" + examples.with_check_digit("952132100004")},
            bizLocation={"id": ELSEWHERE},
        ),
    }


def _element(inner: Mapping[str, Any]) -> dict[str, Any]:
    mark = {"example:mark": "m", "example:size": 4, "example:made": hour(5), "example:nest": inner}

    def marked(name: str) -> dict[str, Any]:
        return {key.replace("example:", f"example:{name}"): value for key, value in mark.items()}

    return {
        "sensorMetadata": {
            "time": hour(16, 30),
            "startTime": hour(16, 10),
            "endTime": hour(16, 20),
            "deviceID": DEVICE,
            "dataProcessingMethod": METHOD,
            "bizRules": RULES,
            **marked("meta"),
        },
        "sensorReport": [
            {
                "type": "Temperature",
                "value": 4.0,
                "uom": "CEL",
                "minValue": 2,
                "maxValue": 6,
                "meanValue": 3.5,
                "sDev": 0.5,
                "percRank": 30,
                "percValue": 5,
                "microorganism": MICROBE,
                "chemicalSubstance": SUBSTANCE,
                **marked("report"),
            },
            {
                "type": "Dimensionless",
                "stringValue": "ok",
                "booleanValue": False,
                "hexBinaryValue": "00FF",
                "uriValue": "https://example.com/u/1",
            },
        ],
        **marked("element"),
    }


def header() -> dict[str, Any]:
    """Master data: a site with a hall with a shelf, for business locations and read points; the site's attributes."""

    def vocabulary(kind: str) -> dict[str, Any]:
        return {
            "type": f"urn:epcglobal:epcis:vtype:{kind}",
            "vocabularyElementList": [
                {
                    "id": SITE,
                    "attributes": [
                        {"id": SITE_ATTRIBUTE, "attribute": "Plant One"},
                        {"id": HALL_ATTRIBUTE, "attribute": "cold"},
                    ],
                    "children": [HALL],
                },
                {"id": HALL, "attributes": [{"id": HALL_ATTRIBUTE, "attribute": "warm"}], "children": [SHELF]},
            ],
        }

    return {"epcisMasterData": {"vocabularyList": [vocabulary("BusinessLocation"), vocabulary("ReadPoint")]}}


NAMESPACE = EXAMPLE
