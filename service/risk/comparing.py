"""Two tellings of one score, compared to the last bit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from service.risk.recomputing import opened

if TYPE_CHECKING:
    from ml.assessment import Assessment

EXACT = ("probability", "band", "stage", "expected_end", "planned_end", "arrival", "excursion", "anomaly")
HASHES = ("model_hash", "input_hash", "calibration")
MOST_FEATURES = 20


def differences(
    stored: Mapping[str, Any], computed: Mapping[str, Any], fields: Sequence[str] = (*EXACT, *HASHES, "reasons")
) -> list[dict[str, Any]]:
    """The fields that are not equal, as text."""
    return [
        {"what": field, "stored": _text(stored[field]), "computed": _text(computed[field])}
        for field in fields
        if _plain(stored[field]) != _plain(computed[field])
    ]


def told(given: "Assessment") -> dict[str, Any]:
    """A computed score in the columns of the stored one."""
    reasons = (given.abstained,) if given.abstained else given.reasons
    found = {field: getattr(given, field) for field in (*EXACT, *HASHES)}
    return found | {"reasons": orjson.loads(orjson.dumps([asdict(reason) for reason in reasons]))}


def features(names: Sequence[str], stored: bytes | None, computed: bytes) -> list[dict[str, Any]]:
    """The features of the moment that are not the same in two packed inputs, up to some."""
    from service.risk.drifting import state_of

    before = state_of(opened(stored)) if stored else None
    after = state_of(computed)
    if before is None or after is None or len(before) != len(after) or len(names) != len(after):
        return []
    changed = [
        {"feature": name, "stored": was, "computed": now}
        for name, was, now in zip(names, before, after, strict=True)
        if was != now
    ]
    return changed[:MOST_FEATURES]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict):  # reasons: not every reader sees their events
        value = [{name: part for name, part in one.items() if name != "events"} for one in value]
    return orjson.dumps(_plain(value)).decode().strip('"')
