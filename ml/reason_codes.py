"""The fixed vocabulary of reasons: every code, and what it says. `docs/risk-reasons.md` is checked against it."""

from __future__ import annotations

from typing import Final, Literal, get_args

ScoreCode = Literal[
    "BEHIND_PLAN",
    "AHEAD_OF_PLAN",
    "OVERDUE",
    "AWAITED",
    "LANE_LATE_RATE",
    "UNKNOWN_LANE",
    "TIGHT_PLAN",
    "AMPLE_PLAN",
    "PAST_PLANNED_END",
    "DELIVERED",
]
AbstentionCode = Literal["NO_PLAN", "MALFORMED_PLAN", "NOT_BOOKED", "NOT_ENOUGH_HISTORY"]
TellingCode = Literal["REPLANNED", "WITHDRAWN"]
TrailCode = Literal[
    "OUT_OF_ORDER",
    "SKIPPED_STEP",
    "ODD_PLACE",
    "ODD_PARTY",
    "PARTY_WITHOUT_CUSTODY",
    "IMPOSSIBLE_TRAVEL",
    "QUANTITY_MISMATCH",
    "CLOCK_JUMP",
    "BACK_DATED",
    "CONTRADICTION",
    "SERIAL_TWICE",
    "NOT_COMMISSIONED",
    "DIVERTED",
    "DOCUMENT_MISMATCH",
    "UNUSUAL_RHYTHM",
    "FLOODED",
]
ConditionCode = Literal["OUT_OF_RANGE", "NEARING_LIMIT", "NO_READING", "UNSTEADY", "HUMID", "SHOCKED", "NO_CONDITIONS"]
ReasonCode = Literal[ScoreCode, AbstentionCode, TellingCode, TrailCode, ConditionCode]

VOCABULARY: Final[dict[ReasonCode, str]] = {
    "BEHIND_PLAN": "a milestone was reached later than planned",
    "AHEAD_OF_PLAN": "the latest milestones were reached earlier than planned",
    "OVERDUE": "a report that should have come has not",
    "AWAITED": "time has passed since the latest report, but none is overdue yet",
    "LANE_LATE_RATE": "how many of the shipments known over this hub, to this destination, were late",
    "UNKNOWN_LANE": "too little is known about this hub and destination; the overall rate stands in",
    "TIGHT_PLAN": "plans of this shape run late more often than the average plan",
    "AMPLE_PLAN": "plans of this shape run late less often than the average plan",
    "PAST_PLANNED_END": "the planned end has passed: lateness is a fact",
    "DELIVERED": "the outcome is a fact",
    "NO_PLAN": "abstained: the booking with its plan is missing or incomplete",
    "MALFORMED_PLAN": "abstained: the plan that was booked cannot be used; the text says what to change",
    "NOT_BOOKED": "abstained: the moment lies before the booking, or the instant of booking is unknown",
    "NOT_ENOUGH_HISTORY": "abstained: too little like this shipment has been seen for a probability to mean anything",
    "REPLANNED": "the shipment was booked again with another plan; the plan recorded first counts",
    "WITHDRAWN": "a party took reports of its own back; they do not count",
    "OUT_OF_ORDER": "steps come in an order that their process does not know",
    "SKIPPED_STEP": "a step that should lie between two others was never told",
    "ODD_PLACE": "an event lies at a place that the trail does not lead over",
    "ODD_PARTY": "an event was told by a party that has no part in the trail",
    "PARTY_WITHOUT_CUSTODY": "an event was told by a party that does not hold the goods; as a report it does not count",
    "IMPOSSIBLE_TRAVEL": "two events lie further apart in space than their times allow",
    "QUANTITY_MISMATCH": "quantities or contents do not add up",
    "CLOCK_JUMP": "times run backwards or ahead of when they were recorded; reports of the future do not count",
    "BACK_DATED": "told long after it is said to have happened; a milestone then counts from when it was recorded",
    "CONTRADICTION": "two statements cannot both be true; of two reports of a milestone the first recorded counts",
    "SERIAL_TWICE": "one serial number is in two places",
    "NOT_COMMISSIONED": "something appears that nobody commissioned",
    "DIVERTED": "the goods left the planned way",
    "DOCUMENT_MISMATCH": "events and documents name different things",
    "UNUSUAL_RHYTHM": "the events' rhythm is unlike that of other trails",
    "FLOODED": "more events than can be looked at; every party keeps an equal share",
    "OUT_OF_RANGE": "readings lie outside the agreed range",
    "NEARING_LIMIT": "readings approach a limit of the agreed range",
    "NO_READING": "a sensor has been silent for longer than usual",
    "UNSTEADY": "readings vary more than they should",
    "HUMID": "humidity lies above the agreed range",
    "SHOCKED": "shocks above what the goods bear",
    "NO_CONDITIONS": "no range was agreed, so that excursions cannot be judged",
}


def codes() -> set[str]:
    """All codes."""
    return {code for group in get_args(ReasonCode) for code in (get_args(group) or (group,))}
