"""All rules over all statements."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from service.findings.case import Case, case_of
from service.findings.finding import Finding
from service.findings.limits import Limits
from service.findings.places import Point, coordinates, known
from service.findings.rules import RULES
from service.findings.statements import MasterData, Statement


def find(
    statements: Iterable[Statement],
    *,
    places: Mapping[str, tuple[float, float]] | None = None,
    masterdata: MasterData | None = None,
    limits: Limits | None = None,
    as_of: datetime | None = None,
    processes: Iterable[str] = (),
) -> list[Finding]:
    """What the rules find in these statements, the gravest first.

    `places`: latitude and longitude (WGS 84 degrees) of places by identifier, before those of `masterdata`. `as_of`:
    until when the statements were gathered; without it no shipment is overdue. `processes`: canonical
    transformationIDs of which every event is among the statements.

    A statement that its party declared an error causes no finding; what corrects it is a statement like others.
    """
    return found_in(
        gathered(statements, places=places, masterdata=masterdata, limits=limits, as_of=as_of, processes=processes)
    )


def gathered(
    statements: Iterable[Statement],
    *,
    places: Mapping[str, tuple[float, float]] | None = None,
    masterdata: MasterData | None = None,
    limits: Limits | None = None,
    as_of: datetime | None = None,
    processes: Iterable[str] = (),
) -> Case:
    """The case that `find` judges."""
    told = masterdata or {}
    located: dict[str, Point] = {**coordinates(told), **dict(known(places or {}))}
    return case_of(statements, located, told, limits or Limits(), as_of=as_of, processes=frozenset(processes))


def found_in(case: Case) -> list[Finding]:
    """The findings of all rules in a case."""
    order = {name: place for place, name in enumerate(RULES)}
    found = [finding for rule in RULES.values() for finding in rule.find(case)]
    return sorted(found, key=lambda one: (-one.severity, order[one.rule], one.trail, str(one.at), one.detail))
