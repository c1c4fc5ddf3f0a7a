"""What an audit finds: which rule was broken, by which statements, where the rule comes from, and what to ask next."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from service.sealing.hashing import sha256


class Severity(IntEnum):
    """How much a finding matters.

    INFO: could not be judged, or only worth knowing. LOW: sloppy. MEDIUM: has to be explained. HIGH: the statements
    cannot all be true, or goods were used that must not have been.
    """

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """As programs and people read it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class EventName:
    """A statement that a finding is about: its eventID where the document is shown, and its seal in any case."""

    event_id: str | None
    seal: bytes

    def __str__(self) -> str:
        return self.event_id or f"seal 0x{self.seal.hex()}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `at`: when what is found happened. `source` is the rule's; `ask` what an auditor asks next."""

    rule: str
    severity: Severity
    title: str
    detail: str
    trail: str
    events: tuple[EventName, ...]
    source: str
    ask: str
    at: datetime | None = None

    @property
    def id(self) -> str:
        """The same for the same finding on the same statements, in every run: 16 hex digits."""
        told = "\n".join((self.rule, self.trail, self.detail, *(event.seal.hex() for event in self.events)))
        return sha256(told.encode("utf-8", "backslashreplace")).hex()[:16]
