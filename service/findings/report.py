"""An audit as it is handed over: what was looked at, what could not be, and what was found. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from service.epcis.documents import Event
from service.findings.case import Case
from service.findings.finding import Finding, Severity
from service.findings.limits import Limits
from service.findings.rules import RULES
from service.findings.told import Told
from service.sealing.report import printable

Relation = Literal["subject", "container", "ancestor", "descendant", "other"]


@dataclass(frozen=True, slots=True)
class Looked:
    """A trail that was looked at: `depth` ties away from the subject.

    Of its `statements`, the documents of `withheld` were never the service's (or are kept back), those of `erased` were
    erased, those of `altered` do not open their seals and were not read. `unsealed` are captured, but not on the chain.
    """

    trail: str
    relation: Relation
    depth: int
    statements: int
    withheld: int = 0
    erased: int = 0
    altered: int = 0
    unsealed: int = 0


@dataclass(frozen=True)
class Report:
    """An audit of one thing (or, from a bundle, of all its trails; `subject` is the first).

    `as_of`: until when statements were gathered. `block`: the newest that was looked at. `hidden`: things on the way
    that the caller may not see. `complete`: whether the way was followed to its ends. `verdict`: the lines of a
    bundle's verification, with `holds`; None where the service itself was asked.
    """

    subject: str
    as_of: datetime
    block: int | None
    case: Case
    findings: Sequence[Finding]
    looked: Sequence[Looked]
    names: dict[str, str] = field(default_factory=dict)
    hidden: int = 0
    complete: bool = True
    holds: bool | None = None
    verdict: Sequence[str] = ()

    @property
    def limits(self) -> Limits:
        """The parameters of the rules."""
        return self.case.limits

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity.word: found[severity] for severity in reversed(Severity)}

    @property
    def lines(self) -> list["Line"]:
        """Every statement in the order of its trail."""
        return [_line(one) for trail in self.case.trails.values() for one in trail.told]


@dataclass(frozen=True, slots=True)
class Line:
    """One statement for people. `state`: stands, taken back, takes back, withheld or erased."""

    trail: str
    number: int
    at: datetime | None
    sealed_at: datetime
    party: str
    step: str
    recipient: str | None
    type: str | None
    biz_step: str | None
    disposition: str | None
    place: str | None
    event_id: str | None
    seal: bytes
    state: str
    disputed: str


def _line(one: Told) -> Line:
    said = one.statement
    event: Event | None = one.event
    return Line(
        said.trail,
        said.index + 1,
        one.at,
        one.sealed_at,
        said.party,
        said.step.name.lower(),
        said.recipient,
        event.model.type if event else None,
        one.biz_step or (event.model.bizStep if event else None),
        one.disposition or (event.model.disposition if event else None),
        one.place,
        one.event_id,
        said.seal,
        _state(one),
        ", ".join(said.disputed),
    )


def _state(one: Told) -> str:
    if one.event is None:
        return "erased" if one.statement.erased else "withheld"
    if one.declares_error:
        return "takes back"
    return "taken back" if one.retracted else "stands"


def as_json(report: Report) -> dict[str, Any]:
    """The audit as a JSON value."""
    return {
        "identifier": report.subject,
        "asOf": written(report.as_of),
        "block": report.block,
        "verified": report.holds,
        "counts": report.counts,
        "findings": [finding_json(one) for one in report.findings],
        "lookedAt": [
            {
                "identifier": one.trail,
                "relation": one.relation,
                "depth": one.depth,
                "statements": one.statements,
                "withheld": one.withheld,
                "erased": one.erased,
                "altered": one.altered,
                "unsealed": one.unsealed,
            }
            for one in report.looked
        ],
        "notLookedAt": {"hidden": report.hidden, "complete": report.complete, **_unread(report)},
        "rules": [
            {
                "name": rule.name,
                "title": rule.title,
                "source": rule.source,
                "parameters": {name: getattr(report.limits, name) for name in rule.parameters},
                "findings": sum(one.rule == rule.name for one in report.findings),
            }
            for rule in RULES.values()
        ],
    }


def finding_json(one: Finding) -> dict[str, Any]:
    """One finding as a JSON value."""
    return {
        "id": one.id,
        "rule": one.rule,
        "severity": one.severity.word,
        "title": one.title,
        "detail": one.detail,
        "identifier": one.trail,
        "at": written(one.at) if one.at else None,
        "events": [{"eventID": name.event_id, "seal": f"0x{name.seal.hex()}"} for name in one.events],
        "source": one.source,
        "ask": one.ask,
    }


def as_lines(report: Report) -> list[str]:
    """The audit as text for a terminal."""
    verdict = [printable(line) for line in report.verdict]
    return [*verdict, *([""] if verdict else []), *lines_of(as_json(report))]


def lines_of(audit: Mapping[str, Any]) -> list[str]:
    """An audit's JSON value as text for a terminal; what others wrote cannot move its cursor."""
    lines = [f"Audit of {audit['identifier']}, as of {audit['asOf']}"]
    if audit["verified"] is False:
        lines.append("THE BUNDLE DOES NOT HOLD: what follows is said by the file, and proven by nothing")
    lines += ["", *_summary(audit), ""]
    for one in audit["findings"]:
        lines += [f"{one['severity'].upper():<6} {one['title']} [{one['rule']}]", f"       {one['detail']}"]
        lines.append(f"       thing:  {one['identifier']}")
        named = [name["eventID"] or f"seal {name['seal']}" for name in one["events"]]
        lines += [f"       event:  {name}" for name in named[:MOST_NAMED]]
        lines += [f"       and {len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
        lines += [f"       source: {one['source']}", f"       ask:    {one['ask']}", ""]
    return [printable(line) for line in lines]


MOST_NAMED = 10
"""Events that a finding names in text and PDF; JSON, CSV and XLSX name all."""


def summary(report: Report) -> list[str]:
    """What was looked at and what could not be, in a few sentences."""
    return _summary(as_json(report))


def _summary(audit: Mapping[str, Any]) -> list[str]:
    found = ", ".join(f"{count} {word}" for word, count in audit["counts"].items() if count) or "none"
    trails, unread = audit["lookedAt"], audit["notLookedAt"]
    statements = sum(one["statements"] for one in trails)
    left = [f"{unread[word]} {word}" for word in ("withheld", "erased", "altered", "unsealed") if unread[word]]
    if unread["hidden"]:
        left.append(f"{unread['hidden']} things on the way that you may not see")
    if not unread["complete"]:
        left.append("the way was longer than is followed")
    return [
        f"Findings: {found}",
        f"Looked at: {statements} statements on {len(trails)} trail{'s' if len(trails) != 1 else ''}",
        f"Not looked at: {', '.join(left) or 'nothing'}",
    ]


def written(at: datetime) -> str:
    """An instant in UTC, to the second, as ISO 8601."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _unread(report: Report) -> dict[str, int]:
    return {
        name: sum(getattr(one, name) for one in report.looked) for name in ("withheld", "erased", "altered", "unsealed")
    }
