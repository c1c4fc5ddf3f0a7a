"""What an event does to custody: from CBV 2.0 business steps to the steps of docs/format.md, section 2.

The mapping, for each thing that the event touches (places, parties and services among them are only ever observed):

| Event says | Step | Why |
|---|---|---|
| an errorDeclaration | Observe | takes a former statement back, moves nothing (EPCIS 2.0, 7.4.1.4) |
| ObjectEvent, bizStep commissioning or creating_class_instance | Commission | CBV 7.1.2: an identity is given |
| ObjectEvent, action ADD and no bizStep of this table | Commission | EPCIS 2.0, 7.4.2: created by this event |
| TransformationEvent | Commission outputs, Observe inputs | inputs may be used up in part only (7.4.6) |
| bizStep shipping or consigning, with a recipient | Ship | CBV: the overall process in which goods leave the sender |
| bizStep accepting | Receive | CBV: "an object changes possession and/or ownership" |
| bizStep receiving, with the parties of a transfer | Receive | CBV: goods join the receiver's inventory |
| ObjectEvent, bizStep decommissioning or destroying | Decommission | the identity, or the thing, ends |
| ObjectEvent, action DELETE and no bizStep of this table | Decommission | EPCIS 2.0, 7.4.2: ended by this event |
| bizStep holding | Hold | CBV: set apart for further review |
| persistentDisposition sets one of WITHHELD | Hold | it holds until it is unset |
| persistentDisposition unsets one of WITHHELD | Lift | the opposite, and the only explicit one in the CBV |
| anything else | Observe | |

Not mapped on purpose: departing, loading, transporting, arriving (carriage without a change of hands); void_shipping
(the ledger has no withdrawal; shipping anew replaces the offer); a plain `disposition` such as recalled (it comes with
every later event of a recalled thing, and would hide their Ship and Receive).

The recipient of a Ship is the possessing_party of the destinationList, else its owning_party; without either, or where
that party is the source as well, nothing changes hands and the step is Observe. So it is for receiving and accepting
with one party on both sides. receiving without parties is Observe too: it may be a scan of goods that nobody offered,
and would make a false dispute.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from service.epcis.contexts import expanded
from service.epcis.documents import Event
from service.epcis.events import ObjectEvent, TransformationEvent
from service.epcis.identifiers import Kind, resolved
from service.epcis.keys import ROOT
from service.epcis.references import touched
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, SOURCE_DEST_TYPES


class Step(IntEnum):
    """What a statement does to custody; the numbers are part of the format (docs/format.md, section 2)."""

    OBSERVE = 0
    COMMISSION = 1
    SHIP = 2
    RECEIVE = 3
    DECOMMISSION = 4
    HOLD = 5
    LIFT = 6


Movement = tuple[Step, str | None]
"""A step, and the canonical identifier of the party that goods are offered to (Ship only)."""

OBSERVED: Movement = (Step.OBSERVE, None)
WITHHELD = frozenset(("recalled", "unavailable", "non_conformant", "non_sellable_other", "expired", "stolen"))
"""Dispositions under which a thing must not move on."""
BY_BIZ_STEP = {
    "commissioning": Step.COMMISSION,
    "creating_class_instance": Step.COMMISSION,
    "shipping": Step.SHIP,
    "consigning": Step.SHIP,
    "receiving": Step.RECEIVE,
    "accepting": Step.RECEIVE,
    "decommissioning": Step.DECOMMISSION,
    "destroying": Step.DECOMMISSION,
    "holding": Step.HOLD,
}
"""What business steps state, by bare word."""
NO_GOODS = (Kind.LOCATION, Kind.PARTY, Kind.SERVICE_RELATION)
"""Kinds that no custody is about: they are only ever observed."""
RISK = "urn:trailseal:risk:"
"""What risk trails are called by: no goods either (docs/format.md, section 1)."""


def movement(event: Event) -> Movement:
    """What the event does to the custody of the goods that it is about, and the recipient of a Ship.

    Of a TransformationEvent this is what it does to its outputs; see `steps` for each thing.
    """
    model = event.model
    if model.errorDeclaration is not None:
        return OBSERVED
    if isinstance(model, TransformationEvent):
        return Step.COMMISSION, None
    stated = BY_BIZ_STEP.get(_word(event) or "", Step.OBSERVE)
    if stated is Step.SHIP:
        recipient = _recipient(event)
        return (stated, recipient) if recipient else OBSERVED
    if stated is Step.RECEIVE:
        return (stated, None) if _changes_hands(event, unsaid=_word(event) == "accepting") else OBSERVED
    if stated in (Step.COMMISSION, Step.DECOMMISSION) and not isinstance(model, ObjectEvent):
        return OBSERVED
    return (stated, None) if stated is not Step.OBSERVE else (_by_state(event), None)


def steps(event: Event) -> Mapping[str, Movement]:
    """Step and recipient for each thing that the event touches, by canonical identifier, in `references` order."""
    moved = movement(event)
    is_transformation = isinstance(event.model, TransformationEvent)
    found: dict[str, Movement] = {}
    for identifier, (role, what) in touched(event).items():
        used_up = is_transformation and role == "input"
        found[identifier] = OBSERVED if used_up or what in NO_GOODS or identifier.startswith(RISK) else moved
    return found


def _word(event: Event) -> str | None:
    text = event.model.bizStep
    return None if text is None else BIZ_STEPS.word(text) or BIZ_STEPS.word(expanded(text, event.prefixes))


def _by_state(event: Event) -> Step:
    """The step that persistentDisposition states, else the one that an ObjectEvent's action means by itself."""
    model = event.model
    persistent = model.persistentDisposition
    if persistent is not None:
        if _withheld(persistent.set, event):
            return Step.HOLD
        if _withheld(persistent.unset, event):
            return Step.LIFT
    if isinstance(model, ObjectEvent):
        return {"ADD": Step.COMMISSION, "DELETE": Step.DECOMMISSION}.get(model.action, Step.OBSERVE)
    return Step.OBSERVE


