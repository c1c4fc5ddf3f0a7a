"""The key data elements of each critical tracking event, in the order of 21 CFR 1.1325 to 1.1350, and how to read them.

An element is mandatory unless its paragraph says "if applicable", or it applies to some foods only (field of produce,
container of aquaculture).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from service.epcis.contexts import expanded
from service.epcis.events import QuantityElement, TransformationEvent
from service.epcis.identifiers import Kind
from service.epcis.vocabulary import BIZ_TRANSACTION_TYPES, SOURCE_DEST_TYPES
from service.findings.case import Case
from service.findings.fsma.descriptions import Location, commodity, location, lot_code, product
from service.findings.fsma.said import extensions, first, first_day, master
from service.findings.fsma.tracking import Cte, Tracked
from service.findings.told import Told, kind_of

Value = str | int | float | date | Location | None


@dataclass(frozen=True)
class Foods:
    """What rows are read from: the case, who made each food, what each was made of, and what happened upstream."""

    case: Case
    makers: Mapping[str, Told]
    upstream: Mapping[str, frozenset[str]]
    tracked: Sequence[Tracked]

    def earlier(self, one: Tracked, cte: Cte) -> Told | None:
        """The first event of this kind of the food, or of what it was made of, up to the event's own time."""
        family, at = self.upstream.get(one.thing, frozenset((one.thing,))), one.told.at
        for other in self.tracked:
            if other.cte is cte and other.thing in family and other.told is not one.told:
                return other.told if at is None or other.told.at is None or other.told.at <= at else None
        return None


Read = Callable[[Foods, Tracked], Value]


class Kde(NamedTuple):
    """A key data element: paragraph, name, how it is read, and whether its record must have it."""

    clause: str
    name: str
    read: Read
    mandatory: bool = True


_TYPES = {
    "bol": "Bill of Lading", "cert": "Certificate", "desadv": "Despatch Advice", "inv": "Invoice",
    "pedigree": "Pedigree", "po": "Purchase Order", "poc": "Purchase Order Confirmation",
    "prodorder": "Production Order", "recadv": "Receiving Advice", "rma": "Return Merchandise Authorisation",
    "testprd": "Test Procedure", "testres": "Test Results", "upevt": "Upstream EPCIS Event",
}  # fmt: skip
_UNITS = {
    "KGM": "kilogram", "GRM": "gram", "TNE": "tonne", "LBR": "pound", "ONZ": "ounce", "STN": "short ton",
    "LTR": "litre", "MLT": "millilitre", "GLL": "gallon", "EA": "each", "C62": "one", "H87": "piece", "CS": "case",
    "BX": "box", "BG": "bag", "PR": "pair", "DZN": "dozen",
}  # fmt: skip


def _place(one: Told) -> str | None:
    return one.place


def _where(foods: Foods, one: Tracked) -> Value:
    place = _place(one.told)
    return location(foods.case, place) if place is not None else None


def _when(_: Foods, one: Tracked) -> Value:
    return one.told.day


def _lot_code(foods: Foods, one: Tracked) -> Value:
    return lot_code(one.thing, foods.makers.get(one.thing))


def _product(foods: Foods, one: Tracked) -> Value:
    return product(foods.case, one.thing, foods.makers.get(one.thing))


def _commodity(foods: Foods, one: Tracked) -> Value:
    return commodity(foods.case, one.thing, one.told) or product(foods.case, one.thing, foods.makers.get(one.thing))


def _elements(one: Tracked, foods: Foods) -> list[QuantityElement]:
    """The quantities of the food in the event; of what was moved in a container, those that were put into it."""
    told: list[Told] = [one.told]
    if one.stay is not None:
        trail = foods.case.trails[one.thing]
        told = [
            other
            for other in trail.standing
            if other.at == one.stay.since and any(link.parent == one.stay.container for link in other.links)
        ]
    found: list[QuantityElement] = []
    for other in told:
        model = other.event.model if other.event else None
        for name in ("quantityList", "childQuantityList", _side(one)):
            found += [element for element in getattr(model, name, ()) if other.name_of(element.epcClass) == one.thing]
    return found


def _side(one: Tracked) -> str:
    return "inputQuantityList" if one.cte is Cte.USED else "outputQuantityList"


