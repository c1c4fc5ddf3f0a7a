"""What comes out of records, reproductions, drift and the registry of models."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

HASH = "892bcfbeb59cdd7d0b0e1fbbebb52a68b77a5680bb49f65b98ae124987180dbc"
_UUID = "0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Share(_Shape):
    """A share of so many, with its 95 % Wilson interval; null of none."""

    value: Annotated[float | None, Field(examples=[0.25])]
    interval: Annotated[list[float] | None, Field(examples=[[0.18, 0.33]])]
    of: int


class NotJudged(_Shape):
    """Scores that were shown and are not judged: no probability, no outcome yet, or no question any more."""

    abstained: int
    pending: int
    settledOrAfterwards: int  # noqa: N815


class Lists(_Shape):
    """The lists that were shown; `precision` is the mean share of late ones on them, as far as known."""

    shown: int
    judged: int
    meanLength: float | None  # noqa: N815
    precision: float | None
    late: Share


class Arrivals(_Shape):
    """How often the delivery fell between the quantiles 5 and 95 % that were shown."""

    coverage90: Share
    medianErrorHours: float | None  # noqa: N815
    medianWidthHours: float | None  # noqa: N815


class Warnings(_Shape):
    """Of the shipments that were late: those shown as elevated or high before their planned end."""

    late: Share
    medianLeadHours: float | None  # noqa: N815


class GroupShape(_Shape):
    """The figures of a week (ISO, UTC), a lane, or all; each shipment weighs the same."""

    key: Annotated[str, Field(examples=["2026-W10"])]
    shown: int
    judged: int
    notJudged: NotJudged  # noqa: N815
    shipments: int
    late: int
    lateShare: Share  # noqa: N815
    auroc: float | None
    ap: float | None
    brier: float | None
    ece: float | None
    expectedLateShare: float | None  # noqa: N815
    intervals: Annotated[dict[str, list[float]] | None, Field(description="95 %, case bootstrap over shipments")]
    lists: Lists
    arrival: Arrivals
    warnings: Warnings


class BacktestShape(_Shape):
    """What was shown in a period, judged by what became of it."""

    since: datetime
    until: datetime
    by: Literal["week", "lane"]
    truncated: Annotated[bool, Field(description="more was shown than is looked at: ask for a shorter period")]
    all: GroupShape
    groups: list[GroupShape]


class Feature(_Shape):
    """A feature's population stability index, and what chance alone makes of so few scores."""

    feature: Annotated[str, Field(examples=["silent"])]
    psi: float
    byChance: float | None  # noqa: N815
    drifted: bool


class Rate(_Shape):
    """A late share beside what was expected; `drifted`: the interval does not hold it."""

    shipments: int
    late: int
    lateShare: float | None  # noqa: N815
    interval: list[float] | None
    expected: float | None
    drifted: bool


class LaneRate(Rate):
    """As `Rate`, of one lane; expected is the mean probability that was given."""

    lane: Annotated[str, Field(examples=["256 to 700"])]


class DriftShape(_Shape):
    """How far what was scored in a period is from what the model learnt from."""

    model: Annotated[str, Field(examples=[HASH])]
    since: datetime
    until: datetime
    scores: int
    reference: Literal["training", "first scores"] | None
    inputs: list[Feature]
    baseRate: Rate  # noqa: N815
    calibration: list[LaneRate]


class Difference(_Shape):
    """A value that was stored, and what was computed in its place, as text."""

    what: Annotated[str, Field(examples=["probability"])]
    stored: str | None
    computed: str | None


class FeatureDifference(_Shape):
    """A feature of the moment that is not what it was."""

    feature: str
    stored: float
    computed: float


class SealShape(_Shape):
    """Where a score is on its way to the ledger; `why`: what keeps it, or that the statement was erased."""

    state: Literal["stored", "captured", "sealed"]
    block: int | None
    captureID: UUID | None  # noqa: N815
    why: Annotated[str | None, Field(examples=["unsealed: no scoring party configured"])]
    differs: list[Difference]


class ReproductionShape(_Shape):
    """Whether a score comes out the same again, `from` the events known then, or from the inputs stored with it."""

    assessmentID: Annotated[UUID, Field(examples=[_UUID])]  # noqa: N815
    modelHash: Annotated[str, Field(examples=[HASH])]  # noqa: N815
    calibration: str | None
    asOf: datetime  # noqa: N815
    reproduced: bool
    from_: Annotated[Literal["events", "inputs"] | None, Field(alias="from")]
    differs: list[Difference]
    features: list[FeatureDifference]
    notes: list[str]
    eventsErasedSince: int  # noqa: N815
    eventsSince: int  # noqa: N815
    statement: SealShape


class InputsShape(_Shape):
    """What a score was computed from (`ml.inputs`, in hex), to compute it again elsewhere."""

    format: Literal["trailseal-score-inputs/1"]
    assessmentID: UUID  # noqa: N815
    modelHash: str  # noqa: N815
    inputHash: str  # noqa: N815
    inputs: str
    calibration: Annotated[str | None, Field(description="state of the calibration; its sha256 is its id")]


class ModelShape(_Shape):
    """A release of the scorer. `scores`: it is the one that scores now; `available`: its files are there, intact."""

    hash: Annotated[str, Field(examples=[HASH])]
    name: str
    heads: list[str]
    scores: bool
    available: bool
    scoresGiven: int  # noqa: N815
    noWorseThanChallengers: bool | None  # noqa: N815
    madeAt: datetime | None  # noqa: N815
    registeredAt: datetime  # noqa: N815
    promotedAt: datetime | None  # noqa: N815
    retiredAt: datetime | None  # noqa: N815


class ModelsShape(_Shape):
    """Every model that is known, the one that scores first."""

    items: list[ModelShape]


class ModelCardShape(ModelShape):
    """A model with its card; `card` is Markdown, the rest by head."""

    learntFrom: dict[str, Any]  # noqa: N815
    recipe: dict[str, Any]
    versions: dict[str, Any]
    figures: dict[str, Any]
    files: dict[str, str]
    card: str


class Promotion(_Shape):
    """`anyway`: also where the card does not show that the model is no worse than the best challenger."""

    anyway: bool = False