def _withheld(dispositions: Iterable[str], event: Event) -> bool:
    return any(DISPOSITIONS.word(expanded(text, event.prefixes)) in WITHHELD for text in dispositions)


def _recipient(event: Event) -> str | None:
    """The party that goods are offered to, unless it is the one that they come from."""
    sources, destinations = _parties(event)
    for role in ("possessing_party", "owning_party"):
        if role in destinations:
            return None if sources.get(role) == destinations[role] else destinations[role]
    return None


def _changes_hands(event: Event, *, unsaid: bool) -> bool:
    """Whether the parties on the two sides differ in some role; `unsaid` where the event names no party."""
    sources, destinations = _parties(event)
    roles = sources.keys() | destinations.keys()
    return any(sources.get(role) != destinations.get(role) for role in roles) if roles else unsaid


def _parties(event: Event) -> tuple[dict[str, str], dict[str, str]]:
    """Parties by role, in the source list and in the destination list; the first of each role counts."""
    sources: dict[str, str] = {}
    destinations: dict[str, str] = {}
    said = [(sources, entry.type, entry.source) for entry in event.model.sourceList]
    said += [(destinations, entry.type, entry.destination) for entry in event.model.destinationList]
    for side, type_, text in said:
        role = SOURCE_DEST_TYPES.word(type_) or SOURCE_DEST_TYPES.word(expanded(type_, event.prefixes))
        if role in ("possessing_party", "owning_party"):
            side.setdefault(role, party(expanded(text, event.prefixes)))
    return sources, destinations


def party(identifier: str) -> str:
    """The canonical identifier of a party. Raises InvalidIdentifier.

    EPCIS 1 named parties by the GLN of a place (SGLN); where a party is wanted, such a GLN without extension is read as
    the party's (417 for 414), so that both spellings are one party.
    """
    link, what = resolved(identifier)
    gln = link.removeprefix(f"{ROOT}414/")
    return f"{ROOT}417/{gln}" if what is Kind.LOCATION and "/" not in gln else link
