"""Standard values, and text of the standard's own elements, as EPCIS XML spells them."""

from typing import Any, Literal

from service.epcis import vocabulary
from service.epcis.contexts import Prefixes
from service.epcis.vocabulary import Vocabulary
from service.epcis.xml.escaping import holds, in_text
from service.epcis.xml.inexpressible import InexpressibleInXml
from service.epcis.xml.names import standard_word

Spelling = Literal["urn", "web"]

_URNS: dict[Vocabulary, str] = {
    vocabulary.BIZ_STEPS: "urn:epcglobal:cbv:bizstep:",
    vocabulary.DISPOSITIONS: "urn:epcglobal:cbv:disp:",
    vocabulary.BIZ_TRANSACTION_TYPES: "urn:epcglobal:cbv:btt:",
    vocabulary.SOURCE_DEST_TYPES: "urn:epcglobal:cbv:sdt:",
    vocabulary.ERROR_REASONS: "urn:epcglobal:cbv:er:",
    vocabulary.COMPONENTS: "cbv:Comp-",
    vocabulary.MEASUREMENTS: "gs1:",
    vocabulary.SENSOR_ALERTS: "gs1:",
}
"""How EPCIS XML spells standard values: as URNs, and where CBV has none, as compact URIs."""


def spelt(words: Vocabulary, text: str, spelling: Spelling, prefixes: Prefixes) -> str:
    """A standard value in the spelling asked for; a private one as it is."""
    word = standard_word(words, text, prefixes)
    if word is None:
        return text
    urn = _URNS[words] + word
    return words.web + word if spelling == "web" or standard_word(words, urn, prefixes) is None else urn


def standard_text(value: Any, pointer: str) -> str:
    """Character data of an element of the standard. Raises InexpressibleInXml."""
    if not isinstance(value, str):
        raise InexpressibleInXml(pointer, "this must be text")
    if not holds(value):
        raise InexpressibleInXml(pointer, "this text holds a control character, which XML has none for")
    return in_text(value)
