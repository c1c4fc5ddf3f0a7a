"""Rules about quantities: no process makes more than it takes in, and no more of a lot is used than was made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from service.epcis.events import ObjectEvent, TransformationEvent
from service.findings import quantities
from service.findings.case import Case, Trail
from service.findings.finding import Severity
from service.findings.quantities import Amount, spelt, total
from service.findings.rule import Draft
from service.findings.told import Told
from service.sealing.entries import Step

_CONSERVED = ("mass", "volume")
"""Dimensions whose sums a process keeps, or lowers; the number of pieces is none of them."""


def transformations(case: Case) -> Iterator[Draft]:
    """Transformations whose outputs weigh more than their inputs, or much less.

    Events with one transformationID are one process (EPCIS 2.0, 7.4: TransformationEvent).
    """
    alone: list[list[Told]] = []
    together: dict[str, list[Told]] = defaultdict(list)
    for one in case.once:
        model = one.event.model if one.event else None
        if isinstance(model, TransformationEvent):
            if model.transformationID is None:
                alone.append([one])
            else:
                together[one.name_of(model.transformationID)].append(one)
    for events in alone:
        yield from _balance(case, events, whole=True)
    for process, events in together.items():
        yield from _balance(case, events, whole=process in case.processes)


def _balance(case: Case, events: Sequence[Told], *, whole: bool) -> Iterator[Draft]:
    models = [one.event.model for one in events if one.event]
    transformed = [model for model in models if isinstance(model, TransformationEvent)]
    taken = [amount for model in transformed for amount in quantities.inputs(model)]
    made = [amount for model in transformed for amount in quantities.outputs(model)]
    for dimension in _CONSERVED:
        in_, all_in = total(taken, dimension)
        out, all_out = total(made, dimension)
        if not in_ or not out:
            continue
        if all_in and out > in_ * (1 + Decimal(repr(case.limits.gain))):
            yield _draft(events, dimension, in_, out, Severity.HIGH if whole else Severity.LOW, whole=whole)
        elif all_out and whole and out < in_ * (1 - Decimal(repr(case.limits.loss))):
            yield _draft(events, dimension, in_, out, Severity.LOW, whole=whole)


def _draft(
    events: Sequence[Told], dimension: str, in_: Decimal, out: Decimal, severity: Severity, *, whole: bool
) -> Draft:
    more = "more" if out > in_ else "less"
    share = abs(out / in_ - 1) * 100
    detail = (
        f"{spelt(out, dimension)} came out of {spelt(in_, dimension)} that went in: {share:.1f} % {more}"
        f" ({', '.join(sorted({one.statement.party for one in events}))})"
    )
    if not whole:
        detail += "; other events with this transformationID may stand on trails that are not shown"
    return Draft(events[0].statement.trail, tuple(events), detail, severity)


def lots(case: Case) -> Iterator[Draft]:
    """Lots of which more was used up, or shipped by their maker, than was made."""
    for trail in case.trails.values():
        if not quantities.is_lot(trail.identifier):
            continue
        made = [one for one in trail.standing if one.statement.step is Step.COMMISSION]
        dimension = _dimension(made, trail)
        if dimension is None or any(one.event is None and one.statement.step is Step.COMMISSION for one in trail.told):
            continue
        yield from _used(case, trail, made, dimension)
        for maker in sorted({one.statement.party for one in made}):
            yield from _shipped(case, trail, made, maker, dimension)


def _dimension(made: Sequence[Told], trail: Trail) -> str | None:
    """In what the making of a lot is told; None where it is not told, or in several dimensions."""
    told = [amount for one in made for amount in _output(one, trail)]
    if not told or any(amount is None for amount in told):
        return None
    dimensions = {amount.dimension for amount in told if amount is not None}
    return dimensions.pop() if len(dimensions) == 1 else None


def _output(one: Told, trail: Trail) -> Sequence[Amount | None]:
    model = one.event.model if one.event else None
    if isinstance(model, TransformationEvent):
        names = [element for element in model.outputQuantityList if one.name_of(element.epcClass) == trail.identifier]
        return [quantities.amount(element) for element in names]
    return quantities.of_thing(one, trail.identifier)


def _input(one: Told, trail: Trail) -> Sequence[Amount | None]:
    """What is used up of the lot: as input, destroyed or decommissioned."""
    model = one.event.model if one.event else None
    if isinstance(model, TransformationEvent):
        names = [element for element in model.inputQuantityList if one.name_of(element.epcClass) == trail.identifier]
        return [quantities.amount(element) for element in names]
    if one.statement.step is Step.DECOMMISSION and isinstance(model, ObjectEvent):
        return quantities.of_thing(one, trail.identifier)
    return ()


def _used(case: Case, trail: Trail, made: Sequence[Told], dimension: str) -> Iterator[Draft]:
    spent = [one for one in trail.standing if _input(one, trail)]
    there, _ = total((amount for one in made for amount in _output(one, trail)), dimension)
    gone, _ = total((amount for one in spent for amount in _input(one, trail)), dimension)
    if gone > there * (1 + Decimal(repr(case.limits.gain))):
        detail = f"{spelt(gone, dimension)} of the lot were used up, of {spelt(there, dimension)} that were made"
        yield Draft(trail.identifier, (*made, *spent), detail, Severity.HIGH)


def _shipped(case: Case, trail: Trail, made: Sequence[Told], maker: str, dimension: str) -> Iterator[Draft]:
    """The maker of a lot gives away no more than it has: made, and come back."""
    if len({one.statement.party for one in made}) > 1:
        return  # several makers may have handed the lot to one another without a word
    own = [one for one in trail.standing if one.statement.party == maker]
    back = [one for one in own if one.statement.step is Step.RECEIVE or one.biz_step in ("receiving", "void_shipping")]
    away = [one for one in own if one.statement.step is Step.SHIP]
    spent = [one for one in own if _input(one, trail)]
    there, _ = total((amount for one in made for amount in _output(one, trail)), dimension)
    returned, all_back = total(_all(back, trail), dimension)
    gone, _ = total(_all(away, trail), dimension)
    used, _ = total((amount for one in spent for amount in _input(one, trail)), dimension)
    if away and all_back and gone + used > (there + returned) * (1 + Decimal(repr(case.limits.gain))):
        detail = (
            f"{maker} shipped {spelt(gone, dimension)} of the lot and used up {spelt(used, dimension)}, of"
            f" {spelt(there, dimension)} that it made and {spelt(returned, dimension)} that came back"
        )
        yield Draft(trail.identifier, (*made, *back, *away, *spent), detail, Severity.HIGH)


def _all(told: Iterable[Told], trail: Trail) -> Iterator[Amount | None]:
    for one in told:
        yield from quantities.of_thing(one, trail.identifier)
