"""What goes into and comes out of traces, recalls and notices."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.recall.recalls import SEEDS

THING = "https://id.gs1.org/00/095210010000000017"
_PARTY = "https://id.gs1.org/417/9521321000018"
_WHEN = "2026-03-01T05:00:00Z"
_HOW = Annotated[
    Literal["was-in", "contained", "attached-to", "carried", "made-of", "used-for"] | None,
    Field(description="what the thing has to do with the one before it; null for the one that the trace began with"),
]
Identifier = Annotated[str, Field(min_length=1, max_length=2048, examples=[THING])]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Shape):
    """What to trace. The window is that of the excursion or contamination, on the things that are named."""

    things: Annotated[list[Identifier], Field(max_length=SEEDS, examples=[[THING]])] = []
    classes: Annotated[
        list[Identifier],
        Field(max_length=100, description="classes (GTIN ...): all things and lots of theirs", examples=[[]]),
    ] = []
    since: Annotated[AwareDatetime | None, Field(description="default: since ever", examples=[_WHEN])] = None
    until: Annotated[AwareDatetime | None, Field(description="default: still", examples=[None])] = None
    direction: Literal["forward", "backward"] = "forward"
    spread: Annotated[
        Literal["contents", "container"],
        Field(description="whether it spreads from a thing to what it is in, too, and so to its neighbours"),
    ] = "contents"


class NewRecall(Asked):
    """A recall. Everybody who is notified reads the reason: name nobody in it."""

    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$", examples=["8 °C exceeded"])]
    disposition: Literal["recalled", "unavailable", "non_conformant", "non_sellable_other", "expired", "stolen"] = (
        "recalled"
    )
    hold: Annotated[bool, Field(description="also hold on chain what the caller may hold")] = False


class ToldShape(_Shape):
    """An event that a tie rests on."""

    eventID: str  # noqa: N815
    eventTime: datetime  # noqa: N815


class StepShape(_Shape):
    """A thing on the way. `identifier` is null for a process (transformationID), and where `hidden`."""

    identifier: Annotated[str | None, Field(examples=[THING])]
    hidden: bool
    how: _HOW
    began: ToldShape | None
    ended: ToldShape | None
    since: datetime | None
    until: datetime | None
    supposed: bool


class ActShape(_Shape):
    """The last hold or lift of a thing, and how far it is."""

    step: Literal["hold", "lift"]
    state: Literal["waiting", "to-sign", "failed", "captured", "sealed", "refused"]
    eventID: str  # noqa: N815
    reason: str | None


class AffectedShape(_Shape):
    """A thing that was reached, when, and why. `omitted` counts the steps left out in the middle of the path."""

    identifier: Annotated[str, Field(examples=[THING])]
    kind: Annotated[str, Field(examples=["logistic_unit"])]
    depth: int
    since: datetime | None
    until: datetime | None
    supposed: Annotated[bool, Field(description="rests on a stay of which nobody said how it began")]
    path: list[StepShape]
    omitted: int
    hold: ActShape | None
    grown: Annotated[int, Field(description="0: reached when the recall was opened, else when it grew so often")]


class TraceShape(_Shape):
    """What was reached. `hidden` of the `things` are not the caller's to see; `more` are left out of `affected`."""

    things: int
    hidden: int
    complete: bool
    bound: Annotated[str | None, Field(description="what ended the trace: things, levels, ties or seconds")]
    affected: list[AffectedShape]
    more: int


class ActsShape(_Shape):
    """So many things whose last hold or lift is in this state."""

    step: Literal["hold", "lift"]
    state: Literal["waiting", "to-sign", "failed", "captured", "sealed", "refused"]
    things: int


class NotifiedShape(_Shape):
    """A party that was notified, of how many things that the caller sees, and when it had acknowledged everything."""

    identifier: Annotated[str, Field(examples=[_PARTY])]
    name: str
    things: int
    notifiedAt: datetime  # noqa: N815
    acknowledgedAt: datetime | None  # noqa: N815


class OthersShape(_Shape):
    """Parties that were notified of things that the caller does not see."""

    notified: int
    acknowledged: int


class PartyShape(_Shape):
    """Who opened it."""

    identifier: Annotated[str, Field(examples=[_PARTY])]
    name: str


class RecallShape(_Shape):
    """A recall. The affected things are at `/v1/recalls/{id}/things`; lists leave `notified` empty."""

    recallID: UUID  # noqa: N815
    by: PartyShape
    reason: str
    disposition: str
    things: list[str]
    classes: list[str]
    since: datetime | None
    until: datetime | None
    direction: Literal["forward", "backward"]
    spread: Literal["contents", "container"]
    hold: bool
    openedAt: datetime  # noqa: N815
    closedAt: datetime | None  # noqa: N815
    complete: bool
    bound: str | None
    grown: int
    affected: int
    hidden: int
    holds: list[ActsShape]
    notified: list[NotifiedShape]
    others: OthersShape


class NoticeShape(_Shape):
    """A notice to the caller's party; the things are at `/v1/notices/{id}/things`."""

    noticeID: UUID  # noqa: N815
    kind: Literal["recall-opened", "recall-extended", "recall-closed"]
    createdAt: datetime  # noqa: N815
    acknowledgedAt: datetime | None  # noqa: N815
    recallID: UUID  # noqa: N815
    by: PartyShape
    reason: str
    disposition: str
    direction: Literal["forward", "backward"]
    openedAt: datetime  # noqa: N815
    closedAt: datetime | None  # noqa: N815
    things: int
