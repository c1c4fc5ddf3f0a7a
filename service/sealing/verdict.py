"""What the verification of a bundle found."""

from dataclasses import dataclass

from service.sealing.errors import ProofFailed
from service.sealing.layout import Custody, KeyBinding, Standing


@dataclass(frozen=True, slots=True)
class Passed:
    """One step that held, and what it showed."""

    number: int
    title: str
    finding: str


@dataclass(frozen=True, slots=True)
class TrailFound:
    """A trail: its 32-byte id and head, how many entries it has and how many show no document, and its custody."""

    identifier: str
    id: bytes
    head: bytes
    entries: int
    withheld: int
    custody: Custody


@dataclass(frozen=True, slots=True)
class PartyFound:
    """A party as the registry has it at the block."""

    number: int
    identifier: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class KeyFound:
    """A key that signed entries: its 20-byte address, what the registry holds of it, and how many it recorded.

    `doubtful` counts those since the time from which its revocation says that it is not to be trusted.
    """

    address: bytes
    binding: KeyBinding
    entries: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class ErasedFound:
    """An erased event: by whom (number of a party), when (Unix seconds) and why, as the service says.

    `stated`: a disclosed event of that party on a trail of the erased one says so itself.
    """

    seal: bytes
    party: int
    time: int
    reason: str
    stated: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entries there are, and of them: that show no document (`withheld`; of these `erased`, as the service
    says); that say something else than the document of their seal (`contradicted`); whose seal another party recorded
    too (`copied`); without a signature in the file (`unsigned`); by a key since it is not to be trusted (`doubtful`).
    """

    entries: int = 0
    withheld: int = 0
    erased: int = 0
    contradicted: int = 0
    copied: int = 0
    unsigned: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The steps that held, and the failure that ended the list, if any; the rest says what they showed.

    `digest` (32 bytes) names the file, once it is a bundle. `trust` says what makes the block trusted. `block_time` is
    in Unix seconds. `ledger` is the 20-byte address of Provenance, and `ledger_given` says whether the caller named it
    or only learned it. What a step shows is None, or empty, until it held; trails, parties, keys, erasures and counts
    are told only where all steps hold.
    """

    passed: tuple[Passed, ...]
    failed: ProofFailed | None
    digest: bytes | None = None
    trust: tuple[str, ...] = ()
    chain_id: int | None = None
    block: int | None = None
    block_hash: bytes | None = None
    block_time: int | None = None
    ledger: bytes | None = None
    ledger_given: bool = False
    trails: tuple[TrailFound, ...] = ()
    parties: tuple[PartyFound, ...] = ()
    keys: tuple[KeyFound, ...] = ()
    erased: tuple[ErasedFound, ...] = ()
    counts: Counts = Counts()

    @property
    def holds(self) -> bool:
        """Whether every step held."""
        return self.failed is None

    def name_of(self, number: int) -> str | None:
        """The identifier of the party with this number; None for 0, which is nobody."""
        return next((party.identifier for party in self.parties if party.number == number), None)
