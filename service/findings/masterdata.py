"""What master data a case can use: what to ask for, and how to read what comes back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from service.epcis.identifiers import Kind
from service.findings.case import Case
from service.findings.places import coordinates
from service.findings.statements import MasterData
from service.findings.told import kind_of


def wanted(case: Case) -> set[str]:
    """Canonical identifiers of the places, things, classes of things and parties that the statements name."""
    found: set[str] = set(case.trails)
    for one in case.once:
        model = one.event.model if one.event else None
        if model is None:
            continue
        places = [place.id for place in (model.readPoint, model.bizLocation) if place]
        parties = [entry.source for entry in model.sourceList] + [entry.destination for entry in model.destinationList]
        found |= {one.name_of(identifier) for identifier in (*places, *parties)} | set(one.things)
    for trail in case.trails.values():
        found |= {one.statement.party for one in trail.told}
    return found | {whole for identifier in found if (whole := whole_of(identifier)) is not None}


def whole_of(identifier: str) -> str | None:
    """The class of a lot or item, or the GLN that a part of a place belongs to; None for what is whole."""
    kind = kind_of(identifier)
    if kind in (Kind.LOT, Kind.ITEM):
        match = re.fullmatch(r"(https://id\.gs1\.org/01/\d{14})/.*", identifier)
        return match[1] if match else None
    whole, extension, _ = identifier.partition("/254/")
    return whole if extension else None


def attributes_of(elements: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> MasterData:
    """Attributes as the store and EPCIS documents have them (`id`, `attribute`), by element, then by name.

    What comes first counts first: several parties may tell of one place.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for identifier, attributes in elements:
        for attribute in attributes:
            if "attribute" in attribute:
                found.setdefault(identifier, {}).setdefault(str(attribute["id"]), []).append(attribute["attribute"])
    return {one: {name: tuple(values) for name, values in told.items()} for one, told in found.items()}


def with_master_data(case: Case, masterdata: MasterData) -> Case:
    """The case with master data, and the places whose coordinates it tells; places that were given come first."""
    return replace(case, masterdata=masterdata, places={**coordinates(masterdata), **case.places})
