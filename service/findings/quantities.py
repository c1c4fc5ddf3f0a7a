"""How much of what an event speaks of: exact numbers in base units of UN/CEFACT Recommendation 20."""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, InvalidOperation
from typing import NamedTuple

from service.epcis.events import AnyEvent, ObjectEvent, QuantityElement, TransformationEvent
from service.epcis.identifiers import Kind
from service.epcis.query.units import UNITS
from service.findings.told import Told, kind_of

_EXACT = Context(prec=34)
COUNT = "number"
"""The dimension of quantities without unit: so many instances (EPCIS 2.0, 7.3: QuantityElement)."""


class Amount(NamedTuple):
    """So much, in the base unit of a dimension; a unit that is not known is a dimension of its own."""

    dimension: str
    value: Decimal


def amount(element: QuantityElement) -> Amount | None:
    """How much; None where it is not said, or is less than nothing."""
    if element.quantity is None:
        return None
    try:
        number = Decimal(repr(element.quantity))
    except InvalidOperation:
        return None
    if not number.is_finite() or number < 0:
        return None
    if element.uom is None:
        return Amount(COUNT, number)
    unit = UNITS.get(element.uom)
    if unit is None:
        return Amount(f"unit {element.uom}", number)
    return Amount(unit.dimension, _EXACT.divide(_EXACT.multiply(number, unit.numerator), unit.denominator))


def total(amounts: Iterable[Amount | None], dimension: str) -> tuple[Decimal, bool]:
    """The sum of those that are of the dimension, and whether these are all."""
    found, whole = Decimal(0), True
    for one in amounts:
        if one is None or one.dimension != dimension:
            whole = False
        else:
            found = _EXACT.add(found, one.value)
    return found, whole


def inputs(model: TransformationEvent) -> Iterator[Amount | None]:
    """What goes in; None for what has no stated amount, such as single items."""
    yield from _side(model.inputEPCList, model.inputQuantityList)


def outputs(model: TransformationEvent) -> Iterator[Amount | None]:
    """What comes out, as `inputs`."""
    yield from _side(model.outputEPCList, model.outputQuantityList)


def _side(epcs: tuple[str, ...], quantities: tuple[QuantityElement, ...]) -> Iterator[Amount | None]:
    yield from (amount(element) for element in quantities)
    yield from (None for _ in epcs)


def of_thing(told: Told, identifier: str) -> tuple[Amount | None, ...]:
    """What a statement says of how much of a lot it is about, in each place where it names it (none: it does not)."""
    if told.event is None:
        return ()
    model: AnyEvent = told.event.model
    if isinstance(model, TransformationEvent):
        lists = (*model.inputQuantityList, *model.outputQuantityList)
    elif isinstance(model, ObjectEvent):
        lists = model.quantityList
    else:
        lists = getattr(model, "quantityList", ()) or getattr(model, "childQuantityList", ())
    return tuple(amount(element) for element in lists if told.name_of(element.epcClass) == identifier)


def is_lot(identifier: str) -> bool:
    """Whether it is a lot, of which there may be any amount."""
    return kind_of(identifier) is Kind.LOT


def spelt(value: Decimal, dimension: str) -> str:
    """An amount for people: in kilograms, cubic metres or pieces, else in the unit as it was sent."""
    unit = {"mass": "kg", "volume": "m³", COUNT: "pieces"}.get(dimension, dimension.removeprefix("unit "))
    text = f"{value.quantize(Decimal('0.000001')).normalize():f}" if abs(value) < 10**20 else f"{value:.6e}"
    return f"{text} {unit}"
