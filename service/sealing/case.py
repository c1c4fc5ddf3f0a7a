"""What the steps of a verification learn from each other."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.sealing.bundle import Bundle, EntryPart, TrailPart
from service.sealing.commitments import party_of
from service.sealing.layout import Custody, KeyBinding, Standing
from service.sealing.state import Account, Header
from service.sealing.trie import Nodes
from service.sealing.trust import Trust

Steps = Callable[[Mapping[str, Any]], Mapping[str, tuple[int, str | None]]]
"""What an event says of each thing that it touches: canonical identifier to (step, recipient's identifier).

Raises ValueError for a document that is no EPCIS event.
"""


@dataclass(slots=True)
class Case:
    """A file under verification: what was given, and what each step adds to it."""

    file: bytes
    trust: Trust
    steps: Steps
    ledger: bytes | None
    bundle: Bundle = field(init=False)  # step 1, with all that follows from the file alone
    nodes: Nodes = field(init=False)
    party_ids: Mapping[int, bytes] = field(init=False)
    header: Header = field(init=False)  # step 2
    trusted: tuple[str, ...] = ()
    provenance: Account = field(init=False)  # step 3
    participants: Account = field(init=False)  # step 4
    trail_ids: list[bytes] = field(init=False)  # step 5, as are the heads
    heads: list[bytes] = field(init=False)
    seals: list[bytes] = field(init=False)  # step 6: the seal that each event opens
    contradicted: int = 0  # step 7
    erasing: set[tuple[str, int, str]] = field(default_factory=set)  # step 7: on which trail who says to erase what
    standings: list[Standing] = field(init=False)  # step 8
    custodies: list[Custody] = field(init=False)  # step 11
    keys: dict[bytes, KeyBinding] = field(default_factory=dict)  # step 12, as are the entries of each key
    signed: Counter[bytes] = field(default_factory=Counter)
    doubtful: Counter[bytes] = field(default_factory=Counter)

    def take(self, bundle: Bundle) -> None:
        """Begins with the bundle in the file."""
        self.bundle = bundle
        self.nodes = Nodes(bundle.nodes)
        self.party_ids = {party.number: party_of(party.identifier) for party in bundle.parties}

    @property
    def entries(self) -> Iterator[tuple[TrailPart, EntryPart]]:
        """Every entry with its trail."""
        return ((trail, entry) for trail in self.bundle.trails for entry in trail.entries)

    @property
    def number_of_entries(self) -> int:
        """How many entries the trails have in all."""
        return sum(len(trail.entries) for trail in self.bundle.trails)
