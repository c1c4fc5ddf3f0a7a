"""Which word of a standard vocabulary somebody may have meant."""

import re
from functools import lru_cache

from service.epcis.likeness import Spellings
from service.epcis.vocabulary import Vocabulary

_CALLED = {
    "bizStep": {
        "ship": "shipping", "dispatching": "shipping", "receipt": "receiving", "goodsreceipt": "receiving",
        "aggregating": "packing", "disaggregating": "unpacking", "aggregation": "packing", "transforming": "assembling",
        "harvesting": "commissioning", "producing": "commissioning", "manufacturing": "commissioning",
        "sold": "retail_selling", "selling": "retail_selling", "shipped": "shipping", "received": "receiving",
    },
    "disposition": {"sold": "retail_sold", "intransit": "in_transit", "ok": "conformant", "broken": "damaged"},
    "business transaction type": {
        "purchaseorder": "po", "order": "po", "purchaseorderconfirmation": "poc", "orderconfirmation": "poc",
        "invoice": "inv", "despatchadvice": "desadv", "dispatchadvice": "desadv", "asn": "desadv",
        "advanceshipnotice": "desadv", "deliverynote": "desadv", "billoflading": "bol", "certificate": "cert",
        "productionorder": "prodorder", "receivingadvice": "recadv", "returnmerchandiseauthorization": "rma",
        "testprocedure": "testprd", "testresult": "testres", "businesstransaction": "po",
    },
    "source or destination type": {
        "owner": "owning_party", "possessor": "possessing_party", "holder": "possessing_party", "site": "location",
        "place": "location",
    },
    "error reason": {"error": "incorrect_data", "incorrect": "incorrect_data", "wrongdata": "incorrect_data"},
    "measurement type": {"temp": "Temperature", "humidity": "RelativeHumidity", "weight": "Mass",
                         "rh": "RelativeHumidity", "velocity": "Speed"},
    "sensor alert type": {"alarm": "ALARM_CONDITION", "error": "ERROR_CONDITION"},
    "sensor component": {"lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude"},
}  # fmt: skip
"""What people call words whose spelling is not alike, without blanks and marks."""
_MARKS = re.compile(r"[\s_-]+")
_PREFIX = re.compile(r"(?:BizStep|Disp|BTT|SDT|ER|Comp)-")
_LONGEST = 200


@lru_cache(maxsize=1 << 12)
def word(vocabulary: Vocabulary, text: str) -> str | None:
    """The bare word of the vocabulary that is nearest to `text`, a word or URI of the standard that is none."""
    last = re.split(r"[:/]", text[:_LONGEST].strip())[-1]
    folded = _folded(_PREFIX.sub("", last, count=1))
    called = _CALLED.get(vocabulary.name, {}).get(folded)
    return called or _spelt(vocabulary).get(folded) or _spellings(vocabulary).nearest(folded)


def _folded(text: str) -> str:
    return _MARKS.sub("", text).casefold()


@lru_cache(maxsize=16)
def _spelt(vocabulary: Vocabulary) -> dict[str, str]:
    return {_folded(word): word for word in vocabulary.words}


@lru_cache(maxsize=16)
def _spellings(vocabulary: Vocabulary) -> Spellings:
    return Spellings(_spelt(vocabulary))
