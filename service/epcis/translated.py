"""A document of another format (XML, a spreadsheet) as a JSON document, and where its parts were in the original."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.epcis.faults import Notation


@dataclass(frozen=True, slots=True)
class Translated:
    """`value` is what `documents.parse` reads; `place` says of a JSON pointer into it where that was, in `notation`."""

    value: dict[str, Any]
    notation: Notation
    place: Callable[[str], str]
