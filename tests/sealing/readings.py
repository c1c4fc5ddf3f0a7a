"""Documents for two readers to agree on: valid events, and structural mutations of them."""

import copy
from functools import cache
from random import Random
from typing import Any

from tests.epcis.examples import EVENTS, varied

_CONTEXT = {"example": "https://ns.example.com/epcis/", "p": "urn:epc:id:pgln:", "k": "https://id.gs1.org/01/"}
_SELLER, _BUYER = "urn:epc:id:pgln:4000001.00000", "https://id.gs1.org/417/4000001000012"


def transfer(role: str, source: str, destination: str) -> dict[str, Any]:
    """Members that say who gives and who gets."""
    return {
        "sourceList": [{"type": role, "source": source}],
        "destinationList": [{"type": role, "destination": destination}],
    }


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """Events that show every row of the step table."""
    steps = ("commissioning", "shipping", "consigning", "receiving", "accepting", "decommissioning", "destroying",
             "holding", "inspecting", "urn:epcglobal:cbv:bizstep:shipping", "cbv:BizStep-receiving",
             "https://ref.gs1.org/cbv/BizStep-accepting")  # fmt: skip
    roles = ("possessing_party", "owning_party", "location", "cbv:SDT-owning_party")
    found: list[dict[str, Any]] = []
    for event in EVENTS:
        for number, step in enumerate(steps):
            role = roles[number % len(roles)]
            found.append(varied(event, bizStep=step, **{"@context": _CONTEXT}, **transfer(role, _SELLER, _BUYER)))
        found.append(varied(event, persistentDisposition={"set": ["recalled"], "unset": ["cbv:Disp-expired"]}))
        found.append(varied(event, persistentDisposition={"unset": ["example:x", "urn:epcglobal:cbv:disp:stolen"]}))
        found.append(varied(event, errorDeclaration={"declarationTime": "2026-03-02T10:00:00Z"}))
    return tuple(found)


_TEXTS = (
    "", "a", "urn:x:1", "URN:X:1", "urn:", "urn:epc:id:sgtin:4012345.011111.1", "URN:EPC:id:sgtin:4012345.011111.1",
    "urn:epc:id:SGTIN:4012345.011111.1", "urn:epc:id:sgtin:4012345.011111.*", "urn:epc:idpat:sgtin:4012345.044444.*",
    "urn:epc:class:lgtin:4012345.012345.Lot987", "urn:epc:id:sgtin:4012345.011111.a%2Fb", "urn:epc:id:sgtin:4012345.0",
    "urn:epc:id:sgtin:401234.5011111.%41", "urn:epc:id:sscc:4012345.3111111111", "urn:epc:id:sgln:4012345.00011.0",
    "urn:epc:id:sgln:4012345.00011.x", "urn:epc:id:sgln:401234500011..0", "urn:epc:id:pgln:4000001.00001",
    "urn:epc:id:grai:4012345.00022.334455", "urn:epc:id:giai:4000001.12345", "urn:epc:id:giai:4000001.a.b%23",
    "urn:epc:id:gdti:4012345.00022.A1", "urn:epc:id:sgcn:4012345.00022.77", "urn:epc:id:gsrn:4012345.1234567890",
    "urn:epc:id:gsrnp:4012345.1234567890", "urn:epc:id:gsin:4012345.123456789", "urn:epc:id:ginc:4012345.xyz",
    "urn:epc:id:cpi:4012345.AB-1.77", "urn:epc:id:cpi:4012345.AB%2F1.77", "urn:epc:id:itip:4012345.011111.01.02.x",
    "urn:epc:id:upui:4012345.011111.abc", "urn:epc:id:gid:1.2.3", "urn:epc:id:gid:01.2.3", "urn:epc:id:usdod:2S194.1",
    "urn:epc:id:adi:2S194..x", "urn:epc:id:adi:2S194.P-1.%23x%2f", "urn:epc:id:bic:CSQU3054383",
    "urn:epc:id:bic:CSQU3054384", "urn:epc:id:imovn:9074729", "urn:epc:id:imovn:9074720", "urn:epc:tag:x:1",
    "urn:epc:id:sgtin:4012345.01111٣.1", "https://id.gs1.org/01/04012345111118/21/1",
    "https://id.gs1.org/01/04012345111118/10/Lot", "https://id.gs1.org/01/04012345111118",
    "https://id.gs1.org/01/04012345111118/22/v/10/Lot/21/1?x=y#z", "https://id.gs1.org/01/04012345111117/21/1",
    "HTTPS://ID.GS1.ORG/01/04012345111118/21/1/", "https://u:p@id.gs1.org:443/01/04012345111118/21/1",
    "https://a@b@brand.example/x/gtin/4012345111118/ser/1", "https://brand.example/01/4012345111118",
    "https://brand.example/01/04012345111118/21/a%20b", "https://brand.example/01/04012345111118/21/a%FFb",
    "https://brand.example/a/b/c/d/e/f/g/h/i/j/k/01/04012345111118/21/1", "https://id.gs1.org/", "https://id.gs1.org/x",
    "https://[::1]/01/04012345111118", "https://brand.example:/00/340123451111111111", "https://brand.example/8003/0",
    "https://brand.example/8003/04012345000221334455", "https://id.gs1.org/8003/14012345000221334455",
    "https://id.gs1.org/8006/040123451111180102/21/x", "https://id.gs1.org/8010/4012345AB-1/8011/77",
    "https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", "https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2L",
    "https://id.gs1.org/8017/401234512345678901/8019/5", "https://id.gs1.org/8018/401234512345678901",
    "https://id.gs1.org/414/4012345000115/254/0", "https://id.gs1.org/414/4012345000115/254/7",
    "https://id.gs1.org/414/4012345000115", "https://id.gs1.org/417/4012345000115/7040/1ABC",
    "https://id.gs1.org/253/4012345000221A1", "https://id.gs1.org/255/401234500022177", "https://id.gs1.org/401/4012x",
    "https://id.gs1.org/402/40123451234567899", "https://id.gs1.org/8004/4000001x'();=", "https://id.gs1.org/235/x",
    "https://id.gs1.org/01/04012345111118/21/1/21/2", "https://id.gs1.org/01/04012345111118/21",
    "https://id.gs1.org/01/04012345111118/235/x/21/y", "https://id.gs1.org//01/04012345111118/21/1",
    "k:04012345111118/21/9", "p:4000001.00001", "example:thing", "example://thing", "nobody:thing",
    "cbv:BizStep-shipping",
    "cbv:SDT-possessing_party", "shipping", "Shipping", "possessing_party", "owning_party", "recalled",
    "cbv:Disp-recalled", "urn:trailseal:journal:x", "URN:TRAILSEAL:%4aournal:x", "urn:trailseal:journa", "__proto__",
    "urn:trailseal:risk:0x" + 32 * "a9", "urn:trailseal:risk:0x" + 32 * "A9", "urn:trailseal:risk:x",
    "urn:%74railseal:risk:0x" + 32 * "a9", "urn:trailseal:risk:0x" + 32 * "a9" + "\n",
    "constructor", "__proto__:x", "toString:x", "https://x.example/%zz", "https://x.example/%", "a b:c", "é:x",
    "urn:é", "urn:x:\U0001f4e6", "urn:x:1\n", "\u202eurn:x:1", "urn:\x00", "ObjectEvent", "TransformationEvent", "ADD",
    "DELETE", "OBSERVE", "K:x", "ＨTTP",
)  # fmt: skip
_NAMES = (
    "type", "action", "bizStep", "epcList", "quantityList", "parentID", "childEPCs", "childQuantityList",
    "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "sourceList", "destinationList",
    "persistentDisposition", "set", "unset", "errorDeclaration", "@context", "@id", "epcClass", "source",
    "destination", "__proto__", "constructor", "hasOwnProperty", "toString", "get", "urn", "http", "HTTPS", "cbv", "p",
    "a:b", "@vocab", "", "é", "\U0001f4e6", "\uffee",
)  # fmt: skip
_CONTEXTS: tuple[Any, ...] = (
    None, "https://x.example/", "no uri", [], {}, 7, ["https://x.example/", {"p": "urn:q:"}], [[{}]],
    {"__proto__": "https://proto.example/", "constructor": "urn:c:"}, {"urn": "urn:x:"}, {"File": "urn:x:"},
    {"p": {"@id": "urn:epc:id:pgln:", "@prefix": True}}, {"p": {"@id": 7}}, {"p": "no uri"}, {"a:b": 7, "@vocab": 7},
    {"cbv": "https://own.example/"}, {"": "https://empty.example/"}, {"example": "urn:epc:id:sgtin:4012345.011111."},
)  # fmt: skip


