"""What goes into and comes out of policies, alerts, dispositions, inspections, watchlists and scorecards."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.api.risk_shapes import ReasonShape
from service.risk.watchlists import MOST_ENTRIES

UNIT = "https://id.gs1.org/00/095210010000000017"
PLACE = "https://id.gs1.org/414/9521321002568"
_PARTY = "https://id.gs1.org/417/9521321000018"
_CONFIGURED = ConfigDict(extra="forbid", allow_inf_nan=False)
_TEXT = r"^[^\x00]*$"
Band = Literal["low", "elevated", "high"]
Verdict = Literal["confirmed", "dismissed", "acted"]


class _Shape(BaseModel):
    model_config = _CONFIGURED


class CostsShape(_Shape):
    """Amounts in any one unit: of a late delivery that nobody prevented, of an analyst's look, of an intervention."""

    penalty: Annotated[float, Field(gt=0, le=1e12, examples=[100])] = 100
    checking: Annotated[float, Field(ge=0, le=1e12, examples=[5])] = 5
    intervening: Annotated[float, Field(ge=0, le=1e12, examples=[20])] = 20
    effectiveness: Annotated[
        float, Field(gt=0, le=1, description="how many late deliveries an intervention prevents", examples=[0.6])
    ] = 0.6


class HookAsked(_Shape):
    """Where alerts are sent. Without a token, the one stays that came with this `dest` before."""

    dest: Annotated[str, Field(min_length=1, max_length=2048, examples=["https://example.com/alerts"])]
    signatureToken: Annotated[  # noqa: N815
        str | None,
        Field(min_length=1, max_length=1024, pattern=_TEXT, description="signs what is sent; never told again"),
    ] = None


class PolicyAsked(_Shape):
    """A whole policy: what is left out is as in the default one."""

    costs: CostsShape = CostsShape()
    alerts: Annotated[bool, Field(description="whether to alert at all", examples=[True])] = False
    budget: Annotated[int, Field(ge=1, le=1000, description="alerts a day at most", examples=[10])] = 10
    timezone: Annotated[
        str, Field(min_length=1, max_length=64, description="IANA name; days begin at its midnight", examples=["UTC"])
    ] = "UTC"
    inspectionShare: Annotated[  # noqa: N815
        float, Field(ge=0, le=0.5, description="drawn at random whatever the score", examples=[0.05])
    ] = 0.05
    webhook: HookAsked | None = None


class BandsShape(_Shape):
    """The probabilities above which checking pays, and above which intervening at once does."""

    elevated: float
    high: float


class HookShape(_Shape):
    """The webhook; `fault` says why the receiver did not take the last delivery."""

    dest: str
    signed: bool
    state: Literal["active", "failing", "ended"]
    failures: int
    fault: str | None
    lastNotifiedAt: datetime | None  # noqa: N815


class PolicyShape(_Shape):
    """The policy, and the bands that follow from its costs; `changedAt` is null for the default one."""

    costs: CostsShape
    bands: BandsShape
    alerts: bool
    budget: int
    timezone: str
    inspectionShare: float  # noqa: N815
    webhook: HookShape | None
    changedAt: datetime | None  # noqa: N815


class DispositionAsked(_Shape):
    """What it turned out to be; `replaces` is the dispositionID of what stands, if anything does."""

    verdict: Annotated[Verdict, Field(examples=["acted"])]
    note: Annotated[str, Field(max_length=2000, pattern=_TEXT, examples=["rebooked on the next flight"])] = ""
    replaces: UUID | None = None


class DispositionShape(_Shape):
    """What an analyst said, the `number`th time about this assessment, with which API key."""

    dispositionID: UUID  # noqa: N815
    assessmentID: UUID  # noqa: N815
    number: int
    verdict: Verdict
    note: str
    at: datetime
    byKey: str  # noqa: N815


class AlertShape(_Shape):
    """An alert. `benefit` is what acting is worth by the policy's costs, `threshold` what it had to exceed."""

    alertID: UUID  # noqa: N815
    assessmentID: UUID  # noqa: N815
    shipment: Annotated[str, Field(examples=[UNIT])]
    day: Annotated[date, Field(examples=["2026-02-03"])]
    asOf: datetime  # noqa: N815
    createdAt: datetime  # noqa: N815
    stage: Annotated[str, Field(examples=["inbound"])]
    probability: float
    band: Band
    benefit: float
    threshold: float
    why: Annotated[Literal["budget", "reserve", "worse"], Field(description="`worse`: it was alerted to before")]
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    reasons: list[ReasonShape]
    acknowledgedAt: datetime | None  # noqa: N815
    disposition: DispositionShape | None