def _quantity(foods: Foods, one: Tracked) -> Value:
    elements = [element for element in _elements(one, foods) if element.quantity is not None]
    if not elements:
        return 1 if kind_of(one.thing) is Kind.ITEM else None
    if len(elements) == 1:
        return elements[0].quantity
    return " + ".join(f"{element.quantity} {element.uom or 'each'}" for element in elements)


def _unit(foods: Foods, one: Tracked) -> Value:
    elements = [element for element in _elements(one, foods) if element.quantity is not None]
    if not elements:
        return "each" if kind_of(one.thing) is Kind.ITEM else None
    units = dict.fromkeys(element.uom for element in elements)
    return "; ".join(
        "each" if unit is None else f"{unit} ({_UNITS[unit]})" if unit in _UNITS else unit for unit in units
    )


def _received(foods: Foods, one: Tracked) -> Value:
    """How much went into packing that is told as a transformation; else as an extension says."""
    model = one.told.event.model if one.told.event else None
    if isinstance(model, TransformationEvent) and model.inputQuantityList:
        told = [
            f"{element.quantity} {element.uom or 'each'}" for element in model.inputQuantityList if element.quantity
        ]
        return " + ".join(told) or None
    return first(("quantityreceived",), *_holders(foods, one, None))


def _recipient(foods: Foods, one: Tracked) -> Value:
    return _counterpart(foods, one, "destination")


def _previous(foods: Foods, one: Tracked) -> Value:
    return _counterpart(foods, one, "source")


def _counterpart(foods: Foods, one: Tracked, side: str) -> Value:
    """The place that the source or destination list names, else the party."""
    event = one.told.event
    if event is None:
        return None
    entries = event.model.sourceList if side == "source" else event.model.destinationList
    named: dict[str, str] = {}
    for entry in entries:
        role = SOURCE_DEST_TYPES.word(entry.type) or SOURCE_DEST_TYPES.word(expanded(entry.type, event.prefixes))
        named.setdefault(role or "", one.told.name_of(getattr(entry, side)))
    for role in ("location", "possessing_party", "owning_party"):
        if role in named:
            return location(foods.case, named[role])
    return None


def _source(foods: Foods, one: Tracked) -> Value:
    """Where the lot code was assigned, else a reference to it."""
    made = foods.makers.get(one.thing)
    place = made.place if made is not None else None
    return location(foods.case, place) if place is not None else _reference(foods, one)


def _reference(foods: Foods, one: Tracked) -> Value:
    made = foods.makers.get(one.thing)
    return first(("tlcsourcereference", "traceabilitylotcodesourcereference"), *_holders(foods, one, made))


def _documents(_: Foods, one: Tracked) -> Value:
    event = one.told.event
    if event is None or not event.model.bizTransactionList:
        return None
    told = []
    for entry in event.model.bizTransactionList:
        word = None
        if entry.type is not None:
            full = expanded(entry.type, event.prefixes)
            word = BIZ_TRANSACTION_TYPES.word(entry.type) or BIZ_TRANSACTION_TYPES.word(full)
        kind = _TYPES.get(word or "", entry.type or "document")
        told.append(f"{kind} {expanded(entry.bizTransaction, event.prefixes)}")
    return "; ".join(told)


def _holders(foods: Foods, one: Tracked, *others: Told | None) -> list[Mapping[str, object]]:
    told = [one.told, *(other for other in others if other is not None)]
    return [*(extensions(other) for other in told), master(foods.case, one.thing)]


def _farm(foods: Foods, one: Tracked) -> Value:
    """The farm: where it was harvested, as a harvesting event or an extension says."""
    harvest = one.told if one.cte is Cte.HARVESTING else foods.earlier(one, Cte.HARVESTING)
    if harvest is not None and harvest.place is not None:
        return location(foods.case, harvest.place)
    said = first(("farm", "farmlocation", "harvestlocation"), *_holders(foods, one, foods.makers.get(one.thing)))
    return location(foods.case, one.told.name_of(said)) if said is not None else None


def _named(*names: str, upstream: Cte | None = Cte.HARVESTING) -> Read:
    def read(foods: Foods, one: Tracked) -> Value:
        earlier = foods.earlier(one, upstream) if upstream is not None else None
        return first(names, *_holders(foods, one, earlier, foods.makers.get(one.thing)))

    return read


