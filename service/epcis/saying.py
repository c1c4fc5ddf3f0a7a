"""What one stored event says of the things that it names: the reading of docs/format.md, section 8.

The signer, the service and every auditor must come to the same reading, in whatever language their program is written,
so it looks at few members, in one way, and at no others: not at times, words that move nothing, sensors or extensions.
It is total: any JSON object gives a reading or `NoEvent`, in time linear in its size. Whatever `documents.parse` takes
for an event, `said` reads as `custody.steps` does; it reads some documents that `documents.parse` refuses, since rules
that change nothing about custody are none of its business.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.custody import BY_BIZ_STEP, NO_GOODS, OBSERVED, RISK, WITHHELD, Movement, Step, party
from service.epcis.faults import Fault
from service.epcis.identifiers import InvalidIdentifier, Kind, resolved
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, SOURCE_DEST_TYPES, Vocabulary

MOST_CHARACTERS = 2048
"""Of what names a thing or a party, expanded."""
ROOM, MOST_TIMES = 2**16, 16
"""All names of a document, expanded, have at most `ROOM` characters and `MOST_TIMES` those that are written: prefixes
must not make much out of little, for reading takes time.
"""
RESERVED = "urn:trailseal:journal:"
"""What no event can name a thing by: journals are called so (docs/format.md, section 1)."""
_RISK_TRAIL = re.compile(f"{RISK}0x[0-9a-f]{{64}}")

_SUBJECTS = (("epcList", "epc", "subject"), ("quantityList", "class", "subject"))
_CHILDREN = (
    ("parentID", "parent", "parent"),
    ("childEPCs", "epc", "child"),
    ("childQuantityList", "class", "child"),
)
_NAMING: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ObjectEvent": _SUBJECTS,
    "AggregationEvent": _CHILDREN,
    "AssociationEvent": _CHILDREN,
    "TransactionEvent": (*_SUBJECTS, ("parentID", "parent", "parent")),
    "TransformationEvent": (
        ("inputEPCList", "epc", "input"),
        ("inputQuantityList", "class", "input"),
        ("outputEPCList", "epc", "output"),
        ("outputQuantityList", "class", "output"),
    ),
}
"""The members by which each type of event names things, in their order: what they hold, and the things' role."""
_FOREIGN = {
    type_: tuple(sorted({name for all_ in _NAMING.values() for name, _, _ in all_} - {name for name, _, _ in own}))
    for type_, own in _NAMING.items()
}
"""The members by which only other types name things."""
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
_ROLES = ("possessing_party", "owning_party")


class NoEvent(ValueError):
    """The document is not one EPCIS event; the message says where, and what would be right there."""


def said(document: Mapping[str, Any]) -> dict[str, Movement]:
    """Step and recipient for each thing that the event names, by canonical identifier, in the order of naming.

    `document` is a JSON object as a strict reader gives it (dict, list, str, int, float, bool, None).

    Raises:
        NoEvent: it is not one EPCIS event.
    """
    return _Reading(document).movements()