class InspectionShape(_Shape):
    """A shipment that the day's draw chose; `draw` is the HMAC that decided, below the share `propensity`."""

    assessmentID: UUID  # noqa: N815
    shipment: Annotated[str, Field(examples=[UNIT])]
    day: Annotated[date, Field(examples=["2026-02-03"])]
    drawnAt: datetime  # noqa: N815
    draw: str
    propensity: float
    asOf: datetime  # noqa: N815
    stage: str
    probability: float | None
    reasons: list[ReasonShape]
    disposition: DispositionShape | None


class EntryShape(_Shape):
    """What is watched: a shipment by any of its units, who has a part in it, a place of its plan, or a lane of it."""

    kind: Annotated[Literal["shipment", "party", "place", "lane"], Field(examples=["place"])]
    value: Annotated[str, Field(min_length=1, max_length=2048, description="identifier", examples=[PLACE])]
    until: Annotated[
        str | None, Field(min_length=1, max_length=2048, description="where a lane ends, for lanes only")
    ] = None


class WatchlistAsked(_Shape):
    """A whole watchlist."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=_TEXT, examples=["vaccines"])]
    weight: Annotated[
        float, Field(ge=1, le=1000, description="how many times the policy's penalty being late costs", examples=[1])
    ] = 1
    entries: Annotated[list[EntryShape], Field(max_length=MOST_ENTRIES)] = []


class WatchlistShape(_Shape):
    """A watchlist; what is on it is at `/v1/risk/watchlists/{id}/shipments`."""

    watchlistID: UUID  # noqa: N815
    name: str
    weight: float
    entries: list[EntryShape]
    createdAt: datetime  # noqa: N815
    changedAt: datetime  # noqa: N815


class WatchedShipmentShape(_Shape):
    """A shipment under way as it was scored last; `band` is cut by the caller's policy, where it has set one."""

    assessmentID: UUID  # noqa: N815
    shipment: Annotated[str, Field(examples=[UNIT])]
    bookedAt: datetime  # noqa: N815
    asOf: datetime  # noqa: N815
    stage: str
    probability: float | None
    band: Band | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    reasons: list[ReasonShape]


class RateShape(_Shape):
    """A share of so many, with the ends of its 95 % interval (Wilson 1927)."""

    of: int
    share: float
    low: float
    high: float


class AdjustedShape(_Shape):
    """Late deliveries against those to expect on the same lanes with somebody else; above 1 is worse than others.

    `of` counts the shipments on lanes where others are known well enough to compare with.
    """

    of: int
    late: int
    expected: float
    ratio: float
    low: float
    high: float


class DelayShape(_Shape):
    """Hours from planned to reported delivery, negative where it was early; quantiles."""

    p10: float
    p50: float
    p90: float


class ScorecardShape(_Shape):
    """How a supplier, carrier or lane did; what rests on too few shipments is null, and `abstained` says so."""

    by: Literal["supplier", "carrier", "lane"]
    subject: Annotated[str, Field(examples=[_PARTY])]
    name: Annotated[str | None, Field(examples=["Acme Pharma"])]
    shipments: Annotated[int, Field(description="booked in the period, as far as the caller sees them")]
    delivered: Annotated[int, Field(description="of them, with a known outcome")]
    late: RateShape | None
    adjusted: AdjustedShape | None
    delayHours: DelayShape | None  # noqa: N815
    missingReports: Annotated[  # noqa: N815
        RateShape | None, Field(description="planned milestones of delivered shipments that nobody reported")
    ]
    anomalous: RateShape | None
    disputes: Annotated[
        int, Field(description="statements about its shipments that contradicted custody on the ledger")
    ]
    excursions: Annotated[RateShape | None, Field(description="of the shipments with sensor data")]
    abstained: Literal["NOT_ENOUGH_HISTORY"] | None


class ScorecardsShape(_Shape):
    """Scorecards, the subjects with the most shipments first."""

    items: list[ScorecardShape]
    more: Annotated[int, Field(description="subjects that are left out, with fewer shipments")]
