"""What the verification of a bundle found."""

from dataclasses import dataclass

from service.sealing.errors import ProofFailed
from service.sealing.layout import Custody


@dataclass(frozen=True, slots=True)
class Passed:
    """One step that held, and what it showed."""

    number: int
    title: str
    finding: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The steps that held, and the failure that ended the list, if any; the rest says what they showed.

    `block`, `block_time` (Unix seconds) and `ledger` (20-byte address of Provenance) are None until their step held;
    `ledger_given` says whether the caller named that address or only learned it. `custodian` is an identifier.
    """

    passed: tuple[Passed, ...]
    failed: ProofFailed | None
    trail: str | None = None
    block: int | None = None
    block_time: int | None = None
    ledger: bytes | None = None
    ledger_given: bool = False
    entries: int = 0
    withheld: int = 0
    custody: Custody | None = None
    custodian: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every step held."""
        return self.failed is None
