"""A story of lettuce under FSMA 204: harvested, cooled, packed, shipped on a pallet, received, made into salad."""

from typing import Any

from tests.findings.telling import Story, event, story

MDA = "urn:epcglobal:cbv:mda:"
FARM, COOLER, PACKER, DC, KITCHEN = (
    f"https://id.gs1.org/414/{gln}"
    for gln in ("9521321000018", "9521321000025", "9521321000032", "9521321000049", "9521321000056")
)
GROWER, PACKING, RETAIL = (
    f"https://id.gs1.org/417/{gln}" for gln in ("9521321000018", "9521321000032", "9521321000049")
)
HEADS = "https://id.gs1.org/01/09521321000018/10/FIELD-7"
PACKED = "https://id.gs1.org/01/09521321000025/10/L%2F55"
SALAD = "https://id.gs1.org/01/09521321000032/10/S1"
PALLET = "https://id.gs1.org/00/095210010000000017"
EX = "https://example.org/ns/"


def place(name: str, **more: str) -> dict[str, tuple[Any, ...]]:
    told = {"name": name, "streetAddressOne": "1 Main St", "city": "Salinas", "state": "CA", "postalCode": "93901"}
    told |= {"countryCode": "US", "telephone": "+1 831 555 0100"} | more
    return {MDA + attribute: (value,) for attribute, value in told.items() if value}


MASTER: dict[str, dict[str, tuple[Any, ...]]] = {
    FARM: place("Green Acres Farm"),
    COOLER: place("Valley Cooling"),
    PACKER: place('=HYPERLINK("http://x")'),
    DC: place("Retail DC", telephone=""),
    KITCHEN: place("Deli Kitchen"),
    GROWER: place("Green Acres Inc"),
    RETAIL: place("Retail Corp"),
    "https://id.gs1.org/01/09521321000025": {
        MDA + "descriptionShort": ("Romaine lettuce",),
        MDA + "brandName": ("Acres",),
        "https://gs1.org/voc/packagingSize": ({"@value": "24 count"},),
        "https://gs1.org/voc/packagingStyle": ("carton",),
    },
    "https://id.gs1.org/01/09521321000018": {
        MDA + "descriptionShort": ("Lettuce heads",),
        MDA + "variety": ("Romaine",),
    },
}


def po(number: str) -> dict[str, Any]:
    return {"bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9521321000018:{number}"}]}


def to(side: str, where: str, party: str) -> dict[str, Any]:
    return {
        f"{side}List": [{"type": "location", side: where}, {"type": "possessing_party", side: party}],
    }


def amount(thing: str, quantity: float, uom: str = "LBR") -> list[dict[str, Any]]:
    return [{"epcClass": thing, "quantity": quantity, "uom": uom}]


def harvested(**members: Any) -> dict[str, Any]:
    field: dict[str, Any] = {"ex:growingArea": "Field 7 North"}
    return event(0, EX + "harvesting", action="ADD", where=FARM, quantityList=amount(HEADS, 1200),
                 **field, **to("destination", COOLER, GROWER), **po("H-1"), **members)  # fmt: skip


def lettuce() -> Story:
    return story(
        (GROWER, harvested()),
        (GROWER, event(2, where=COOLER, quantityList=amount(HEADS, 1200), **{"ex:cte": "cooling"}, **po("C-1"))),
        (PACKING, event(20, "receiving", where=PACKER, quantityList=amount(HEADS, 1200),
                        **to("source", FARM, GROWER), **po("R-1"))),
        (PACKING, event(24, type="TransformationEvent", where=PACKER, inputQuantityList=amount(HEADS, 1200),
                        outputQuantityList=amount(PACKED, 1100), **{"ex:cte": "initial packing"}, **po("P-1"))),
        (PACKING, event(25, "packing", type="AggregationEvent", action="ADD", parentID=PALLET,
                        childQuantityList=amount(PACKED, 600.5))),
        (PACKING, event(26, "shipping", where=PACKER, epcList=[PALLET], **to("destination", DC, RETAIL), **po("S-1"))),
        (RETAIL, event(30, "receiving", where=DC, epcList=[PALLET], **to("source", PACKER, PACKING),
                       **to("destination", DC, RETAIL), **po("S-1"))),
        (RETAIL, event(31, "unpacking", type="AggregationEvent", action="DELETE", parentID=PALLET,
                       childQuantityList=amount(PACKED, 600.5))),
        (RETAIL, event(50, type="TransformationEvent", where=KITCHEN, inputQuantityList=amount(PACKED, 100),
                       outputQuantityList=amount(SALAD, 90))),
    )  # fmt: skip
