"""What OpenAPI says of audits."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.trail_shapes import Hash, Identifier
from service.findings import RULES

Counts = Annotated[dict[str, int], Field(examples=[{"high": 1, "medium": 0, "low": 2, "info": 0}])]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EventNameShape(_Shape):
    """A statement that a finding is about; its eventID is null where its document is not shown."""

    eventID: str | None  # noqa: N815
    seal: Hash


class FindingShape(_Shape):
    """One finding: which rule was broken by which statements, where the rule comes from, and what to ask next."""

    id: Annotated[str, Field(examples=["336f671ceb6ee123"], description="the same in every run")]
    rule: Annotated[str, Field(examples=["double-shipment"])]
    severity: Literal["high", "medium", "low", "info"]
    title: Annotated[str, Field(examples=[RULES["double-shipment"].title])]
    detail: Annotated[str, Field(examples=["https://id.gs1.org/417/9521321000018 shipped it ..."])]
    identifier: Identifier
    at: datetime | None
    events: list[EventNameShape]
    source: Annotated[str, Field(examples=[RULES["double-shipment"].source])]
    ask: Annotated[str, Field(examples=[RULES["double-shipment"].ask])]


class LookedShape(_Shape):
    """A trail that was looked at, and how many of its statements show no document, or are not sealed yet."""

    identifier: Identifier
    relation: Literal["subject", "container", "ancestor", "descendant", "other"]
    depth: int
    statements: int
    withheld: int
    erased: int
    altered: int
    unsealed: int


class NotLookedShape(_Shape):
    """What could not be looked at: things that the caller may not see, and statements without document."""

    hidden: int
    complete: bool
    withheld: int
    erased: int
    altered: int
    unsealed: int


class RuleShape(_Shape):
    """A rule, with the parameters that it was judged by."""

    name: Annotated[str, Field(examples=["double-shipment"])]
    title: str
    source: str
    parameters: dict[str, Any]
    findings: int


class AuditShape(_Shape):
    """What the rules find; `verified` is null: this is the service's word, a bundle proves."""

    identifier: Identifier
    asOf: datetime  # noqa: N815
    block: int | None
    verified: bool | None
    counts: Counts
    findings: list[FindingShape]
    lookedAt: list[LookedShape]  # noqa: N815
    notLookedAt: NotLookedShape  # noqa: N815
    rules: list[RuleShape]
