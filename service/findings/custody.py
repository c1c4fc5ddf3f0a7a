"""Rules about who had the goods: disputes, gaps, double shipment, receipt without shipment, goods that never arrived.

Custody is followed as the ledger does (docs/format.md section 2), but in the order in which things happened, over what
stands, and with the movements of the containers that the thing was in: who receives a pallet has what is on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from service.epcis.identifiers import Kind
from service.findings.case import Case, Stay, Trail
from service.findings.finding import Severity
from service.findings.rule import Draft
from service.findings.told import Told, written
from service.sealing.entries import Step

_REASONS = {
    "AlreadyCommissioned": "the thing had been commissioned before",
    "InAnothersCustody": "the thing was in another party's custody",
    "UnknownRecipient": "it was offered to the speaker itself, or to a party that is not registered",
    "NotCustodian": "the speaker did not have the thing",
    "Decommissioned": "the thing had been decommissioned",
    "NotOffered": "another party had the thing, and had not offered it to the speaker",
    "NotEntitled": "the speaker may neither hold this thing nor lift another's hold",
    "NoSuchHold": "there was no such hold",
    "Held": "a hold was open",
}
_ENDS_TRANSIT = ("receiving", "accepting", "void_shipping")


def disputes(case: Case) -> Iterator[Draft]:
    """Statements that the contract marked as contradicting custody."""
    for trail in case.trails.values():
        for one in trail.told:
            if one.statement.disputed and one.stands:
                why = ", ".join(
                    f"{reason} ({_REASONS.get(reason, 'see the contract')})" for reason in one.statement.disputed
                )
                held = set(one.statement.disputed) == {"Held"}
                detail = f"{_who(one)} stated {one.statement.step.name.lower()}; the ledger disputed it: {why}"
                yield Draft(trail.identifier, (one,), detail, Severity.MEDIUM if held else Severity.HIGH)


def gaps(case: Case) -> Iterator[Draft]:
    """Goods that somebody passes on, or ends, without ever having got them."""
    for watch in _watched(case):
        yield from watch.gaps


def double_shipments(case: Case) -> Iterator[Draft]:
    """A second shipment of one thing that was still on its way."""
    for watch in _watched(case):
        yield from watch.doubles


def unshipped_receipts(case: Case) -> Iterator[Draft]:
    """Receipts of what nobody shipped to the one who received it."""
    for watch in _watched(case):
        yield from watch.receipts


def unreceived(case: Case) -> Iterator[Draft]:
    """Shipments that nobody received for a long time."""
    longest = timedelta(days=case.limits.unreceived_days)
    for watch in _watched(case):
        last = watch.offer
        if last is None or case.as_of is None or watch.trail.kind is Kind.LOT:
            continue
        since = last.at or last.sealed_at
        if case.as_of - since > longest:
            days = (case.as_of - since).days
            detail = (
                f"{_who(last)} shipped it to {last.statement.recipient} on {written(since)}; {days} days later nobody"
                " has received it, or told that it came back"
            )
            yield Draft(watch.trail.identifier, (last,), detail, Severity.MEDIUM)


@dataclass
class _Watch:
    """Custody of one thing, statement by statement."""

    trail: Trail
    carried: Sequence[Told]
    unseen: Sequence[Stay]
    holder: str | None = None
    offer: Told | None = None
    got: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    last: Told | None = None
    gaps: list[Draft] = field(default_factory=list)
    doubles: list[Draft] = field(default_factory=list)
    receipts: list[Draft] = field(default_factory=list)

    def follow(self) -> None:
        """Sees every statement once."""
        own = {(one.statement.party, one.statement.seal) for one in self.trail.told}
        outer = [one for one in self.carried if (one.statement.party, one.statement.seal) not in own]
        told = list(self.trail.in_custody_order)
        if outer:
            told = sorted([*told, *outer], key=lambda one: one.at or one.sealed_at)
        seen = {id(one) for one in outer}
        for one in told:
            self.see(one, judged=id(one) not in seen)

    def see(self, one: Told, *, judged: bool) -> None:
        """What one statement changes; one about a container is not itself judged on this trail."""
        step, party = one.statement.step, one.statement.party
        if step is Step.COMMISSION:
            if self.holder is None or self.trail.kind is Kind.LOT:
                self.holder = party
            self.got.add(party)
        elif step is Step.SHIP:
            if judged:
                self._ship(one)
            self.holder, self.offer = party, one
            self.offered.add(one.statement.recipient or "")
        elif step is Step.RECEIVE:
            if judged:
                self._receive(one)
            self.holder, self.offer = party, None
            self.got.add(party)
        elif step is Step.DECOMMISSION and judged:
            self._pass_on(one, "ended it (decommissioned)", Severity.MEDIUM)
        if step is Step.DECOMMISSION or self._ends(one):
            self.offer = None
        if step in (Step.COMMISSION, Step.SHIP, Step.RECEIVE):
            self.last = one

    def _ends(self, one: Told) -> bool:
        """Whether an observation ends a transit: its sender takes it back, or its recipient has the goods."""
        if self.offer is None or one.statement.step is not Step.OBSERVE or one.biz_step not in _ENDS_TRANSIT:
            return False
        sender, recipient = self.offer.statement.party, self.offer.statement.recipient
        if one.biz_step == "void_shipping":
            return one.statement.party == sender
        if one.statement.party in (sender, recipient):
            self.got.add(one.statement.party)
            self.holder = one.statement.party
            return True
        return False

    def _ship(self, one: Told) -> None:
        if self.offer is not None and self.trail.is_single and self.offer.statement.party == one.statement.party:
            self._double(self.offer, one)
        else:
            self._pass_on(one, "shipped it on", Severity.HIGH)

    def _double(self, former: Told, one: Told) -> None:
        same = former.statement.recipient == one.statement.recipient
        detail = (
            f"{_who(one)} shipped it to {one.statement.recipient} on {_on(one)}, though the shipment to"
            f" {former.statement.recipient} of {_on(former)} was neither received nor declared void"
        )
        self.doubles.append(
            Draft(self.trail.identifier, (former, one), detail, Severity.MEDIUM if same else Severity.HIGH)
        )

    def _pass_on(self, one: Told, what: str, worst: Severity) -> None:
        party = one.statement.party
        had = party in self.got if self.trail.kind is Kind.LOT else self.holder in (None, party)
        nobody = self.trail.kind is Kind.LOT and not self.got
        if had or nobody or self._may_have_come_hidden(one):
            return
        offered = self.offer is not None and self.offer.statement.recipient == party
        if offered or (self.trail.kind is Kind.LOT and party in self.offered):
            detail = f"{_who(one)} {what} on {_on(one)}, and had been offered it, but never told that it received it"
            severity = Severity.LOW
        else:
            detail = f"{_who(one)} {what} on {_on(one)}, while by all that is told {self.holder} had it"
            severity = worst
        about = tuple(told for told in (self.offer or self.last, one) if told is not None)
        self.gaps.append(Draft(self.trail.identifier, about, detail, severity))

    def _receive(self, one: Told) -> None:
        party = one.statement.party
        if self.trail.kind is Kind.LOT:
            if party in self.offered or party in self.got:
                return
        elif self.offer is not None:
            if party in (self.offer.statement.recipient, self.offer.statement.party):
                return
            detail = (
                f"{_who(one)} received it on {_on(one)}, but it had been shipped to {self.offer.statement.recipient}"
            )
            self.receipts.append(Draft(self.trail.identifier, (self.offer, one), detail, Severity.HIGH))
            return
        elif self.holder == party:
            return
        if self._may_have_come_hidden(one):
            detail = (
                f"{_who(one)} received it on {_on(one)}; the shipment may be on the trail of what it was in, which"
                " is not among those looked at"
            )
            self.receipts.append(Draft(self.trail.identifier, (one,), detail, Severity.INFO))
            return
        self.receipts.append(self._unshipped(one))

    def _unshipped(self, one: Told) -> Draft:
        later = next(
            (
                other
                for other in self.trail.standing
                if other.statement.step is Step.SHIP and other.statement.recipient == one.statement.party
            ),
            None,
        )
        if later is not None:
            detail = f"{_who(one)} received it on {_on(one)}, but it was shipped to it only on {_on(later)}"
            return Draft(self.trail.identifier, (later, one), detail, Severity.HIGH)
        if self.holder is None and not self.got:
            detail = f"{_who(one)} received it on {_on(one)}, and nothing tells where it came from"
            return Draft(self.trail.identifier, (one,), detail, Severity.LOW)
        detail = f"{_who(one)} received it on {_on(one)}, but nobody told that it was shipped to it"
        about = (one,) if self.last is None else (self.last, one)
        return Draft(self.trail.identifier, about, detail, Severity.HIGH)

    def _may_have_come_hidden(self, one: Told) -> bool:
        """Whether the thing was, or had been, in a container whose trail is not shown."""
        at = one.at or one.sealed_at
        return any(stay.since <= at for stay in self.unseen)


def _watched(case: Case) -> Iterator[_Watch]:
    for trail in case.trails.values():
        if trail.kind in (Kind.LOCATION, Kind.PARTY, Kind.SERVICE_RELATION):
            continue
        carried, unseen = case.carried(trail)
        watch = _Watch(trail, carried, unseen)
        watch.follow()
        yield watch


def _who(one: Told) -> str:
    return one.statement.party


def _on(one: Told) -> str:
    return written(one.at) if one.at is not None else f"an unknown day, recorded on {written(one.sealed_at)}"
