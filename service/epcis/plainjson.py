"""Plain JSON values written and read by orjson: the quick way to say that nothing in one must be refused.

What is not plain at the first glance is left to `jsontext`, which looks at each value and says what is wrong.
"""

import re
from typing import Any

import orjson

MAX_DEPTH = 64
"""Objects and arrays inside each other, the outermost counted as 1."""
_STRICT = (
    orjson.OPT_STRICT_INTEGER  # beyond ±(2**53 - 1)
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
_WHOLE = re.compile(rb"\.0[,\]}]")
_RAISED = re.compile(rb"e\+?(?:1[5-9]|20)[,\]}]")


def _depth_that_orjson_writes() -> int:
    value: list[Any] = []
    for depth in range(1, 10_000):
        try:
            orjson.dumps(value)
        except TypeError:
            return depth - 1
        value = [value]
    raise AssertionError("orjson writes whatever is nested")


_ROOM = _depth_that_orjson_writes() - MAX_DEPTH
"""Arrays around a value that leave orjson MAX_DEPTH levels to write."""


def written(value: Any) -> bytes | None:
    """The value as compact JSON; None where it is nested deeper than MAX_DEPTH, or holds what orjson does not write.

    That is: lone surrogates, integers that doubles do not keep, keys that are no text, and most of what is no JSON.
    """
    for _ in range(_ROOM):
        value = [value]
    try:
        text = orjson.dumps(value, option=_STRICT)
    except TypeError:
        return None
    return text[_ROOM : len(text) - _ROOM]


def copied(document: dict[str, Any]) -> dict[str, Any] | None:
    """The document anew, written and read again; None where something in it may have to be refused.

    Reading again gives something else than was written for NaN, Infinity and sequences that are no lists.
    """
    text = written(document)
    if text is None or b"\\u0000" in text or _may_hold_large_doubles(text):
        return None
    copy: dict[str, Any] = orjson.loads(text)
    return copy if copy == document else None


def _may_hold_large_doubles(text: bytes) -> bool:
    """Whether a double is from 2**53 to 1e21, which RFC 8785 writes as an integer, or some text looks like one."""
    ends = (found.start() for found in _WHOLE.finditer(text))
    return _RAISED.search(text) is not None or any(text[end - 16 : end].isdigit() for end in ends)