def _day(*names: str, upstream: Cte) -> Read:
    def read(foods: Foods, one: Tracked) -> Value:
        earlier = foods.earlier(one, upstream)
        said = first_day(names, *_holders(foods, one, earlier, foods.makers.get(one.thing)))
        return said if said is not None else earlier.day if earlier is not None else None

    return read


def _cooled_at(foods: Foods, one: Tracked) -> Value:
    cooled = foods.earlier(one, Cte.COOLING)
    return location(foods.case, cooled.place) if cooled is not None and cooled.place is not None else None


def _harvester(foods: Foods, one: Tracked) -> Value:
    """Business name and phone number of who harvested: by extension, else of the party that told of the harvest."""
    said = first(("harvester", "harvestername"), *_holders(foods, one, foods.makers.get(one.thing)))
    phone = first(("harvesterphone", "harvestertelephone"), *_holders(foods, one, foods.makers.get(one.thing)))
    if said is not None:
        return f"{said}, {phone}" if phone else f"{said} [MISSING: phone number]"
    harvest = foods.earlier(one, Cte.HARVESTING)
    if harvest is None:
        return None
    party = location(foods.case, harvest.statement.party)
    gaps = [part for part, value in (("business name", party.name), ("phone number", party.phone)) if value is None]
    told = ", ".join(part for part in (party.name, party.phone) if part)
    return f"{told} ({party.identifier})" + (f" [MISSING: {', '.join(gaps)}]" if gaps else "")


