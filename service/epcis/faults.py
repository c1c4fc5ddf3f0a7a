"""What is wrong with a document, where, and what to change."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from service.errors import TrailsealError

MAX_FAULTS = 100
"""A refusal names at most this many faults: enough to mend a document, bounded for a hostile one."""


Notation = Literal["pointer", "xpath", "cell"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its place, a short stable rule name, and what the sender should change.

    `pointer` is the place in the document as it was sent: an RFC 6901 JSON pointer, or, as `notation` says, an XPath
    or the name of a spreadsheet's cell.
    """

    pointer: str
    rule: str
    message: str
    notation: Notation = "pointer"

    def told(self) -> dict[str, str]:
        """The fault as a refusal tells it; the place's member is named after its notation."""
        return {self.notation: self.pointer, "rule": self.rule, "message": self.message}


class InvalidDocument(TrailsealError):
    """The document is refused; `faults` holds every fault found, at most `MAX_FAULTS`, those outside events first."""

    slug, title, status = "invalid-document", "The document is not valid EPCIS", 400

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)[:MAX_FAULTS]
        first = self.faults[0] if self.faults else Fault("", "unknown", "the document is not valid")
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        members = [fault.told() for fault in self.faults]
        super().__init__(f"{first.pointer or 'document'}: {first.message}{more}", {"faults": members})


class TooManyEvents(TrailsealError):
    """The document has more events than one may have."""

    slug, title, status = "too-many-events", "The document has too many events", 413


def step(pointer: str, token: str | int) -> str:
    """The JSON pointer of a member (name) or item (index) of the value at `pointer` (RFC 6901 section 3 escapes)."""
    return (
        f"{pointer}/{token}" if isinstance(token, int) else pointer + "/" + token.replace("~", "~0").replace("/", "~1")
    )
