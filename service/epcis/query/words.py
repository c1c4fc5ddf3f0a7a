"""Names under which the standard's own fields are indexed, and the form in which words of vocabularies are compared."""

from typing import Final

from service.epcis import vocabulary
from service.epcis.contexts import Prefixes, expanded
from service.epcis.query.units import dimension
from service.epcis.vocabulary import Vocabulary

ANY_LIST_OF_CLASSES: Final = "quantityElement"
"""The field of classes in quantity lists of every kind, without their patterns; master data is looked up by it."""
WORDS: Final[dict[str, Vocabulary]] = {
    "bizStep": vocabulary.BIZ_STEPS,
    "disposition": vocabulary.DISPOSITIONS,
    "persistentDisposition_set": vocabulary.DISPOSITIONS,
    "persistentDisposition_unset": vocabulary.DISPOSITIONS,
    "errorReason": vocabulary.ERROR_REASONS,
    "bizTransaction": vocabulary.BIZ_TRANSACTION_TYPES,
    "source": vocabulary.SOURCE_DEST_TYPES,
    "destination": vocabulary.SOURCE_DEST_TYPES,
    "type": vocabulary.MEASUREMENTS,
    "exception": vocabulary.SENSOR_ALERTS,
    "component": vocabulary.COMPONENTS,
}
"""The vocabulary of each field that holds words; for transactions, sources and destinations, that of their types."""


def word(vocabulary: Vocabulary, text: str, prefixes: Prefixes) -> str:
    """The web URI of a standard word in any spelling; any other text with its prefix resolved."""
    own = vocabulary.word(text)
    if own is None:
        full = expanded(text, prefixes)
        own = vocabulary.word(full)
        if own is None:
            return full
    return vocabulary.web + own


def moment(field: str) -> str:
    """The name under which the times of a field are indexed, apart from its numbers."""
    return f"{field} time"


def measure(field: str, uom: str) -> str:
    """The name under which a field's numbers with a unit are indexed, in the base unit of its dimension."""
    return f"{field} {dimension(uom)}"
