"""What late rates are kept for: the lanes that a plan runs over, who booked it, what it carries, and their crosses.

`ml.lanes` names the lanes; this room writes them as text (`kind`, `lane`) for the store and adds those that only the
ledger knows. A rate that the model does not use is still counted: scorecards and models trained on the ledger do.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ml.identifiers import class_of
from ml.lanes import Count, Lane, LaneRates, lanes
from ml.lenient import many, text
from ml.shipment import Shipment
from ml.usual import Sums, UsualTimes, times

ALL = ("all", "")
"""The lane that every shipment runs over."""
_MOST_PRODUCTS = 8
_MOST_LANES = 200
Key = tuple[str, str]


def keys(shipment: Shipment, party: bytes, products: Iterable[str] = ()) -> list[Key]:
    """Every group that the outcome of a shipment counts for, each once."""
    found = [ALL, *(written(lane) for lane in lanes(shipment))][:_MOST_LANES]
    who, destination = party.hex(), shipment.destination
    found.append(("party", who))
    if destination is not None:
        found.append(("party,destination", f"{who},{destination}"))
    for product in products:
        found.append(("product", product))
        found.append(("party,product", f"{who},{product}"))
        if destination is not None:
            found.append(("product,destination", f"{product},{destination}"))
    return list(dict.fromkeys(found))


def written(lane: tuple[str, int, int]) -> Key:
    """A lane of `ml.lanes` as the store keeps it."""
    return lane[0], ",".join(str(place) for place in lane[1:])


def time_keys(shipment: Shipment) -> set[Key]:
    """The kinds and places whose usual times a shipment is measured by (`ml.usual`)."""
    return {written(key) for _, keys in times(shipment) for key in keys.values()}


def told_times(shipment: Shipment) -> dict[Key, Sums]:
    """What a delivered shipment tells of usual times."""
    alone = UsualTimes()
    alone.add(shipment)
    return {written(key): sums for key, sums in alone.sums.items()}


def rates_of(
    shipments: Iterable[Shipment],
    counts: Mapping[Key, tuple[int, int]],
    sums: Mapping[Key, tuple[int, ...]],
    basis: LaneRates,
) -> LaneRates:
    """The rates of these shipments' lanes: what the model was trained with, and the outcomes that are known since."""
    seen, late = counts.get(ALL, (0, 0))
    total = Count(basis.total.seen + seen, basis.total.late + late)
    found: dict[Lane, Count] = {}
    usual: dict[tuple[str, int, int], Sums] = {}
    for shipment in shipments:
        for lane in lanes(shipment):
            if lane not in found:
                trained, (more, later) = basis.counts.get(lane, Count()), counts.get(written(lane), (0, 0))
                found[lane] = Count(trained.seen + more, trained.late + later)
        for _, keys in times(shipment):
            for key in keys.values():
                if key not in usual:
                    usual[key] = basis.times.sums.get(key, Sums()) + Sums(*sums.get(written(key), ()))
    return LaneRates(total, found, UsualTimes(usual))


def products_of(booking: Mapping[str, Any]) -> list[str]:
    """The GTINs of what a booking names: its items, and the classes of its quantities."""
    named = [text(epc) for epc in many(booking.get("epcList"))[:1000]]
    elements = many(booking.get("quantityList"))[:1000]
    named += [text(element.get("epcClass")) for element in elements if isinstance(element, Mapping)]
    found = dict.fromkeys(class_of(one) for one in named if one)
    return [one.removeprefix("01/") for one in found if one.startswith("01/") and len(one) == 17][:_MOST_PRODUCTS]