_FIELD = _named("growingarea", "growingareaname", "fieldname", "field")
_POND = _named("aquaculturecontainer", "containername", "pond")
KDES: Mapping[Cte, Sequence[Kde]] = MappingProxyType(
    {
        Cte.HARVESTING: (
            Kde("1.1325(a)(1)(i)", "Location description of the immediate subsequent recipient", _recipient),
            Kde("1.1325(a)(1)(ii)", "Commodity and variety", _commodity),
            Kde("1.1325(a)(1)(iii)", "Quantity", _quantity),
            Kde("1.1325(a)(1)(iii)", "Unit of measure", _unit),
            Kde("1.1325(a)(1)(iv)", "Location description of the farm", _farm),
            Kde("1.1325(a)(1)(v)", "Field or growing area (produce)", _FIELD, mandatory=False),
            Kde("1.1325(a)(1)(vi)", "Container (aquaculture)", _POND, mandatory=False),
            Kde("1.1325(a)(1)(vii)", "Date of harvesting", _when),
            Kde("1.1325(a)(1)(viii)", "Reference document type and number", _documents),
        ),
        Cte.COOLING: (
            Kde("1.1325(b)(1)(i)", "Location description of the immediate subsequent recipient", _recipient),
            Kde("1.1325(b)(1)(ii)", "Commodity and variety", _commodity),
            Kde("1.1325(b)(1)(iii)", "Quantity", _quantity),
            Kde("1.1325(b)(1)(iii)", "Unit of measure", _unit),
            Kde("1.1325(b)(1)(iv)", "Location description of where it was cooled", _where),
            Kde("1.1325(b)(1)(v)", "Date of cooling", _when),
            Kde("1.1325(b)(1)(vi)", "Location description of the farm", _farm),
            Kde("1.1325(b)(1)(vii)", "Reference document type and number", _documents),
        ),
        Cte.INITIAL_PACKING: (
            Kde("1.1330(a)(1)", "Commodity and variety received", _commodity),
            Kde("1.1330(a)(2)", "Date received", _day("datereceived", "receiveddate", upstream=Cte.RECEIVING)),
            Kde("1.1330(a)(3)", "Quantity and unit of measure received", _received),
            Kde("1.1330(a)(4)", "Location description of the farm", _farm),
            Kde("1.1330(a)(5)", "Field or growing area (produce)", _FIELD, mandatory=False),
            Kde("1.1330(a)(6)", "Container (aquaculture)", _POND, mandatory=False),
            Kde("1.1330(a)(7)", "Business name and phone number of the harvester", _harvester),
            Kde("1.1330(a)(8)", "Date of harvesting", _day("harvestdate", "harveststartdate", upstream=Cte.HARVESTING)),
            Kde("1.1330(a)(9)", "Location description of where it was cooled", _cooled_at, mandatory=False),
            Kde("1.1330(a)(10)", "Date of cooling", _day("coolingdate", upstream=Cte.COOLING), mandatory=False),
            Kde("1.1330(a)(11)", "Traceability lot code", _lot_code),
            Kde("1.1330(a)(12)", "Product description", _product),
            Kde("1.1330(a)(13)", "Quantity", _quantity),
            Kde("1.1330(a)(13)", "Unit of measure", _unit),
            Kde("1.1330(a)(14)", "Location description of the traceability lot code source", _where),
            Kde("1.1330(a)(14)", "Traceability lot code source reference", _reference, mandatory=False),
            Kde("1.1330(a)(15)", "Date of initial packing", _when),
            Kde("1.1330(a)(16)", "Reference document type and number", _documents),
        ),
        Cte.LANDING: (
            Kde("1.1335(a)", "Traceability lot code", _lot_code),
            Kde("1.1335(b)", "Species or acceptable market name, or product description", _commodity),
            Kde("1.1335(c)", "Quantity", _quantity),
            Kde("1.1335(c)", "Unit of measure", _unit),
            Kde("1.1335(d)", "Harvest dates, from", _named("harveststartdate", "catchdate")),
            Kde("1.1335(d)", "Harvest dates, to", _named("harvestenddate", "catchdate")),
            Kde("1.1335(d)", "Harvest locations", _named("catcharea", "oceangeographiccode", "harvestlocation")),
            Kde("1.1335(e)", "Location description of the first land-based receiver", _where),
            Kde("1.1335(e)", "Traceability lot code source reference", _reference, mandatory=False),
            Kde("1.1335(f)", "Date landed", _when),
            Kde("1.1335(g)", "Reference document type and number", _documents),
        ),
        Cte.SHIPPING: (
            Kde("1.1340(a)(1)", "Traceability lot code", _lot_code),
            Kde("1.1340(a)(2)", "Quantity", _quantity),
            Kde("1.1340(a)(2)", "Unit of measure", _unit),
            Kde("1.1340(a)(3)", "Product description", _product),
            Kde("1.1340(a)(4)", "Location description of the immediate subsequent recipient", _recipient),
            Kde("1.1340(a)(5)", "Location description of where it was shipped from", _where),
            Kde("1.1340(a)(6)", "Date shipped", _when),
            Kde("1.1340(a)(7)", "Location description of the lot code source, or its reference", _source),
            Kde("1.1340(a)(8)", "Reference document type and number", _documents),
        ),
        Cte.RECEIVING: (
            Kde("1.1345(a)(1)", "Traceability lot code", _lot_code),
            Kde("1.1345(a)(2)", "Quantity", _quantity),
            Kde("1.1345(a)(2)", "Unit of measure", _unit),
            Kde("1.1345(a)(3)", "Product description", _product),
            Kde("1.1345(a)(4)", "Location description of the immediate previous source", _previous),
            Kde("1.1345(a)(5)", "Location description of where it was received", _where),
            Kde("1.1345(a)(6)", "Date received", _when),
            Kde("1.1345(a)(7)", "Location description of the lot code source, or its reference", _source),
            Kde("1.1345(a)(8)", "Reference document type and number", _documents),
        ),
        Cte.USED: (
            Kde("1.1350(a)(1)(i)", "Traceability lot code", _lot_code),
            Kde("1.1350(a)(1)(ii)", "Product description", _product),
            Kde("1.1350(a)(1)(iii)", "Quantity", _quantity),
            Kde("1.1350(a)(1)(iii)", "Unit of measure", _unit),
        ),
        Cte.PRODUCED: (
            Kde("1.1350(a)(2)(i)", "New traceability lot code", _lot_code),
            Kde("1.1350(a)(2)(ii)", "Location description of the traceability lot code source", _where),
            Kde("1.1350(a)(2)(ii)", "Traceability lot code source reference", _reference, mandatory=False),
            Kde("1.1350(a)(2)(iii)", "Date transformation was completed", _when),
            Kde("1.1350(a)(2)(iv)", "Product description", _product),
            Kde("1.1350(a)(2)(v)", "Quantity", _quantity),
            Kde("1.1350(a)(2)(v)", "Unit of measure", _unit),
            Kde("1.1350(a)(2)(vi)", "Reference document type and number", _documents),
        ),
    }
)
"""Sprouts have more (1.1330(b)); they are not read from EPCIS events."""