def value(random: Random, depth: int = 3) -> Any:
    """Any JSON value that RFC 8785 can write."""
    kind = random.randrange(9 if depth else 7)
    if kind < 4:
        return random.choice(_TEXTS)
    if kind == 4:
        return random.choice((None, True, False))
    if kind == 5:
        return random.choice((0, -1, 1.5, 1e21, 1e-7, 5e-324, 2**53 - 1, 1.7976931348623157e308, 0.1 + 0.2))
    if kind == 6:
        return copy.deepcopy(random.choice(_CONTEXTS))
    count = random.randrange(4)
    if kind == 7:
        return [value(random, depth - 1) for _ in range(count)]
    return {random.choice(_NAMES): value(random, depth - 1) for _ in range(count)}


def mutated(random: Random, among: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """One of the documents with up to three changes at any depth."""
    document = copy.deepcopy(random.choice(among))
    for _ in range(random.randrange(4)):
        _change(random, document)
    return document


def _change(random: Random, document: dict[str, Any]) -> None:
    place: Any = document
    while True:
        inner = [
            item for item in (place.values() if isinstance(place, dict) else place) if isinstance(item, dict | list)
        ]
        if not inner or random.random() < 0.4:
            break
        place = random.choice(inner)
    if isinstance(place, dict):
        name = random.choice([*place, random.choice(_NAMES)]) if random.random() < 0.7 else random.choice(_NAMES)
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = _changed(random, place.get(name))
    elif place and random.random() < 0.6:
        index = random.randrange(len(place))
        place[index] = _changed(random, place[index])
    else:
        place.append(value(random))


def _changed(random: Random, former: Any) -> Any:
    if isinstance(former, str) and former and random.random() < 0.4:
        at = random.randrange(len(former))
        sign = random.choice("/.:%?#@*0123456789aZ-_ \x7fé")
        return random.choice((former[:at] + former[at + 1 :], former[:at] + sign + former[at:], former[:at]))
    if isinstance(former, list) and random.random() < 0.3:
        return [*former, random.choice(_TEXTS)]
    if isinstance(former, list | dict) and random.random() < 0.3:
        return copy.deepcopy(random.choice(_CONTEXTS))
    return value(random)
