"""Critical tracking events (21 CFR 1.1325 to 1.1350) in EPCIS events, and what each says of a food.

How an event is read is told in the sheet: nothing is guessed silently.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from service.epcis.contexts import expanded
from service.epcis.events import ObjectEvent, TransformationEvent
from service.epcis.identifiers import Kind
from service.findings.case import Case, Stay, Trail
from service.findings.fsma.said import extensions, first, local
from service.findings.told import Told, kind_of
from service.sealing.entries import Step


class Cte(StrEnum):
    """The critical tracking events, with the section that asks for their records."""

    HARVESTING = "Harvesting"
    COOLING = "Cooling (before initial packing)"
    INITIAL_PACKING = "Initial packing"
    LANDING = "First land-based receiving"
    SHIPPING = "Shipping"
    RECEIVING = "Receiving"
    USED = "Transformation: food used"
    PRODUCED = "Transformation: food produced"


SECTIONS: Mapping[Cte, str] = MappingProxyType(
    {
        Cte.HARVESTING: "21 CFR 1.1325(a)",
        Cte.COOLING: "21 CFR 1.1325(b)",
        Cte.INITIAL_PACKING: "21 CFR 1.1330(a)",
        Cte.LANDING: "21 CFR 1.1335",
        Cte.SHIPPING: "21 CFR 1.1340(a)",
        Cte.RECEIVING: "21 CFR 1.1345(a)",
        Cte.USED: "21 CFR 1.1350(a)(1)",
        Cte.PRODUCED: "21 CFR 1.1350(a)(2)",
    }
)
_WORDS = {
    "harvesting": Cte.HARVESTING,
    "cooling": Cte.COOLING,
    "initialpacking": Cte.INITIAL_PACKING,
    "firstlandbasedreceiving": Cte.LANDING,
    "landing": Cte.LANDING,
    "shipping": Cte.SHIPPING,
    "receiving": Cte.RECEIVING,
}
_BY_BIZ_STEP = {
    "shipping": Cte.SHIPPING,
    "consigning": Cte.SHIPPING,
    "receiving": Cte.RECEIVING,
    "accepting": Cte.RECEIVING,
}
_FISHED = ("vesselname", "vesselid", "catcharea", "vesselcatchinformation", "fishinggeartypecode")


@dataclass(frozen=True, slots=True)
class Tracked:
    """A critical tracking event of one food. `basis`: how it was read. `stay`: the container in which it was moved.

    `applies`: its records are asked for; those of shipping and receiving are not before a crop is initially packed
    (21 CFR 1.1340, 1.1345).
    """

    cte: Cte
    told: Told
    thing: str
    basis: str
    stay: Stay | None = None
    applies: bool = True


def tracked(case: Case) -> list[Tracked]:
    """The critical tracking events of all foods (lots and items) in a case, by time, each once for each food."""
    found: list[Tracked] = []
    for trail in case.trails.values():
        if trail.kind not in (Kind.LOT, Kind.ITEM):
            continue
        own = [one for one in trail.standing if one.event is not None]
        told = [tracking for one in own for tracking in _of(one, trail.identifier)]
        told += _carried(case, trail, {one.statement.seal for one in own})
        found += _before_packing(told) if _is_crop(told) else told
    order = list(Cte)
    return sorted(found, key=lambda one: (one.told.at or one.told.sealed_at, order.index(one.cte), one.thing))


def _is_crop(told: Sequence[Tracked]) -> bool:
    """Whether it is known as harvested, and not as packed: its number is the field's, not yet a lot code."""
    kinds = {one.cte for one in told}
    return Cte.HARVESTING in kinds and not kinds & {Cte.INITIAL_PACKING, Cte.LANDING, Cte.PRODUCED}


def _before_packing(told: Sequence[Tracked]) -> Iterator[Tracked]:
    for one in told:
        if one.cte in (Cte.SHIPPING, Cte.RECEIVING):
            yield replace(one, basis=f"{one.basis}; before initial packing, so not asked for", applies=False)
        else:
            yield one


