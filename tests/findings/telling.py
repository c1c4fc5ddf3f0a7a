"""Small stories to judge: events of parties about one thing, as statements of its trail."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from service.epcis.custody import Step
from service.findings import Finding, KeyFacts, Limits, Severity, Statement, find
from service.sealing.hashing import sha256
from service.sealing.meaning import steps_of

MAKER = "https://id.gs1.org/417/9521321000018"
CARRIER = "https://id.gs1.org/417/9521321000025"
SHOP = "https://id.gs1.org/417/9521321000032"
ITEM = "https://id.gs1.org/01/09521321000018/21/10001"
OTHER = "https://id.gs1.org/01/09521321000018/21/10002"
PALLET = "https://id.gs1.org/00/095210010000000017"
LOT = "https://id.gs1.org/01/09521321000018/10/A1"
MILK = "https://id.gs1.org/01/09521321000025/10/M7"
BASEL, OSAKA, BERN = "geo:47.5596,7.5886", "geo:34.6937,135.5023", "geo:46.948,7.4474"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"trailseal": "https://trailseal.example/vocab/", "ex": "https://example.org/ns/"},
]


def at(hours: float) -> str:
    """A time, so many hours after the story's start."""
    return (START + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(hours: float, step: str | None = None, **members: Any) -> dict[str, Any]:
    """An event; by default an observation of ITEM."""
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventTime": at(hours),
        "eventTimeZoneOffset": "+00:00",
    }
    if step is not None:
        told["bizStep"] = step
    type_ = members.get("type", "ObjectEvent")
    if type_ != "TransformationEvent":
        told["action"] = "OBSERVE"
    if type_ == "ObjectEvent" and "epcList" not in members and "quantityList" not in members:
        told["epcList"] = [ITEM]
    where = members.pop("where", None)
    if where is not None:
        told["readPoint"] = {"id": where}
    told |= members
    told.setdefault(
        "eventID", f"https://example.org/event/{sha256(repr(sorted(told.items(), key=str)).encode()).hex()[:12]}"
    )
    return told


def made(hours: float, **members: Any) -> dict[str, Any]:
    """ITEM is commissioned."""
    return event(hours, "commissioning", action="ADD", **members)


def shipped(hours: float, sender: str, recipient: str, **members: Any) -> dict[str, Any]:
    """ITEM is shipped."""
    return event(
        hours,
        "shipping",
        sourceList=[{"type": "possessing_party", "source": sender}],
        destinationList=[{"type": "possessing_party", "destination": recipient}],
        **members,
    )


def received(hours: float, sender: str, recipient: str, **members: Any) -> dict[str, Any]:
    """ITEM is received."""
    return event(
        hours,
        "receiving",
        sourceList=[{"type": "possessing_party", "source": sender}],
        destinationList=[{"type": "possessing_party", "destination": recipient}],
        **members,
    )


def packed(
    hours: float, action: str = "ADD", children: Iterable[str] = (ITEM,), parent: str = PALLET
) -> dict[str, Any]:
    """Things are put into the pallet, or taken out."""
    return event(
        hours,
        "packing" if action == "ADD" else "unpacking",
        type="AggregationEvent",
        action=action,
        parentID=parent,
        childEPCs=list(children),
    )


def transformed(hours: float, inputs: list[Any], outputs: list[Any], **members: Any) -> dict[str, Any]:
    """Inputs become outputs; each is an EPC, or class, quantity and perhaps unit."""
    told: dict[str, Any] = {}
    for side, things in (("input", inputs), ("output", outputs)):
        epcs = [thing for thing in things if isinstance(thing, str)]
        amounts = [
            dict(zip(("epcClass", "quantity", "uom"), thing, strict=False))
            for thing in things
            if not isinstance(thing, str)
        ]
        told |= {f"{side}EPCList": epcs} if epcs else {}
        told |= {f"{side}QuantityList": amounts} if amounts else {}
    return event(hours, type="TransformationEvent", **told, **members)


def wrong(told: dict[str, Any], hours: float = 1000.0) -> dict[str, Any]:
    """The event that declares `told` an error."""
    reason = "https://ref.gs1.org/cbv/ER-incorrect_data"
    return {**told, "errorDeclaration": {"declarationTime": at(hours), "reason": reason}}


@dataclass
class Story:
    """Who told what in turn; each event goes on the trails of the things that it touches, sealed a minute later."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    def tell(
        self,
        party: str,
        event: dict[str, Any],
        *,
        after: timedelta = timedelta(minutes=1),
        key: KeyFacts | None = None,
        disputed: tuple[str, ...] = (),
        hidden: bool = False,
    ) -> "Story":
        happened = datetime.fromisoformat(event["eventTime"])
        declared = event.get("errorDeclaration")
        sealed = (datetime.fromisoformat(declared["declarationTime"]) if declared else happened) + after
        self.told.append((party, event))
        for thing, (step, recipient) in steps_of(event).items():
            self.statements.append(
                Statement(
                    thing,
                    sum(one.trail == thing for one in self.statements),
                    sha256(repr((party, event)).encode()),
                    None if hidden else event,
                    party,
                    Step(step),
                    recipient,
                    int(sealed.timestamp()),
                    key,
                    disputed,
                )
            )
        return self

    def findings(self, rule: str | None = None, limits: Limits | None = None, **more: Any) -> list[Finding]:
        found = find(self.statements, limits=limits, **more)
        return [one for one in found if rule is None or one.rule == rule]

    def without(self, party: str, event: dict[str, Any]) -> "Story":
        """The same story in which the party takes the event back in the end."""
        again = Story([*self.told], [*self.statements])
        return again.tell(party, wrong(event))


def story(*told: tuple[str, dict[str, Any]]) -> Story:
    """Who told what, in turn."""
    found = Story()
    for party, one in told:
        found.tell(party, one)
    return found


def severities(findings: list[Finding]) -> list[Severity]:
    return [one.severity for one in findings]
