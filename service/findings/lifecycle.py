"""Rules about a thing's life: nothing happens to it after its end, and dispositions follow one another as defined.

Dispositions are judged by an explicit table from the definitions of CBV 2.0, section 7.2: only what a definition rules
out is a finding, everything else may follow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.epcis.contexts import expanded
from service.epcis.identifiers import Kind
from service.epcis.vocabulary import DISPOSITIONS, UnknownWord
from service.findings.case import Case, Trail
from service.findings.finding import Severity
from service.findings.rule import Draft
from service.findings.told import Told, written
from service.sealing.entries import Step

_SALEABLE = frozenset(
    ("active", "dispensed", "partially_dispensed", "retail_sold", "sellable_accessible", "sellable_not_accessible")
)
_ADMINISTRATIVE = (Step.HOLD, Step.LIFT)


@dataclass(frozen=True, slots=True)
class Follows:
    """After a disposition, until one of `cleared_by`: those of `never` contradict it, for the reason `why`."""

    never: frozenset[str]
    cleared_by: frozenset[str]
    why: str


FOLLOWS: Mapping[str, Follows] = MappingProxyType(
    {
        "destroyed": Follows(
            DISPOSITIONS.words - {"destroyed", "inactive", "disposed", "unknown"},
            frozenset(),
            "destroyed: “Object has been fully rendered non-usable”",
        ),
        "disposed": Follows(_SALEABLE, frozenset(), "disposed: “Object has been returned for disposal”"),
        "expired": Follows(_SALEABLE, frozenset(), "expired: “Object's expiration date is in the past”"),
        "recalled": Follows(
            _SALEABLE,
            frozenset(("available", "conformant")),
            "recalled: “Object is non-sellable because of public safety reasons”, until it is conformant (“Outcome of a"
            " successful/passed inspection”) or available (“returned to service or to the supply chain”)",
        ),
        "non_conformant": Follows(
            _SALEABLE,
            frozenset(("available", "conformant")),
            "non_conformant: “Outcome of an unsuccessful/failed inspection”, the “opposite of available”",
        ),
        "stolen": Follows(
            _SALEABLE,
            frozenset(("available", "conformant", "returned")),
            "stolen: “An object has been taken without permission or right”",
        ),
        "dispensed": Follows(
            frozenset(("active", "encoded", "partially_dispensed", "sellable_accessible", "sellable_not_accessible")),
            frozenset(("returned",)),
            "dispensed: “A full quantity of product is distributed to a consumer”",
        ),
        "retail_sold": Follows(
            frozenset(("active", "encoded", "sellable_accessible", "sellable_not_accessible")),
            frozenset(("returned",)),
            "retail_sold: “Product has been purchased by a customer”, so before it can be sold again it is returned",
        ),
        "active": Follows(
            frozenset(("encoded",)),
            frozenset(("inactive",)),
            "encoded: “written to a barcode or RFID tag, but not yet commissioned”, and it was commissioned (active)",
        ),
    }
)
"""What each disposition rules out; quotations are CBV 2.0's definitions."""
_OF_WHOLE_LOTS = ("expired", "recalled")
"""Dispositions that all of a lot has at once; others may be those of a part of it."""


def after_decommissioning(case: Case) -> Iterator[Draft]:
    """What happened to a thing after its end.

    Not judged: lots, of which a part may be left; what is destroyed after it lost its identity; being taken out of a
    container; holds and erasures, which are about the thing on paper.
    """
    for trail in case.trails.values():
        if not trail.is_single:
            continue
        end = next((one for one in trail.standing if one.statement.step is Step.DECOMMISSION), None)
        if end is None:
            continue
        over = end.at or end.sealed_at
        later = [
            one for one in trail.standing if one.at is not None and one.at > over and not _may_follow(one, end, trail)
        ]
        if later:
            first = later[0]
            detail = (
                f"{end.statement.party} ended it on {written(over)} ({end.biz_step or 'action DELETE'}), and"
                f" {len(later)} statement{'s' if len(later) > 1 else ''} tell what happened to it later, the first by"
                f" {first.statement.party}: {first.biz_step or 'no business step'} on {written(first.at or over)}"
            )
            yield Draft(trail.identifier, (end, *later), detail, Severity.HIGH)


def dispositions(case: Case) -> Iterator[Draft]:
    """Dispositions that contradict an earlier one, and words that no vocabulary has."""
    for trail in case.trails.values():
        if trail.kind in (Kind.LOCATION, Kind.PARTY, Kind.SERVICE_RELATION):
            continue
        yield from _contradictions(trail)
        yield from _unknown(trail)


def _contradictions(trail: Trail) -> Iterator[Draft]:
    standing: dict[str, Told] = {}
    for one in trail.standing:
        for word in sorted(one.persistent[1]):
            standing.pop(word, None)
        word_now = _own_disposition(one, trail)
        if word_now is not None:
            for former in [old for old in standing if word_now in FOLLOWS[old].cleared_by]:
                del standing[former]
            for former in [old for old in standing if word_now in FOLLOWS[old].never]:
                told = standing.pop(former)
                detail = (
                    f"{told.statement.party} stated {former} on {written(told.at or told.sealed_at)},"
                    f" {one.statement.party} {word_now} on {written(one.at or one.sealed_at)} ({FOLLOWS[former].why})"
                )
                yield Draft(trail.identifier, (told, one), detail, Severity.MEDIUM)
        for word in sorted(one.persistent[0] | ({word_now} if word_now else set())):
            if word in FOLLOWS and (trail.kind is not Kind.LOT or word in _OF_WHOLE_LOTS):
                standing.setdefault(word, one)


def _own_disposition(one: Told, trail: Trail) -> str | None:
    """The disposition that the statement gives this thing: of what is used up, none."""
    return None if one.things.get(trail.identifier) == "input" else one.disposition


def _unknown(trail: Trail) -> Iterator[Draft]:
    for one in trail.standing:
        text = one.event.model.disposition if one.event else None
        if one.event is None or text is None or one.disposition is not None:
            continue
        try:
            DISPOSITIONS.uri(expanded(text, one.event.prefixes))
        except UnknownWord:
            detail = f"{one.statement.party} stated the disposition {text[:200]!r}, which CBV 2.0 does not have"
            yield Draft(trail.identifier, (one,), detail, Severity.INFO)


def _may_follow(one: Told, end: Told, trail: Trail) -> bool:
    if one.statement.step in _ADMINISTRATIVE or _erases(one):
        return True
    if one.biz_step == "destroying" and end.biz_step != "destroying":
        return True
    untied = [link for link in one.links if trail.identifier in (link.parent, link.child)]
    return bool(untied) and all(link.action == "delete" for link in untied)


def _erases(one: Told) -> bool:
    names = one.event.model.extensions if one.event else {}
    return any(name.endswith(("trailseal:erases", "/erases")) for name in names)
