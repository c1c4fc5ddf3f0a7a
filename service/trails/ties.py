"""From what events said of a tie to the times in which it held; pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from service.store.ties import TieRow

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
TRANSFORMATION = "transformation"


class Stay(NamedTuple):
    """`child` was tied to `parent` (both trail ids) from one event time to another (None: still)."""

    parent: bytes
    child: bytes
    kind: str
    since: datetime
    until: datetime | None

    def within(self, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
        """The part of it between two moments, None where there is none."""
        begin, end = max(self.since, since), min(self.until or LATEST, until)
        return (begin, end) if begin <= end else None


def stays(rows: Sequence[TieRow]) -> list[Stay]:
    """The stays that the rows, in the order of their event times, tell of.

    An event that sees a tie nobody made says that it held from then on at least. A tie that nobody undid still holds.
    """
    found: list[Stay] = []
    open_since: dict[tuple[bytes, bytes, str], datetime] = {}
    for row in rows:
        key = (row.parent, row.child, row.kind)
        if row.kind == TRANSFORMATION:
            found.append(Stay(*key, row.event_time, None))
        elif row.action != "delete":
            open_since.setdefault(key, row.event_time)
        else:
            ended = _undone(row, open_since)
            found.extend(Stay(*one, open_since.pop(one), row.event_time) for one in ended)
    found.extend(Stay(*key, since, None) for key, since in open_since.items())
    return sorted(found, key=lambda stay: stay.since)


def _undone(row: TieRow, open_ties: Iterable[tuple[bytes, bytes, str]]) -> list[tuple[bytes, bytes, str]]:
    if row.child:
        key = (row.parent, row.child, row.kind)
        return [key] if key in open_ties else []
    return [key for key in open_ties if key[0] == row.parent and key[2] == row.kind]
