"""What OpenAPI says of trails and events."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.examples import DOCUMENT
from service.api.shapes import ADDRESS, PARTY

Identifier = Annotated[str, Field(examples=["https://id.gs1.org/01/09521321000018/21/10001"])]
Hash = Annotated[str, Field(examples=["0x" + "9e" * 32])]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamedParty(_Shape):
    """A party; identifier and name are null where only its id is known."""

    id: Annotated[str, Field(examples=[PARTY])]
    identifier: Annotated[str | None, Field(examples=["https://id.gs1.org/417/9521321000018"])]
    name: Annotated[str | None, Field(examples=["Acme Air Cargo"])]


class KeyShape(_Shape):
    """The key that signed; times in Unix seconds, null where the chain has it not yet."""

    address: Annotated[str, Field(examples=[ADDRESS])]
    custody: Literal["service", "own"] | None
    boundBlock: int | None  # noqa: N815
    boundTime: int | None  # noqa: N815
    revoked: bool
    revokedBlock: int | None  # noqa: N815
    revokedTime: int | None  # noqa: N815
    compromisedFrom: Annotated[int | None, Field(description="not to be trusted from this second on")]  # noqa: N815


class SuspensionShape(_Shape):
    """The party's last suspension, in Unix seconds; `then`: whether it was suspended when the entry was recorded."""

    now: bool
    since: int
    until: int | None
    then: bool


class ErasedShape(_Shape):
    """Who erased the event, when and why; `statement` is the eventID of the party's sealed statement about it."""

    by: NamedParty
    key: Annotated[str | None, Field(description="id of the API key; told to its own party only")]
    label: Annotated[str | None, Field(description="label of the API key; told to its own party only")]
    at: datetime
    reason: Annotated[str, Field(examples=["request of the data subject, GDPR Art. 17"])]
    statement: Annotated[str, Field(examples=["urn:uuid:0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"])]
    stated: Annotated[bool, Field(description="whether the statement is captured")]
    block: Annotated[int | None, Field(description="of the statement")]
    blockTime: Annotated[int | None, Field(description="Unix seconds")]  # noqa: N815


class EventShape(_Shape):
    """An event; `document` is null once erased, `intact` says whether what is kept opens the seal."""

    eventID: Annotated[str, Field(examples=["ni:///sha-256;df7bb3c3...?ver=CBV2.0"])]  # noqa: N815
    type: Annotated[str, Field(examples=["ObjectEvent"])]
    eventTime: datetime  # noqa: N815
    recordTime: datetime  # noqa: N815
    party: NamedParty
    seal: Hash
    document: Annotated[dict[str, Any] | None, Field(examples=[DOCUMENT["epcisBody"]["eventList"][0]])]
    retracted: bool
    intact: bool
    erased: ErasedShape | None


class EntryShape(_Shape):
    """An entry of a trail; what the chain says is null until it is sealed, `event` where another member relayed it."""

    state: Literal["sealed", "pending", "refused"]
    step: Literal["observe", "commission", "ship", "receive", "decommission", "hold", "lift"]
    party: NamedParty
    recipient: NamedParty | None
    seal: Hash
    role: str | None
    event: EventShape | None
    block: int | None
    log: int | None
    blockTime: Annotated[int | None, Field(description="Unix seconds")]  # noqa: N815
    head: Hash | None
    disputes: list[str]
    refusal: str | None
    fault: str | None
    intact: bool
    key: KeyShape | None
    doubtful: Annotated[
        bool | None, Field(description="recorded when the key was not to be trusted; null: no key known")
    ]
    suspension: SuspensionShape | None


class CustodyShape(_Shape):
    """Who has the thing."""

    custodian: NamedParty | None
    offeredTo: NamedParty | None  # noqa: N815
    commissioner: NamedParty | None
    holders: list[NamedParty]
    disputes: int
    commissioned: bool
    decommissioned: bool


class TiedShape(_Shape):
    """A thing that this one was tied to, between two event times (null: still)."""

    identifier: Identifier
    kind: Annotated[str, Field(examples=["logistic_unit"])]
    tie: str
    since: datetime
    until: datetime | None


class TrailShape(_Shape):
    """A page of a trail: sealed entries in the ledger's order, then those that wait or were refused."""

    identifier: Identifier
    kind: Annotated[str, Field(examples=["item"])]
    trail: Hash
    head: Hash | None
    custody: CustodyShape
    entries: list[EntryShape]
    parents: list[TiedShape]
    children: list[TiedShape]
    inputs: list[TiedShape]
    outputs: list[TiedShape]
    hidden: Annotated[int, Field(description="tied things that the caller may not see")]
    intact: bool
    next: str | None


class TrailName(_Shape):
    """A trail that the caller sees."""

    identifier: Identifier
    kind: Annotated[str, Field(examples=["item"])]
    trail: Hash


class JourneyEventShape(_Shape):
    """An event on the way; `of` is the thing on whose trail it stands, `depth` 0 for the thing itself."""

    of: Identifier
    depth: int
    role: str
    step: str
    blockTime: int | None  # noqa: N815
    event: EventShape


class ContainerShape(_Shape):
    """A thing that held this one, between two event times (null: still)."""

    identifier: Identifier
    kind: str
    depth: int
    since: datetime
    until: datetime | None


class RelativeShape(_Shape):
    """A thing that this one was made of, or that was made of it."""

    identifier: Identifier
    kind: str
    depth: int


class JourneyShape(_Shape):
    """A thing's way by event time, with what carried it, what it was made of and what was made of it."""

    identifier: Identifier
    events: list[JourneyEventShape]
    containers: list[ContainerShape]
    ancestors: list[RelativeShape]
    descendants: list[RelativeShape]
    hidden: int
    complete: bool
