"""What is wrong with a document, where, and what to change."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_FAULTS = 100
"""A refusal names at most this many faults: enough to mend a document, bounded for a hostile one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: RFC 6901 JSON pointer to the place, a short stable rule name, and what the sender should change."""

    pointer: str
    rule: str
    message: str


class InvalidDocument(Exception):
    """The document is refused; `faults` holds every fault found, at most `MAX_FAULTS`, in document order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)[:MAX_FAULTS]
        first = self.faults[0] if self.faults else Fault("", "unknown", "the document is not valid")
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(f"{first.pointer or '/'}: {first.message}{more}")


def step(pointer: str, token: str | int) -> str:
    """The JSON pointer of a member (name) or item (index) of the value at `pointer` (RFC 6901 section 3 escapes)."""
    return (
        f"{pointer}/{token}" if isinstance(token, int) else pointer + "/" + token.replace("~", "~0").replace("/", "~1")
    )
