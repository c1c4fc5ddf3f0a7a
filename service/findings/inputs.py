"""Rules about use: nothing is processed, sold or dispensed after its last day, or while it is recalled or held."""

from collections.abc import Iterator, Mapping

from service.epcis.custody import WITHHELD
from service.epcis.events import TransformationEvent
from service.findings.case import Case, Trail
from service.findings.dates import BEST_BEFORE, EXPIRY, SELL_BY, Until, last_days
from service.findings.finding import Severity
from service.findings.rule import Draft
from service.findings.told import Told, written
from service.sealing.entries import Step

_TO_CONSUMERS = ("retail_selling", "dispensing")
BARRED = WITHHELD
"""Dispositions under which a thing must not be used: those that hold it on the ledger (`epcis.custody.WITHHELD`)."""
_SEVERITY = {EXPIRY: Severity.HIGH, BEST_BEFORE: Severity.LOW, SELL_BY: Severity.MEDIUM}


def expired(case: Case) -> Iterator[Draft]:
    """Things that were used after their last day.

    The day of use is that of the place of use (eventTimeZoneOffset); the last day itself is still in time.
    `itemExpirationDate` counts for every use, `bestBeforeDate` for processing only, `sellByDate` for sales only.
    """
    days = last_days(case)
    for one in case.once:
        for thing, how in _uses(one).items():
            for until in days.get(thing, {}).values():
                if _applies(until, how) and one.day is not None and one.day > until.day and until.by is not one:
                    yield _expired(one, thing, how, until)


def barred(case: Case) -> Iterator[Draft]:
    """Things that were used while they were recalled, held or otherwise barred."""
    for trail in case.trails.values():
        yield from _Bars(trail).judge()


class _Bars:
    """What bars the use of a thing, statement by statement."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.state: Told | None = None
        self.persistent: dict[str, Told] = {}
        self.holds: dict[str, Told] = {}

    def judge(self) -> Iterator[Draft]:
        for one in self.trail.standing:
            how = _uses(one).get(self.trail.identifier)
            for why, told in self._bars() if how else ():
                detail = f"{one.statement.party} {how} it on {written(one.at or one.sealed_at)}, while {why}"
                yield Draft(self.trail.identifier, (told, one), detail, Severity.HIGH)
            self._note(one)

    def _bars(self) -> list[tuple[str, Told]]:
        found = []
        if self.state is not None:
            found.append(
                (f"{self.state.statement.party} had stated the disposition {self.state.disposition}", self.state)
            )
        for word, told in self.persistent.items():
            found.append((f"{told.statement.party} had set {word} and nobody had unset it", told))
        for party, told in self.holds.items():
            if told not in self.persistent.values():
                found.append((f"{party} held it", told))
        return found

    def _note(self, one: Told) -> None:
        if one.disposition is not None and self.trail.identifier in one.things:
            if one.disposition in BARRED and not _is_input(one, self.trail.identifier):
                self.state = one
            else:
                self.state = None
        set_, unset = one.persistent
        for word in unset:
            self.persistent.pop(word, None)
        for word in sorted(set_ & BARRED):
            self.persistent[word] = one
        if one.statement.step is Step.HOLD:
            self.holds[one.statement.party] = one
        elif one.statement.step is Step.LIFT:
            self.holds.pop(one.statement.recipient or one.statement.party, None)


def _uses(one: Told) -> Mapping[str, str]:
    """How a statement uses each thing up; nothing where it does not."""
    if one.event is None:
        return {}
    if isinstance(one.event.model, TransformationEvent):
        return {thing: "used" for thing, role in one.things.items() if role == "input"}
    if one.biz_step in _TO_CONSUMERS:
        how = "sold" if one.biz_step == "retail_selling" else "dispensed"
        return {thing: how for thing, role in one.things.items() if role in ("subject", "parent")}
    return {}


def _is_input(one: Told, thing: str) -> bool:
    """A transformation's disposition is that of what it makes."""
    return one.event is not None and isinstance(one.event.model, TransformationEvent) and one.things[thing] == "input"


def _applies(until: Until, how: str) -> bool:
    if until.name == BEST_BEFORE:
        return how == "used"
    return how != "used" if until.name == SELL_BY else True


def _expired(one: Told, thing: str, how: str, until: Until) -> Draft:
    source = f"as {until.by.statement.party} stated" if until.by is not None else "by master data"
    detail = f"{one.statement.party} {how} {thing} on {one.day}; its {until.name} was {until.day} ({source})"
    about = (one,) if until.by is None else (until.by, one)
    return Draft(one.statement.trail, about, detail, _SEVERITY[until.name])
