"""Which scores become alerts: as they are stored, within each party's budget for its day (docs/risk-work.md)."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid4

from service.risk import budget, inspection
from service.risk.bands import Costs
from service.risk.days import day_and_part
from service.risk.routes import route
from service.store import alert_offers, watchlists
from service.store import risk_alerts as store
from service.store.alert_offers import OfferRow
from service.store.database import Session
from service.store.risk import AssessmentRow
from service.store.risk_alerts import Drawn, Interest, NewAlert
from service.store.risk_policies import PolicyRow, policies_of
from service.store.risk_trust import shown

FRESH = timedelta(days=1)
"""Older scores are history, not news."""
WORSE = 1.0
"""Log-odds by which a shipment has to be riskier than at its last alert to be alerted to again."""
_LEAST = 0.005


class _Now(NamedTuple):
    """A party's policy, its day, and how much of that is over."""

    policy: PolicyRow
    day: date
    gone: float
    moment: datetime


async def noticed(
    session: Session,
    rows: Sequence[AssessmentRow],
    secret: bytes,
    *,
    now: datetime | None = None,
    only: bytes | None = None,
) -> None:
    """Alerts every party that asked for it to the shipments among `rows` that are worth it, and draws inspections.

    Call it once in the transaction that stores the rows, after they were written, and last: it locks the policies of
    the parties that it may alert until the commit. `secret` is the consortium's (the draws derive from it), `now`
    whose day it is, default the clock's. Scores of the past (more than a day before `now`) alert nobody. `only`:
    this party alone is concerned.
    """
    moment = now or datetime.now(UTC)
    fresh = _latest(row for row in rows if moment - FRESH < row.as_of and row.stage != "delivered")
    await _route(session, sorted({row.trail for row in rows}))
    if not fresh:
        return
    pairs = await store.interested(session, list(fresh), only)
    if not pairs:
        return
    policies = await policies_of(session, {pair.party for pair in pairs}, locked=True)
    before = await store.alerted_at(session, pairs)
    made: list[NewAlert] = []
    inspected: list[Drawn] = []
    for party, group in groupby(pairs, key=lambda pair: pair.party):
        policy = policies.get(party)
        if policy is None or not policy.alerts:
            continue
        there, concerned = _Now(policy, *day_and_part(moment, policy.timezone), moment), list(group)
        made += await _alert(session, there, [_offer(there, pair, fresh, before) for pair in concerned])
        inspected += _drawn(there, [(pair.trail, fresh[pair.trail].id) for pair in concerned], secret)
    alerted = {(one.party, one.trail) for one in made}
    await store.draw(session, [one for one in inspected if (one.party, one.trail) not in alerted])
    await store.add_alerts(session, made)
    for party, group_ in groupby(made, key=lambda alert: alert.party):
        await shown(session, party, [alert.assessment for alert in group_])


async def _alert(session: Session, there: _Now, offers: Sequence[OfferRow]) -> list[NewAlert]:
    """The party's new alerts; what else was worth one stands as an offer until the day ends."""
    policy, day = there.policy, there.day
    await alert_offers.offer(session, offers)
    known = await alert_offers.day_of(
        session, policy.party, day, kept=budget.KEPT * policy.budget, recent=budget.RECENT_DAYS
    )
    left = policy.budget - len(known.alerted)
    if left <= 0:
        return []
    best = [
        one
        for one in await alert_offers.standing(session, policy.party, day, 2 * left)
        if one.planned_end is None or one.planned_end > there.moment
    ]
    forecast = tuple((part, benefit) for part, benefit in known.forecast)
    until_now = budget.Day(policy.budget, there.gone, known.days, forecast, tuple(known.offered), tuple(known.alerted))
    chosen = budget.choose(until_now, [one.benefit for one in best])
    again = await store.alerted_at(session, [Interest(policy.party, best[one.place].trail, 1.0) for one in chosen])
    return [
        NewAlert(
            uuid4(),
            policy.party,
            (offer := best[one.place]).trail,
            offer.assessment,
            day,
            offer.as_of,
            offer.stage,
            offer.probability,
            costs_of(policy).band(offer.probability) or "elevated",
            offer.benefit,
            one.threshold,
            "worse" if (policy.party, offer.trail) in again else one.why,
        )
        for one in chosen
    ]


def costs_of(policy: PolicyRow) -> Costs:
    """The costs in a policy."""
    return Costs(policy.penalty, policy.checking, policy.intervening, policy.effectiveness)


def _latest(rows: Iterable[AssessmentRow]) -> dict[bytes, AssessmentRow]:
    """The last score of each shipment."""
    return {row.trail: row for row in sorted(rows, key=lambda row: row.as_of)}


async def _route(session: Session, trails: Sequence[bytes]) -> None:
    """Watchlists go by routes: shipments that are scored for the first time get theirs."""
    new = await watchlists.unrouted(session, trails)
    found = [watchlists.RouteRow(one.trail, one.event, *route(one.document)) for one in new]
    await watchlists.add_routes(session, found)


def _offer(
    there: _Now, pair: Interest, fresh: Mapping[bytes, AssessmentRow], before: Mapping[tuple[bytes, bytes], float]
) -> OfferRow:
    """What a shipment offers by its score; nothing where it was alerted to and is not much riskier now."""
    row = fresh[pair.trail]
    chance, last = row.probability, before.get((pair.party, pair.trail))
    worth = chance is not None and not _overdue(row) and (last is None or _odds(chance) - _odds(last) >= WORSE)
    costs = costs_of(there.policy).weighed(pair.weight)
    benefit = costs.benefit(chance) if chance is not None and worth else 0.0
    return OfferRow(pair.party, there.day, pair.trail, benefit, there.gone, benefit, row.id)


def _overdue(row: AssessmentRow) -> bool:
    """It is late for certain: nothing that anybody does now makes it punctual."""
    return row.planned_end is not None and row.planned_end <= row.as_of


def _odds(chance: float) -> float:
    within = min(max(chance, _LEAST), 1 - _LEAST)
    return math.log(within / (1 - within))


def _drawn(there: _Now, scored: Iterable[tuple[bytes, UUID]], secret: bytes) -> Iterator[Drawn]:
    """The shipments (trail and assessment) on which the day's draw falls."""
    share = there.policy.inspection
    for trail, assessment in scored:
        drawn = inspection.draw(secret, there.policy.party, trail, there.day)
        if inspection.is_drawn(drawn, share):
            yield Drawn(there.policy.party, there.day, trail, assessment, share, drawn)
