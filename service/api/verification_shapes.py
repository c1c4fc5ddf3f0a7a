"""What OpenAPI says of a verdict."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.shapes import ADDRESS
from service.api.trail_shapes import Hash, Identifier


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StepShape(_Shape):
    """One of the twelve steps; `finding` says what it showed, or why it failed."""

    number: Annotated[int, Field(examples=[1])]
    title: Annotated[str, Field(examples=["Form"])]
    result: Literal["pass", "fail", "not reached"]
    finding: str | None


class TrailFoundShape(_Shape):
    """A trail of the bundle; custodian, party offered to and commissioner are numbers of `parties`."""

    identifier: Identifier
    trail: Hash
    head: Hash
    entries: int
    withheld: int
    custodian: int | None
    offeredTo: int | None  # noqa: N815
    commissioner: int | None
    holds: int
    disputes: int
    commissioned: bool
    decommissioned: bool


class PartyFoundShape(_Shape):
    """A party as the registry has it at the block; `roles` is the sum of its roles' bits."""

    number: int
    identifier: Annotated[str, Field(examples=["https://id.gs1.org/417/9521321000018"])]
    roles: int
    suspended: bool


class KeyFoundShape(_Shape):
    """A key that signed entries; times are Unix seconds, as strings because they may be 2^64 - 1 (no end)."""

    address: Annotated[str, Field(examples=[ADDRESS])]
    party: int
    validFrom: Annotated[str, Field(examples=["0"])]  # noqa: N815
    validTo: Annotated[str, Field(examples=["18446744073709551615"])]  # noqa: N815
    compromisedFrom: str | None  # noqa: N815
    entries: int
    doubtful: int


class ErasureFoundShape(_Shape):
    """What the service says of an erased event; `stated`: a disclosed event of that party says so itself."""

    seal: Hash
    party: int
    time: int
    reason: str
    stated: bool


class VerdictShape(_Shape):
    """What the verification found; `holds` is the answer. docs/format.md section 6 has the steps."""

    holds: bool
    error: str | None
    failedStep: int | None  # noqa: N815
    steps: list[StepShape]
    digest: Hash | None
    trust: list[str]
    chainId: int | None  # noqa: N815
    block: int | None
    blockHash: Hash | None  # noqa: N815
    blockTime: int | None  # noqa: N815
    ledger: str | None
    ledgerGiven: bool  # noqa: N815
    entries: int
    withheld: int
    erased: int
    contradicted: int
    copied: int
    unsigned: int
    doubtful: int
    trails: list[TrailFoundShape]
    parties: list[PartyFoundShape]
    keys: list[KeyFoundShape]
    erasures: list[ErasureFoundShape]
