"""A query check in two halves: what must be found is, and what differs little from it is not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench.conformance.asking import WAYS, Way, ask
from bench.conformance.checks import Group, expect
from bench.conformance.freight import hour
from bench.conformance.service import Connection

Case = tuple[str, dict[str, Any], list[str], dict[str, Any], list[str]]
"""Title; a query and the events that it finds; a query that differs little, and what that one finds."""


def equal(name: str, value: Any, found: list[str], other: Any, fewer: list[str] | None = None) -> Case:
    """A parameter with two values."""
    return name, {name: value}, found, {name: other}, fewer or []


def comparisons(prefix: str, field: str, number: float, found: str) -> Iterator[Case]:
    """GT, GE, LT and LE on a number."""
    yield equal(f"GT_{prefix}{field}", number - 1, [found], number)
    yield equal(f"GE_{prefix}{field}", number, [found], number + 1)
    yield equal(f"LT_{prefix}{field}", number + 1, [found], number)
    yield equal(f"LE_{prefix}{field}", number, [found], number - 1)


def timed(prefix: str, field: str, at: int, found: str) -> Iterator[Case]:
    """GT, GE, LT and LE on a time; the value is compared as an instant."""
    yield equal(f"GE_{prefix}{field}", hour(at), [found], hour(at, 1))
    yield equal(f"LT_{prefix}{field}", hour(at, 1), [found], hour(at))
    yield equal(f"GT_{prefix}{field}", hour(at - 1), [found], hour(at))
    yield equal(f"LE_{prefix}{field}", hour(at), [found], hour(at - 1))


class Inquiry:
    """Asks one party; `labels` says which of the bench's events an id is."""

    def __init__(self, group: Group, party: Connection, labels: Mapping[str, str]) -> None:
        self.group, self.party, self.labels = group, party, labels

    def judge(self, case: Case, prefix: str = "") -> None:
        """Two checks in each way of asking: what must be found is, and what must not be found is not."""
        title, hit, found, miss, fewer = case
        for way in WAYS:
            with self.group.check(f"{prefix}{title}, {way}: found"):
                self.expect(hit, found, way)
            with self.group.check(f"{prefix}{title}, {way}: not found"):
                self.expect(miss, fewer, way)

    def expect(self, parameters: Mapping[str, Any], wanted: Iterable[str], way: Way) -> None:
        """Exactly these events match."""
        found = sorted(self.label(event) for event in ask(self.party, parameters, way))
        expect(found == sorted(wanted), f"{dict(parameters)} by {way}: expected {sorted(wanted)}, got {found}")

    def ordered(self, parameters: Mapping[str, Any], way: Way) -> list[str]:
        """The labels of what matches, in the order in which it came."""
        return [self.label(event) for event in ask(self.party, parameters, way)]

    def label(self, event: Mapping[str, Any]) -> str:
        """Which event it is; its id where it is none of ours."""
        return self.labels.get(event["eventID"], str(event["eventID"]))