def _carried(case: Case, trail: Trail, own: set[bytes]) -> Iterator[Tracked]:
    """Shipping and receiving of what the food was in."""
    moved, _ = case.carried(trail)
    seen: set[bytes] = set()
    for one in moved:
        if one.event is None or one.statement.seal in own or one.statement.seal in seen:
            continue
        seen.add(one.statement.seal)
        at = one.at or one.sealed_at
        stay = next((stay for stay in trail.stays if stay.has(at)), None)
        for tracking in _of(one, one.statement.trail):
            if tracking.cte in (Cte.SHIPPING, Cte.RECEIVING):
                yield Tracked(tracking.cte, one, trail.identifier, f"{tracking.basis}, in {one.statement.trail}", stay)


def _of(one: Told, thing: str) -> Iterator[Tracked]:
    explicit = _stated(one)
    if explicit is not None and isinstance(one.event and one.event.model, TransformationEvent):
        # What goes into packing or cooling is told of with what comes out.
        if one.things.get(thing) != "input":
            yield Tracked(explicit[0], one, thing, explicit[1])
    elif explicit is not None:
        yield Tracked(explicit[0], one, thing, explicit[1])
    elif one.event is not None and isinstance(one.event.model, TransformationEvent):
        used = one.things.get(thing) == "input"
        yield Tracked(Cte.USED if used else Cte.PRODUCED, one, thing, "TransformationEvent")
    elif one.biz_step in _BY_BIZ_STEP:
        yield Tracked(_BY_BIZ_STEP[one.biz_step], one, thing, f"bizStep {one.biz_step}")
    elif one.biz_step == "departing" and one.event is not None and one.event.model.destinationList:
        yield Tracked(Cte.SHIPPING, one, thing, "bizStep departing, with a destination")
    elif one.statement.step is Step.COMMISSION and one.event is not None and isinstance(one.event.model, ObjectEvent):
        fished = first(_FISHED, extensions(one)) is not None
        why = "with data of a catch" if fished else "without transformation: read as initial packing"
        yield Tracked(Cte.LANDING if fished else Cte.INITIAL_PACKING, one, thing, f"a lot code is assigned {why}")


def _stated(one: Told) -> tuple[Cte, str] | None:
    """What an extension `cte`, or the last part of a bizStep of one's own, says."""
    if one.event is None:
        return None
    said = first(("cte", "criticaltrackingevent"), extensions(one))
    if said is not None and local(said) in _WORDS:
        return _WORDS[local(said)], f"extension cte: {said}"
    step = one.event.model.bizStep
    if step is not None and one.biz_step is None and local(expanded(step, one.event.prefixes)) in _WORDS:
        return _WORDS[local(expanded(step, one.event.prefixes))], f"bizStep {step}"
    return None


def makers(case: Case) -> Mapping[str, Told]:
    """For each food the event that assigned its lot code: the first that commissions it."""
    found: dict[str, Told] = {}
    for trail in case.trails.values():
        made = next((one for one in trail.standing if one.statement.step is Step.COMMISSION and one.event), None)
        if made is not None:
            found[trail.identifier] = made
    return found


def upstream(case: Case) -> Mapping[str, frozenset[str]]:
    """For each food itself and all that it was made of, as far as the case has it."""
    made_of: dict[str, set[str]] = {}
    for one in case.once:
        for link in one.links:
            if link.kind == "transformation" and link.child is not None:
                made_of.setdefault(link.child, set()).add(link.parent)
    return {thing: frozenset(_closure(thing, made_of)) for thing in case.trails if kind_of(thing) is not Kind.LOCATION}


def _closure(thing: str, made_of: Mapping[str, set[str]]) -> set[str]:
    found, frontier = {thing}, [thing]
    while frontier:
        for parent in made_of.get(frontier.pop(), ()):
            if parent not in found:
                found.add(parent)
                frontier.append(parent)
    return found