class _Reading:
    """One document, being read: what its compact URIs stand for, and how much they may still come to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._left = ROOM
        type_ = document.get("type")
        if type(type_) is not str or type_ not in _NAMING:
            raise NoEvent(f"/type must be one of {', '.join(_NAMING)}")
        self._type: str = type_
        self._check_members()
        self._prefixes = self._declared()

    def movements(self) -> dict[str, Movement]:
        things = self._things()
        moved = self._moved()
        return {
            identifier: OBSERVED if role == "input" or kind in NO_GOODS or identifier.startswith(RISK) else moved
            for identifier, (role, kind) in things.items()
        }

    # What it is

    def _check_members(self) -> None:
        for name in _FOREIGN[self._type]:
            if name in self._document:
                raise NoEvent(f"/{name} is no member of a {self._type}")
        if self._type == "TransformationEvent":
            if "action" in self._document:
                raise NoEvent("/action is no member of a TransformationEvent")
        elif self._document.get("action") not in _ACTIONS:
            raise NoEvent(f"/action must be one of {', '.join(_ACTIONS)}")

    def _declared(self) -> Prefixes:
        if "@context" not in self._document:
            return STANDARD_PREFIXES
        context = self._document["@context"]
        faults: list[Fault] = []
        prefixes = declared(context, "", STANDARD_PREFIXES, faults)
        if context is None or faults:
            raise NoEvent("/@context must be URIs of contexts, and objects that give prefixes absolute URIs")
        return prefixes

    # What it names

    def _things(self) -> dict[str, tuple[str, Kind]]:
        things: dict[str, tuple[str, Kind]] = {}
        for name, holds, role in _NAMING[self._type]:
            for place, text in self._named(name, holds):
                identifier, kind = self._resolved(text, place)
                if kind in (Kind.CLASS, Kind.LOT) and holds == "epc":
                    raise NoEvent(f"{place} names a class or a lot, not one thing")
                if kind is Kind.CLASS or (holds == "class" and kind is not Kind.LOT):
                    continue
                _check_reserved(identifier, place)
                things.setdefault(identifier, (role, kind))
        return things

    def _named(self, name: str, holds: str) -> Iterator[tuple[str, str]]:
        if name not in self._document:
            return
        if holds == "parent":
            yield f"/{name}", _text(self._document[name], f"/{name}")
            return
        for index, item in enumerate(_list(self._document[name], f"/{name}")):
            place = f"/{name}/{index}"
            if holds == "epc":
                yield place, _text(item, place)
            else:
                yield f"{place}/epcClass", _text(_object(item, place).get("epcClass"), f"{place}/epcClass")

    def _resolved(self, text: str, place: str) -> tuple[str, Kind]:
        full = self._expanded(text)
        try:
            found = None if full is None else resolved(full)
        except InvalidIdentifier:
            found = None
        if full is None or found is None:
            message = f"{place} must be a URI of at most {MOST_CHARACTERS} characters, and well-formed if it is GS1's"
            raise NoEvent(message)
        self._left += MOST_TIMES * len(text) - len(full)
        if self._left < 0:
            raise NoEvent(f"{place}: prefixes make names of too many characters out of few")
        return found

    def _expanded(self, text: str) -> str | None:
        """What a compact URI stands for, any other text itself; None where that is too long to name anything."""
        meaning, rest = "", text
        if not text.startswith(("urn:", "https:", "http:")):
            prefix, colon, local = text.partition(":")
            if colon and not local.startswith("//") and prefix in self._prefixes:
                meaning, rest = self._prefixes[prefix], local
        return meaning + rest if len(meaning) + len(rest) <= MOST_CHARACTERS else None

    # What happens to it

    def _moved(self) -> Movement:
        """What the event does to the custody of the goods that it is about; of a transformation, to its outputs.

        Everything that it can depend on is read first, so that what is refused does not depend on the business step.
        """
        is_error = "errorDeclaration" in self._document
        if is_error:
            _object(self._document["errorDeclaration"], "/errorDeclaration")
        word = self._word()
        sources, destinations = self._parties("source"), self._parties("destination")
        withheld, released = self._withheld()
        if is_error:
            return OBSERVED
        if self._type == "TransformationEvent":
            return Step.COMMISSION, None
        stated = BY_BIZ_STEP.get(word or "", Step.OBSERVE)
        if stated is Step.SHIP:
            recipient = _recipient(sources, destinations)
            return (stated, recipient) if recipient else OBSERVED
        if stated is Step.RECEIVE:
            return (stated, None) if _changes_hands(sources, destinations, word == "accepting") else OBSERVED
        if stated in (Step.COMMISSION, Step.DECOMMISSION) and self._type != "ObjectEvent":
            return OBSERVED
        return (stated if stated is not Step.OBSERVE else self._by_state(withheld, released)), None

    def _by_state(self, withheld: bool, released: bool) -> Step:
        if withheld or released:
            return Step.HOLD if withheld else Step.LIFT
        if self._type == "ObjectEvent":
            return {"ADD": Step.COMMISSION, "DELETE": Step.DECOMMISSION}.get(self._document["action"], Step.OBSERVE)
        return Step.OBSERVE

    def _word(self) -> str | None:
        if "bizStep" not in self._document:
            return None
        return self._in(BIZ_STEPS, _text(self._document["bizStep"], "/bizStep"))

    def _in(self, words: Vocabulary, text: str) -> str | None:
        return words.word(text) or words.word(self._expanded(text) or "")

    def _withheld(self) -> tuple[bool, bool]:
        """Whether a disposition under which things must not move on is set, and whether one is unset."""
        if "persistentDisposition" not in self._document:
            return False, False
        persistent = _object(self._document["persistentDisposition"], "/persistentDisposition")
        return self._sets(persistent, "set"), self._sets(persistent, "unset")

    def _sets(self, persistent: dict[str, Any], name: str) -> bool:
        place = f"/persistentDisposition/{name}"
        items = _list(persistent[name], place) if name in persistent else []
        texts = [_text(item, f"{place}/{index}") for index, item in enumerate(items)]
        return any(DISPOSITIONS.word(self._expanded(text) or "") in WITHHELD for text in texts)

    def _parties(self, member: str) -> dict[str, str]:
        """Parties by role on one side of a transfer; the first of each role counts."""
        name = f"{member}List"
        side: dict[str, str] = {}
        for index, item in enumerate(_list(self._document[name], f"/{name}") if name in self._document else ()):
            entry = _object(item, f"/{name}/{index}")
            type_ = _text(entry.get("type"), f"/{name}/{index}/type")
            place = f"/{name}/{index}/{member}"
            text = _text(entry.get(member), place)
            role = self._in(SOURCE_DEST_TYPES, type_)
            if role in _ROLES:
                identifier, _ = self._resolved(text, place)
                side.setdefault(role, party(identifier))
        return side


def _check_reserved(identifier: str, place: str) -> None:
    # In any spelling: to whoever reads a bundle, they look alike.
    looks = unquote(identifier[: 3 * len(RESERVED)]).lower()
    if looks.startswith(RESERVED):
        raise NoEvent(f"{place} has a name that is reserved for journals")
    if looks.startswith(RISK) and not _RISK_TRAIL.fullmatch(identifier):
        raise NoEvent(f"{place} has a name that is reserved for risk trails, and is none")


def _recipient(sources: Mapping[str, str], destinations: Mapping[str, str]) -> str | None:
    """The party that goods are offered to, unless it is the one that they come from."""
    role = next((role for role in _ROLES if role in destinations), None)
    return None if role is None or sources.get(role) == destinations[role] else destinations[role]


def _changes_hands(sources: Mapping[str, str], destinations: Mapping[str, str], unsaid: bool) -> bool:
    """Whether the parties on the two sides differ in some role; `unsaid` where the event names no party."""
    roles = sources.keys() | destinations.keys()
    return any(sources.get(role) != destinations.get(role) for role in roles) if roles else unsaid


def _text(value: Any, place: str) -> str:
    if type(value) is not str:
        raise NoEvent(f"{place} must be text")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if type(value) is not list:
        raise NoEvent(f"{place} must be an array")
    return value


def _object(value: Any, place: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise NoEvent(f"{place} must be an object")
    return value
