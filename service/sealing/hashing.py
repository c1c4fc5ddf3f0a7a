"""The two hash functions of the format and its canonical JSON."""

import re
from collections.abc import Mapping
from hashlib import sha256 as _sha256
from typing import Any

import orjson
import rfc8785
from Crypto.Hash import keccak as _keccak

# Where orjson's sorted output may differ from RFC 8785: characters beyond the BMP (sorted by UTF-16 code units there),
# exponents and whole numbers with a fraction (ECMAScript notation there), integers too long to be exact doubles
# (refused there), and null, as which orjson writes NaN and the infinities (refused there). The patterns may also match
# inside a string, which costs time and nothing else.
# Several patterns, because each alone has a prefix that `re` looks for at the speed of memory; one would take ten times
# as long, and this is done for every event.
_DOUBTFUL = rb"(?:null|-?\d+(?:\.\d+)?[eE]|-?\d+\.0(?!\d)|-?\d{16})"
_DOUBTFUL_MEMBER = re.compile(rb'":' + _DOUBTFUL)
_DOUBTFUL_ITEM = re.compile(rb"[\[,]" + _DOUBTFUL)
_DOUBTFUL_WHOLE = re.compile(_DOUBTFUL)
_BEYOND_BMP = re.compile(rb"[\xf0-\xf7]")
_PLAIN_JSON = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def sha256(*parts: bytes) -> bytes:
    """FIPS 180-4 SHA-256 of the concatenated parts, 32 bytes."""
    return _sha256(b"".join(parts)).digest()


def keccak256(*parts: bytes) -> bytes:
    """Ethereum's Keccak-256 (original padding, not FIPS 202) of the concatenated parts, 32 bytes."""
    return _keccak.new(digest_bits=256, data=b"".join(parts)).digest()


def canonical_json(value: Any) -> bytes:
    """RFC 8785 canonical JSON of a JSON value, UTF-8.

    Raises:
        rfc8785.CanonicalizationError: an integer beyond 2^53 - 1, NaN or an infinity.
        ValueError: a lone surrogate, nesting deeper than some 250, or something that JSON cannot say.
    """
    try:
        fast = orjson.dumps(value, option=_PLAIN_JSON)
        return fast if _is_canonical(fast) else rfc8785.dumps(value)
    except (orjson.JSONEncodeError, RecursionError) as fault:
        raise ValueError(f"not canonicalisable as JSON: {fault}") from fault


def _is_canonical(fast: bytes) -> bool:
    return not (
        _DOUBTFUL_MEMBER.search(fast)
        or _DOUBTFUL_ITEM.search(fast)
        or _DOUBTFUL_WHOLE.match(fast)
        or (not fast.isascii() and _BEYOND_BMP.search(fast))
    )


def document_bytes(event: Mapping[str, Any]) -> bytes:
    """The `document` of an EPCIS event as docs/format.md section 1 defines it: its canonical JSON."""
    return canonical_json(event)
