"""The right form of a value that has the wrong JSON type."""

import json
from datetime import UTC, datetime
from typing import Any

_TIMES = frozenset(("eventTime", "recordTime", "declarationTime", "creationDate", "time", "startTime", "endTime"))
_PLACES = frozenset(("readPoint", "bizLocation"))
_OF_LIST = {
    "epcList": '"urn:epc:id:sgtin:9521001.000001.1"', "childEPCs": '"urn:epc:id:sgtin:9521001.000001.1"',
    "quantityList": '{"epcClass": "urn:epc:class:lgtin:9521001.000001.LOT1", "quantity": 5, "uom": "KGM"}',
    "bizTransactionList": '{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521001000017:4711"}',
    "sourceList": '{"type": "owning_party", "source": "urn:epc:id:pgln:9521001.00000"}',
    "destinationList": '{"type": "owning_party", "destination": "urn:epc:id:pgln:9521001.00000"}',
    "sensorElementList": '{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}',
}  # fmt: skip
_SECONDS_TO_MILLISECONDS = 1e11
_LONGEST = 80


def form(kind: str, value: Any, name: str | int) -> str | None:
    """How to write `value`, which pydantic refused as `kind` at the member `name`; None where there is no saying."""
    if kind == "string_type":
        return _text(value, name)
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        return _unquoted(value, kind == "bool_type")
    if kind in ("tuple_type", "list_type"):
        return _array(value, name)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return _object(value, name)
    return None


def _text(value: Any, name: str | int) -> str | None:
    if isinstance(value, bool | None) or not isinstance(value, int | float):
        return None
    if name in _TIMES:
        return f"a time with an offset, like {_quoted(_of_epoch(value))}"
    if name == "eventTimeZoneOffset":
        return 'like "+01:00"'
    if name == "schemaVersion":
        return 'write "2.0"'
    return f"write {_quoted(str(value))}"


def _of_epoch(value: float) -> str:
    """The time that a number of seconds or milliseconds since 1970 may mean, else an example."""
    seconds = value / 1000 if abs(value) >= _SECONDS_TO_MILLISECONDS else value
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "2026-03-01T12:30:00.000+01:00"
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _unquoted(value: str, is_truth: bool) -> str | None:
    text = value.strip()
    if is_truth:
        return f"write {text.lower()} without quotes" if text.lower() in ("true", "false") else None
    try:
        float(text)
        number = json.loads(text)
    except ValueError:
        return "digits without quotes, like 4.5"
    return f"write {text} without quotes" if isinstance(number, int | float) else None


def _array(value: Any, name: str | int) -> str | None:
    if isinstance(value, str | dict) and value and len(written := _quoted(value)) <= _LONGEST:
        return f"write [{written}]"
    if name in _OF_LIST:
        return f"like [{_OF_LIST[str(name)]}]"
    return None


def _object(value: Any, name: str | int) -> str | None:
    if name not in _PLACES:
        return None
    if isinstance(value, str) and ":" in value and len(value) <= _LONGEST:
        return f'write {{"id": {_quoted(value)}}}'
    return 'like {"id": "https://id.gs1.org/414/9521001000017"}'


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
