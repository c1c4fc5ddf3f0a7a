"""What a rule is, and what its check hands over."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from service.findings.case import Case
from service.findings.finding import Finding, Severity
from service.findings.told import Told


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before its rule signs it. `about`: the statements, in the order in which they are told of."""

    trail: str
    about: tuple[Told, ...]
    detail: str
    severity: Severity
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its source; `parameters` name fields of `Limits`.."""

    name: str
    title: str
    source: str
    ask: str
    check: Callable[[Case], Iterable[Draft]]
    parameters: tuple[str, ...] = ()

    def find(self, case: Case) -> Iterator[Finding]:
        """The findings of this rule."""
        for draft in self.check(case):
            events = tuple(dict.fromkeys(told.name for told in draft.about))
            at = draft.at or next((told.at for told in reversed(draft.about) if told.at is not None), None)
            yield Finding(
                self.name,
                draft.severity,
                self.title,
                draft.detail,
                draft.trail,
                events,
                self.source,
                self.ask,
                at,
            )
