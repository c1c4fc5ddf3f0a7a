"""One consignment's story, told by three parties in EPCIS, for bundles to be made of."""

from typing import Any

from service.sealing.commitments import seal_of, trail_of
from service.sealing.entries import NOBODY, Entry
from service.sealing.hashing import canonical_json, keccak256
from service.sealing.meaning import steps_of
from tests.trails.chain import Speaker

SSCC = "https://id.gs1.org/00/095211410000000014"
SALT = keccak256(b"a salt for tests")
SUPPLIER = Speaker("https://id.gs1.org/417/0952114100001")
CARRIER = Speaker("https://id.gs1.org/417/0952114200008", roles=2)
BUYER = Speaker("https://id.gs1.org/417/0952114300005")
PARTIES = (SUPPLIER, CARRIER, BUYER)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(number: int, **members: Any) -> dict[str, Any]:
    """An ObjectEvent about the consignment; a later number is a later time."""
    plain = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"2026-03-01T{number:02d}:30:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [SSCC],
        "action": "OBSERVE",
    }
    return plain | members


def handover(giver: Speaker, taker: Speaker) -> dict[str, Any]:
    """Source and destination of a change of possession."""
    return {
        "sourceList": [{"type": "possessing_party", "source": giver.identifier}],
        "destinationList": [{"type": "possessing_party", "destination": taker.identifier}],
    }


def story() -> list[tuple[Speaker, dict[str, Any]]]:
    """Commissioned and shipped by the supplier; received, sensed, shipped on by the carrier; received by the buyer."""
    report = {"type": "Temperature", "value": 4.25, "uom": "CEL"}
    sensed = {
        "sensorElementList": [{"sensorReport": [report]}],
        "https://example.org/note": "cold \N{SNOWFLAKE} \N{WORLD MAP}",
    }
    return [
        (SUPPLIER, event(1, action="ADD", bizStep="commissioning")),
        (SUPPLIER, event(2, bizStep="shipping", **handover(SUPPLIER, CARRIER))),
        (CARRIER, event(3, bizStep="receiving", **handover(SUPPLIER, CARRIER))),
        (CARRIER, event(4, bizStep="inspecting", **sensed)),
        (CARRIER, event(5, bizStep="shipping", **handover(CARRIER, BUYER))),
        (BUYER, event(6, bizStep="receiving", **handover(CARRIER, BUYER))),
    ]


def nonce_of(document: dict[str, Any]) -> bytes:
    """A nonce that is the same in every run."""
    return keccak256(b"a nonce for tests", canonical_json(document))[:16]


def entry_of(document: dict[str, Any], identifier: str = SSCC, salt: bytes = SALT) -> Entry:
    """The entry that the document makes on the thing's trail."""
    step, recipient = steps_of(document)[identifier]
    to = next(party.id for party in PARTIES if party.identifier == recipient) if recipient else NOBODY
    return Entry(trail_of(identifier, salt), seal_of(canonical_json(document), nonce_of(document)), int(step), to)
