"""A store as it looks after two years: who told what, where, about which goods, and who may see it.

Everything is drawn from the number of the event, so that any process can make any of them. Twelve suppliers, eight
carriers and forty buyers share the events very unequally, as do places and products. The documents have what real ones
have: items, lots and logistic units, sources and destinations, extensions, ILMD, sensor reports, error declarations.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from service.epcis.checkdigit import check_digit
from service.epcis.contexts import STANDARD_PREFIXES
from service.epcis.documents import Event
from service.epcis.query.indexing import indexed
from service.epcis.query.terms import hashed
from service.store.indexing import IndexRow, NumberRow, index_row, number_rows

START, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 730
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.com/ns/"}]
PREFIXES = {**STANDARD_PREFIXES, "ex": "https://example.com/ns/"}
READ_POINTS = "urn:epcglobal:epcis:vtype:ReadPoint"
PARTIES = 60
PLACES, REGIONS, PRODUCTS, LINES = 480, 12, 2_000, 300
_STEPS = {
    "commissioning": 18,
    "packing": 14,
    "shipping": 16,
    "receiving": 15,
    "storing": 12,
    "inspecting": 8,
    "loading": 7,
    "departing": 5,
    "arriving": 5,
}
BIZ_STEPS, _STEP_WEIGHTS = tuple(_STEPS), tuple(_STEPS.values())
_DISPOSITIONS = ("active", "in_progress", "in_transit", "sellable_accessible", "damaged", "non_sellable_other")
_DISPOSITION_WEIGHTS = (30, 35, 20, 12, 1, 2)
LEGACY_SHARE, LEGACY_UNTIL = 0.6, 0.15
"""So many of the events in the first part of the time carry a field that later ones do not."""


@lru_cache(100)
def party_id(number: int) -> bytes:
    """A party's 32-byte id."""
    return sha256(b"party %d" % number).digest()


@lru_cache(100_000)
def place(number: int) -> str:
    """A read point, canonical."""
    base = f"9521{number:08d}"
    return f"https://id.gs1.org/414/{base}{check_digit(base)}"


def region(number: int) -> str:
    """What many read points lie within, canonical; it has no events of its own."""
    return place(90_000 + number)


@lru_cache(100_000)
def gtin(product: int) -> str:
    """A product's GTIN."""
    base = f"09521{product:08d}"
    return f"{base}{check_digit(base)}"


def item(product: int, serial: int) -> str:
    """A serialised item."""
    return f"https://id.gs1.org/01/{gtin(product)}/21/{serial}"


def lot(product: int, number: int) -> str:
    """A lot."""
    return f"https://id.gs1.org/01/{gtin(product)}/10/L{number}"


def unit(number: int) -> str:
    """A logistic unit."""
    base = f"09521{number:012d}"
    return f"https://id.gs1.org/00/{base}{check_digit(base)}"


def skewed(draw: random.Random, count: int, power: float = 2.2) -> int:
    """A number below `count`, small ones much more often."""
    return int(count * draw.random() ** power)


