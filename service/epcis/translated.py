"""A document of another format (XML, a spreadsheet) as a JSON document, and where its parts were in the original."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.epcis.documents import Refused
from service.epcis.faults import Notation


@dataclass(frozen=True, slots=True)
class Translated:
    """`value` is what `documents.parse` reads; `place` says of a JSON pointer into it where that was, in `notation`.

    `refused`: events of the original that could not be translated and are not in `value` (only where the sender asked
    to proceed). Their indexes count all events of the original, and their faults are in `notation` already.
    """

    value: dict[str, Any]
    notation: Notation
    place: Callable[[str], str]
    refused: tuple[Refused, ...] = ()

    def index(self, kept: int) -> int:
        """The index, among all events of the original, of the event that has the index `kept` in `value`."""
        found = kept
        for index in sorted(refused.index for refused in self.refused):
            if index > found:
                break
            found += 1
        return found
