"""What goes into and comes out of scoring."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

UNIT = "https://id.gs1.org/00/095210010000000017"
MOMENT = "2026-01-09T12:00:00Z"
_YEAR = 366 * 24 * 60


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Shape):
    """A shipment by any of its units, and the moment to score it for (default: now)."""

    shipment: Annotated[str, Field(max_length=2048, examples=[UNIT])]
    asOf: Annotated[AwareDatetime | None, Field(examples=[MOMENT])] = None  # noqa: N815


class Assessments(_Shape):
    """Shipments to score.

    A score knows what had happened by `asOf` and was recorded by then; with `recordedBy`, what was recorded by that
    time (now: for history that was brought in later).
    """

    shipments: Annotated[list[Asked], Field(min_length=1, max_length=2000)]
    recordedBy: Annotated[AwareDatetime | None, Field(examples=[MOMENT])] = None  # noqa: N815


class ReasonShape(_Shape):
    """One reason; `weight` is its part of the log-odds (positive: riskier), the rest says where.

    `events` are the ids of those events that it comes from and that the caller may see.
    """

    code: Annotated[str, Field(examples=["BEHIND_PLAN"])]
    text: Annotated[str, Field(examples=["3 h behind plan at hub 256"])]
    weight: Annotated[float, Field(examples=[0.62])]
    leg: Annotated[str | None, Field(examples=["i1"])]
    milestone: Annotated[str | None, Field(examples=["RCF 1"])]
    place: Annotated[int | None, Field(examples=[256])]
    events: Annotated[list[str], Field(examples=[["urn:uuid:11111111-1111-4111-8111-111111111111"]])]


class ArrivalShape(_Shape):
    """When the final delivery will be: quantiles; between `p5` and `p95` in nine cases of ten."""

    p5: datetime
    p10: datetime
    p50: datetime
    p90: datetime
    p95: datetime


class AssessmentShape(_Shape):
    """A score; `probability` of late delivery is null where the model abstains, and then the reason says why.

    `arrival`, `excursion` (the probability of a condition excursion) and `anomaly` (how odd the trail itself is, from 0
    to 1) are null where nothing can be said. `recordedBy`: by when what it knew was recorded.
    """

    assessmentID: str  # noqa: N815
    shipment: Annotated[str, Field(examples=[UNIT])]
    bookedAt: datetime  # noqa: N815
    asOf: datetime  # noqa: N815
    recordedBy: datetime | None  # noqa: N815
    stage: Annotated[str, Field(examples=["inbound"])]
    probability: Annotated[float | None, Field(examples=[0.37])]
    band: Literal["low", "elevated", "high"] | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    arrival: ArrivalShape | None
    excursion: Annotated[float | None, Field(examples=[0.04])]
    anomaly: Annotated[float | None, Field(examples=[0.12])]
    reasons: list[ReasonShape]
    modelHash: str  # noqa: N815
    inputHash: str  # noqa: N815
    calibrationID: str | None  # noqa: N815


class EditShape(_Shape):
    """An edit of the plan; which other members it has depends on its `kind`.

    `plannedMinutes` (milestone, minutes): an open milestone takes so long. `slack` (minutes): the leg's last milestone
    may take so much more. `stop` (stop, place): the leg leads over another place. `dropSegment` (segment): it flies
    without a flight. `addSegment` (segment, place, departure, arrival): it flies to a place first. `dropLeg`: the
    consolidation does not wait for this inbound leg.
    """

    kind: Literal["plannedMinutes", "slack", "stop", "dropSegment", "addSegment", "dropLeg"]
    leg: Literal["i1", "i2", "i3", "o"]
    milestone: Annotated[str | None, Field(max_length=20, examples=["DEP 1"])] = None
    minutes: Annotated[int | None, Field(ge=-_YEAR, le=_YEAR, examples=[720])] = None
    stop: Annotated[int | None, Field(ge=0, le=20)] = None
    place: Annotated[
        Annotated[int, Field(ge=0, le=2**53)] | Annotated[str, Field(max_length=2048)] | None, Field(examples=[256])
    ] = None
    segment: Annotated[int | None, Field(ge=0, le=20)] = None
    departure: Annotated[int | None, Field(ge=0, le=_YEAR)] = None
    arrival: Annotated[int | None, Field(ge=0, le=_YEAR)] = None


class WhatIf(Asked):
    """A shipment, a moment, and edits of its plan, which are made in their order."""

    recordedBy: Annotated[AwareDatetime | None, Field(examples=[MOMENT])] = None  # noqa: N815
    edits: Annotated[
        list[EditShape],
        Field(min_length=1, max_length=50, examples=[[{"kind": "slack", "leg": "o", "minutes": 720}]]),
    ]


class EditedShape(_Shape):
    """The score that the shipment would have with the edited plan."""

    stage: str
    probability: float | None
    band: Literal["low", "elevated", "high"] | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    arrival: ArrivalShape | None
    excursion: float | None
    anomaly: float | None
    reasons: list[ReasonShape]


class WhatIfShape(_Shape):
    """The score as it is, which is stored, and the one with the edited plan, which is not."""

    asIs: AssessmentShape  # noqa: N815
    edited: EditedShape


class AssessmentsShape(_Shape):
    """Scores in the order asked for, or the latest first."""

    items: list[AssessmentShape]