@dataclass(frozen=True, slots=True)
class Told:
    """One event with everything that the store keeps for queries of it."""

    seq: int
    event_id: str
    source: dict[str, Any]
    party: bytes
    seers: tuple[bytes, ...]
    event_time: datetime
    record_time: datetime
    document: bytes
    row: IndexRow
    numbers: list[NumberRow]

    @property
    def capture(self) -> UUID:
        return UUID(int=self.seq // 50)


def told(seq: int, size: int) -> Told:
    """The event with this number (from 1) of a store of so many."""
    draw = random.Random(seq * 1_000_003 + size)
    event_time = START + timedelta(days=DAYS * seq / size, seconds=draw.uniform(-40_000, 40_000))
    event_time = event_time.replace(microsecond=event_time.microsecond // 1000 * 1000)
    record_time = START + timedelta(days=DAYS * seq / size, seconds=50_000 + draw.uniform(0, 60))
    supplier, carrier, buyer = skewed(draw, 12), 12 + skewed(draw, 8), 20 + skewed(draw, 40)
    members = (supplier, carrier, buyer)[: draw.choice((1, 2, 2, 3, 3))]
    source = _event(draw, seq, size) | _extensions(draw, seq, size)
    event_id = f"urn:uuid:{UUID(int=draw.getrandbits(128), version=4)}"
    source |= {"eventTime": event_time.isoformat().replace("+00:00", "Z"), "eventTimeZoneOffset": "+01:00"}
    source |= {"@context": CONTEXT, "eventID": event_id}
    event = Event(None, source, "", PREFIXES)  # type: ignore[arg-type]
    found = indexed(event)
    return Told(
        seq,
        event_id,
        source,
        party_id(draw.choice(members)),
        tuple(sorted({party_id(member) for member in members})),
        event_time,
        record_time,
        orjson.dumps(source, option=orjson.OPT_SORT_KEYS),
        index_row(seq, event_time, source["type"], source.get("action"), found),
        number_rows(seq, found),
    )


def _event(draw: random.Random, seq: int, size: int) -> dict[str, Any]:
    things = max(size // 4, 1)
    step = draw.choices(BIZ_STEPS, _STEP_WEIGHTS)[0]
    # What is near in time is about the same things: each comes up some four times.
    near = max(1, seq // 4 + draw.randint(-20, 0)) % things
    common: dict[str, Any] = {
        "bizStep": step,
        "disposition": draw.choices(_DISPOSITIONS, _DISPOSITION_WEIGHTS)[0],
        "readPoint": {"id": place(skewed(draw, PLACES))},
    }
    if draw.random() < 0.6:
        common["bizLocation"] = {"id": place(skewed(draw, PLACES))}
    if step in ("shipping", "receiving"):
        order = f"urn:epc:id:gdti:9521001.{draw.randint(0, 9)}0000.{seq // 6}"
        common["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]
        common["sourceList"] = [{"type": "possessing_party", "source": place(20_000 + skewed(draw, 12))}]
        common["destinationList"] = [{"type": "possessing_party", "destination": place(30_000 + skewed(draw, 40))}]
    kind = draw.random()
    if kind < 0.72:
        epcs = [item(near % PRODUCTS, near * 10 + one) for one in range(draw.choice((1, 1, 1, 2, 3, 6)))]
        event: dict[str, Any] = {
            "type": "ObjectEvent",
            "action": "ADD" if step == "commissioning" else "OBSERVE",
            "epcList": epcs,
        }
        if step == "commissioning":
            event["ilmd"] = {"ex:lotNumber": f"L{near // 20}", "ex:bestBefore": f"2027-{seq % 12 + 1:02d}-01"}
    elif kind < 0.86:
        children = [item(near % PRODUCTS, near * 10 + one) for one in range(draw.randint(2, 10))]
        event = {"type": "AggregationEvent", "action": draw.choice(("ADD", "DELETE")), "parentID": unit(near)}
        event["childEPCs"] = children
    elif kind < 0.94:
        amounts = [{"epcClass": lot(near // 20 % PRODUCTS, near // 20), "quantity": draw.randint(1, 500), "uom": "KGM"}]
        event = {"type": "ObjectEvent", "action": "OBSERVE", "quantityList": amounts}
    else:
        event = {"type": "TransformationEvent"}
        event["inputQuantityList"] = [
            {"epcClass": lot(near // 20 % PRODUCTS, near // 20), "quantity": 10, "uom": "KGM"}
        ]
        event["outputEPCList"] = [item(near % PRODUCTS, near * 10)]
    return common | event


def _extensions(draw: random.Random, seq: int, size: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if draw.random() < 0.4:
        said["ex:shift"] = draw.choice(("early", "late", "night"))
        said["ex:line"] = skewed(draw, LINES, 1.5)
    if draw.random() < 0.1:
        said["ex:inspector"] = {"ex:badge": f"B{skewed(draw, 5_000)}", "ex:grade": draw.randint(1, 9)}
    if seq < size * LEGACY_UNTIL and draw.random() < LEGACY_SHARE:
        said["ex:legacySystem"] = "AS400"
    if draw.random() < 0.08:
        warm = round(draw.gauss(4.0, 2.5), 1)
        reports = [
            {"type": "Temperature", "value": warm, "minValue": warm - 1.5, "maxValue": warm + 1.5, "uom": "CEL"},
            {"type": "RelativeHumidity", "value": round(draw.uniform(20, 95), 1), "uom": "P1"},
        ]
        said["sensorElementList"] = [{"sensorMetadata": {"deviceID": unit(skewed(draw, 900))}, "sensorReport": reports}]
    if draw.random() < 0.003:
        declared = {"declarationTime": "2026-01-02T00:00:00.000Z", "reason": "incorrect_data"}
        said["errorDeclaration"] = declared
    return said


def hierarchy() -> Iterator[tuple[bytes, str, int, int]]:
    """The rows of `vocabulary_children`: each place in one region, as every party has been told."""
    for party in range(PARTIES):
        for number in range(PLACES):
            yield party_id(party), READ_POINTS, hashed(region(number * 7 % REGIONS)), hashed(place(number))
