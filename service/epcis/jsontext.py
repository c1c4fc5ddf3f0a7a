"""JSON that means one thing to everybody: what RFC 8785 can canonicalise, or faults that say why not.

Refused: malformed JSON, duplicate keys, NaN and Infinity, numbers that IEEE 754 doubles do not keep, U+0000 and lone
surrogates, nesting deeper than `MAX_DEPTH` (RFC 8259, RFC 7493 section 2, RFC 8785 section 3.1).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import orjson

from service.epcis.advice.formats import format_of
from service.epcis.faults import MAX_FAULTS, Fault, step
from service.epcis.plainjson import MAX_DEPTH, copied, written

MAX_INTEGER = 2**53 - 1
_TOO_DEEP = f"objects and arrays may be nested at most {MAX_DEPTH} deep"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_SUSPICIOUS = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_LONE = re.compile("[\ud800-\udfff\0]")
_NUMBER = re.compile(r"-?0*([0-9]*)(?:\.([0-9]+))?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class _Blemish:
    """Stands in the parsed value where something must be refused; `within` is what can still be looked at."""

    rule: str
    message: str
    within: Any = None


def read(document: bytes | Mapping[str, Any]) -> tuple[Any, list[Fault]]:
    """The JSON value of a document as fresh plain dicts and lists, and every lexical fault with its JSON pointer.

    Where the text cannot be read at all the value is None. Never raises for bytes or for a mapping of whatever kind.
    """
    faults: list[Fault] = []
    if isinstance(document, Mapping):
        copy = copied(document) if type(document) is dict else None
        return (_inspected(document, "", 1, faults) if copy is None else copy), faults
    reader = _Reader()
    try:
        value = reader.read(document)
    except _Unreadable as error:
        looks_like = format_of(document)
        hint = "" if looks_like is None else f"; it looks like {looks_like}"
        return None, [Fault("", error.rule, f"{error}{hint}")]
    if reader.blemished or _SUSPICIOUS.search(document) or _is_deep(value):
        value = _inspected(value, "", 1, faults)
    return value, faults


def _nests_endlessly(text: bytes) -> bool:
    """Whether reading the text could overrun the stack: Python's own guard is off where some library lifted its limit.

    What orjson reads is nested at most 1024 deep; only what it does not read is looked through.
    """
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        depths = accumulate(1 if bracket in b"[{" else -1 for bracket in _BRACKET.findall(_STRING.sub(b"", text)))
        return max(depths) > MAX_DEPTH
    return False


class _Unreadable(Exception):
    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class _Reader:
    """One reading of one text; the C scanner of `json` calls back for what it would otherwise let pass."""

    def __init__(self) -> None:
        self.blemished = False

    def read(self, text: bytes) -> Any:
        if _nests_endlessly(text):
            raise _Unreadable("depth", _TOO_DEEP)
        try:
            return json.loads(
                text.decode("utf-8-sig"),
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._float,
                parse_constant=self._constant,
            )
        except UnicodeDecodeError as error:
            message = f"the document is not UTF-8: byte {error.start} is {text[error.start]:#04x}"
            raise _Unreadable("encoding", message) from None
        except json.JSONDecodeError as error:
            message = f"malformed JSON at line {error.lineno}, column {error.colno}: {error.msg}"
            raise _Unreadable("json", message) from None
        except RecursionError:
            raise _Unreadable("depth", _TOO_DEEP) from None

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return self._blemish("duplicate-key", f"{twice!r} is given more than once in this object; keep one", members)

    def _integer(self, digits: str) -> Any:
        if len(digits) < 16:
            return int(digits)
        if len(digits) < 32 and abs(int(digits)) <= MAX_INTEGER:
            return int(digits)
        return self._blemish("number", _TOO_BIG)

    def _float(self, text: str) -> Any:
        value = float(text)
        fault = None if len(text) < 16 and 0 < abs(value) < MAX_INTEGER else _float_fault(value, text)
        return value if fault is None else self._blemish("number", fault)

    def _constant(self, name: str) -> Any:
        return self._blemish("number", f"{name} is no JSON number; leave the member out or send text")

    def _blemish(self, rule: str, message: str, within: Any = None) -> _Blemish:
        self.blemished = True
        return _Blemish(rule, message, within)


_TOO_BIG = f"the number is beyond ±{MAX_INTEGER}, where doubles lose digits (RFC 7493); send it as text"
_TOO_FINE = "the number has more digits than a double keeps; send at most 17 significant digits, or text"


def _float_fault(value: float, text: str | None) -> str | None:
    if isinstance(value, int):
        return _TOO_BIG if abs(value) > MAX_INTEGER else None
    if not math.isfinite(value):
        return "the number is too large for a double, or not a number; send it as text"
    if MAX_INTEGER < abs(value) < 1e21:  # RFC 8785 would write it as an integer that no reader keeps
        return _TOO_BIG
    match = _NUMBER.fullmatch(text) if text else None
    if match is None:
        return None
    digits = ((match[1] or "") + (match[2] or "")).strip("0")
    return _TOO_FINE if len(digits) > 17 or (digits and value == 0) else None


def _is_deep(value: Any) -> bool:
    """Whether containers are nested deeper than MAX_DEPTH: breadth first, so that no input exhausts the stack."""
    if written(value) is not None:
        return False
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in level:
            items = container.values() if type(container) is dict else container
            kinds = set(map(type, items))
            if dict not in kinds and list not in kinds:
                continue
            inner += [item for item in items if type(item) is dict or type(item) is list]
        if not inner:
            return False
        level = inner
    return True


def _inspected(value: Any, pointer: str, depth: int, faults: list[Fault]) -> Any:
    """`value` rebuilt from plain dicts, lists and scalars; what must be refused becomes a fault and None."""
    kind = type(value)
    if kind is str:
        _check_text(value, pointer, faults)
        return value
    if value is None or kind is bool:
        return value
    if kind is _Blemish:
        _add(faults, pointer, value.rule, value.message)
        return None if value.within is None else _inspected(value.within, pointer, depth, faults)
    if kind is int or kind is float:
        _check_number(value, pointer, faults)
        return value
    if isinstance(value, Mapping | list):
        return _inspected_container(value, pointer, depth, faults)
    _add(faults, pointer, "json", f"{kind.__name__} is no JSON value; send text, a number, a boolean, null, {{}} or []")
    return None


def _inspected_container(value: Any, pointer: str, depth: int, faults: list[Fault]) -> Any:
    if depth > MAX_DEPTH:
        _add(faults, pointer, "depth", _TOO_DEEP)
        return None
    if isinstance(value, list):
        return [_inspected(item, step(pointer, index), depth + 1, faults) for index, item in enumerate(value)]
    members = {}
    for name, item in value.items():
        if not isinstance(name, str):
            _add(faults, pointer, "json", f"the key {name!r} is not text")
        else:
            _check_text(name, pointer, faults)
            members[name] = _inspected(item, step(pointer, name), depth + 1, faults)
    return members


def _check_text(text: str, pointer: str, faults: list[Fault]) -> None:
    bad = _LONE.search(text)
    if bad:
        what = "U+0000" if bad[0] == "\0" else f"a lone surrogate (U+{ord(bad[0]):04X})"
        _add(faults, pointer, "text", f"text holds {what}, which cannot be stored or canonicalised; leave it out")


def _check_number(value: float, pointer: str, faults: list[Fault]) -> None:
    fault = _float_fault(value, None)
    if fault:
        _add(faults, pointer, "number", fault)


def _add(faults: list[Fault], pointer: str, rule: str, message: str) -> None:
    if len(faults) < MAX_FAULTS:
        clean = _LONE.sub("\N{REPLACEMENT CHARACTER}", pointer)
        faults.append(Fault(clean, rule, _LONE.sub("\N{REPLACEMENT CHARACTER}", message)))
