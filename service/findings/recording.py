"""Rules about recording: when events were sealed, and with what keys. One finding for each party or key of a trail."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from service.epcis.times import instant
from service.findings.case import Case, Trail
from service.findings.finding import Severity
from service.findings.rule import Draft
from service.findings.told import Told, written


def late(case: Case) -> Iterator[Draft]:
    """Events that were sealed long after they happened, or (those that take others back) were declared."""
    most = timedelta(hours=case.limits.late_hours)

    def is_late(one: Told) -> bool:
        said = _said_at(one)
        return said is not None and one.sealed_at - said > most

    for trail in case.trails.values():
        for party, told in _by_party(trail, is_late).items():
            worst = max(told, key=lambda one: one.sealed_at - (_said_at(one) or one.sealed_at))
            since = _said_at(worst) or worst.sealed_at
            detail = (
                f"{party} had {_events(told)} sealed more than {case.limits.late_hours:g} h after"
                f" {'it' if len(told) == 1 else 'they'} happened; the longest: {written(since)}, sealed on"
                f" {written(worst.sealed_at)}, {_spelt(worst.sealed_at - since)} later"
            )
            yield Draft(trail.identifier, tuple(told), detail, Severity.LOW, since)


def ahead(case: Case) -> Iterator[Draft]:
    """Events that were sealed before they happened."""
    most = timedelta(minutes=case.limits.ahead_minutes)

    def is_ahead(one: Told) -> bool:
        said = _said_at(one)
        return said is not None and said - one.sealed_at > most

    for trail in case.trails.values():
        for party, told in _by_party(trail, is_ahead).items():
            worst = max(told, key=lambda one: (_said_at(one) or one.sealed_at) - one.sealed_at)
            said = _said_at(worst) or worst.sealed_at
            detail = (
                f"{party} had {_events(told)} sealed before {'it' if len(told) == 1 else 'they'} happened; the"
                f" furthest: sealed on {written(worst.sealed_at)}, said to happen on {written(said)}"
            )
            yield Draft(trail.identifier, tuple(told), detail, Severity.MEDIUM, said)


def late_keys(case: Case) -> Iterator[Draft]:
    """Events whose key was bound only after they happened, and events sealed while their key was compromised."""
    for trail in case.trails.values():
        by_key: dict[bytes, list[Told]] = {}
        for one in trail.told:
            if one.statement.key is not None and not one.retracted:
                by_key.setdefault(one.statement.key.address, []).append(one)
        for address, told in by_key.items():
            yield from _compromised(trail, address, told)
            yield from _bound_late(case, trail, address, told)


def _compromised(trail: Trail, address: bytes, told: Sequence[Told]) -> Iterator[Draft]:
    doubtful = [one for one in told if _since(one) is not None and one.statement.block_time >= _seconds(_since(one))]
    if doubtful:
        since = _since(doubtful[0])
        assert since is not None
        detail = (
            f"{doubtful[0].statement.party} had {_events(doubtful)} sealed with the key 0x{address.hex()} at or after"
            f" {written(since)}, since when that key is not to be trusted"
        )
        yield Draft(trail.identifier, tuple(doubtful), detail, Severity.HIGH)


def _bound_late(case: Case, trail: Trail, address: bytes, told: Sequence[Told]) -> Iterator[Draft]:
    slack = timedelta(minutes=case.limits.clock_minutes)
    early = [one for one in told if _bound(one) is not None and _precedes(_said_at(one), _bound(one), slack)]
    if early:
        bound = _bound(early[0])
        assert bound is not None
        detail = (
            f"{early[0].statement.party} had {_events(early)} sealed with the key 0x{address.hex()}, which the registry"
            f" bound to it on {written(bound)}, after {'it' if len(early) == 1 else 'they'} happened"
        )
        yield Draft(trail.identifier, tuple(early), detail, Severity.LOW)


def _precedes(said: datetime | None, bound: datetime | None, slack: timedelta) -> bool:
    return said is not None and bound is not None and bound - said > slack


def _bound(one: Told) -> datetime | None:
    return one.statement.key.bound_from if one.statement.key else None


def _since(one: Told) -> datetime | None:
    return one.statement.key.compromised_from if one.statement.key else None


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else float("inf")


def _said_at(one: Told) -> datetime | None:
    """When it happened; of a declaration of error, when it was declared."""
    declaration = one.event.model.errorDeclaration if one.event else None
    if declaration is None:
        return one.at
    return instant(declaration.declarationTime)


def _by_party(trail: Trail, is_wrong: Callable[[Told], bool]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = {}
    for one in trail.told:
        if not one.retracted and is_wrong(one):
            found.setdefault(one.statement.party, []).append(one)
    return found


def _events(told: Sequence[Told]) -> str:
    return "one event" if len(told) == 1 else f"{len(told)} events"


def _spelt(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 96 else f"{hours / 24:.1f} days"
