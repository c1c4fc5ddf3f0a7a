"""Reads across tenants: a member without any part in the victim's trails asks every operation of the API for them.

The operations are those of the OpenAPI document, so a new one is asked by default; one whose parameters nobody here
knows how to fill in counts as an attack that succeeded, until somebody teaches this module.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import orjson

from bench.attacks.registry import Adversary, Outcome, Undefended, attack, survived
from bench.attacks.undoing import both, replaced
from bench.attacks.victim import PARAMETERS, Victim, body_of, victim

if TYPE_CHECKING:
    from bench.attacks.world import World

_CONTINUOUS = ("/v1/stream",)
"""Operations that answer for ever: they have attacks of their own."""
_FAMILIES: Mapping[str, str] = {
    "trails": r"/v1/(trail|trails|events)$|/v1/trail/(bundle|journey)$",
    "audits": r"/v1/trail/(audit|fsma204)$",
    "events": r"/epcis/events|/epcis/(eventTypes|epcs|bizSteps|bizLocations|readPoints|dispositions)",
    "queries": r"/epcis/queries",
    "captures": r"/v1/captures|/epcis/capture",
    "vocabularies": r"/epcis/vocabularies",
    "risk": r"/v1/risk",
    "recalls": r"/v1/(recalls|traces)",
    "notices": r"/v1/notices",
    "keys": r"/v1/(signing-keys|api-keys)",
    "grants": r"/v1/grants",
    "erasures": r"/v1/erasures",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the OpenAPI document."""

    method: str
    path: str
    spec: Mapping[str, Any]

    def request(self, victim: Victim) -> tuple[str, dict[str, Any]]:
        """Path with query, and the rest of a request that asks for what is the victim's.

        Raises:
            LookupError: nobody knows what to fill in for a required parameter.
        """
        path, query = self.path, {}
        for parameter in self.spec.get("parameters", ()):
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(_value(self, name, victim), safe=""))
            elif place == "query" and (parameter.get("required") or name in PARAMETERS):
                query[name] = _value(self, name, victim)
        path = re.sub(r"\{(\w+)\}", lambda found: quote(_value(self, found[1], victim), safe=""), path)
        body = body_of(self, victim) if "requestBody" in self.spec else None
        asked: dict[str, Any] = {} if body is None else {"json": body}
        return path + ("?" + str(httpx.QueryParams(query)) if query else ""), asked


def _value(operation: Operation, name: str, victim: Victim) -> str:
    if name not in PARAMETERS:
        raise LookupError(f"{operation.method} {operation.path} has a parameter {name} that this attack does not know")
    return PARAMETERS[name](victim)


def operations(world: "World", family: str | None = None) -> list[Operation]:
    """Every operation, or those of a family."""
    pattern = re.compile(_FAMILIES[family] if family else "")
    return [
        Operation(method.upper(), path, spec)
        for path, methods in world.app.openapi()["paths"].items()
        if pattern.match(path) and path not in _CONTINUOUS
        for method, spec in methods.items()
        if method in {"get", "post", "put", "delete", "patch"}
    ]


async def swept(world: "World", family: str | None = None) -> Outcome:
    """Asks all operations as a stranger; survived where no answer tells anything of the victim's that was not asked."""
    secret, asked = await victim(world), 0
    for operation in operations(world, family):
        path, request = operation.request(secret)
        answer = await world.call("stranger", operation.method, path, **request)
        asked += 1
        known = path + orjson.dumps(request.get("json")).decode()
        leaked = [canary for canary in secret.canaries if canary in answer.text and canary not in known]
        if leaked or answer.status_code >= 500:
            told = f"told {leaked[0]}" if leaked else f"answered {answer.status_code}: {answer.text[:120]}"
            return survived(False, f"{operation.method} {operation.path} {told}")
    return survived(await secret.unharmed(world), f"{asked} operations told nothing, and did no harm")


def as_the_victim(*places: str, victim: str = "supplier") -> Undefended:
    """Functions of the store take the victim for the asker: what they filter by the asker's party, they do no more."""

    def undo(world: "World") -> Any:
        stranger, other = world.members["stranger"], world.members[victim]

        def seen(value: Any) -> Any:
            if value == stranger.party:
                return other.party
            if getattr(value, "party", None) == stranger.party and hasattr(value, "sees_all"):
                return type(value)(other.party, value.sees_all)
            return value

        def make(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def asked(*given: Any, **named: Any) -> Any:
                return function(*map(seen, given), **{name: seen(value) for name, value in named.items()})

            return asked

        return both(*(replaced(place, make) for place in places))(world)

    return undo


_STORE = "service.store"
_BY_FAMILY: Mapping[str, tuple[str, str, Undefended]] = {
    "trails": (
        "trails, journeys, events and bundles",
        "`store.trails.VISIBLE`: a trail is there for those who have a part in it",
        replaced(f"{_STORE}.trails:VISIBLE", lambda there: f"(true OR {there})"),
    ),
    "events": (
        "events and values by the EPCIS bindings",
        "`store.queries.find`, `store.values`: by the asker's party",
        as_the_victim(f"{_STORE}.queries:find", f"{_STORE}.values:values", f"{_STORE}.queries:by_id"),
    ),
    "queries": (
        "named queries and webhook subscriptions",
        "`store.subscriptions.named_query`: a name is its party's own",
        as_the_victim(f"{_STORE}.subscriptions:named_query", f"{_STORE}.subscriptions:named_queries"),
    ),
    "captures": (
        "captures",
        "`store.captures.capture_by_id`, `captures_before`: by the asker's party",
        as_the_victim(f"{_STORE}.captures:capture_by_id", f"{_STORE}.captures:captures_before"),
    ),
    "vocabularies": (
        "master data",
        "`store.masterdata`: by the asker's party",
        as_the_victim(f"{_STORE}.masterdata:elements"),
    ),
    "recalls": (
        "traces and recalls",
        "`recall.recalls`: one's own, for auditors and regulators everybody's",
        replaced("service.parties.caller:Caller.sees_all", lambda _: property(lambda _self: True)),
    ),
    "notices": (
        "notices",
        "`store.notices`: by the asker's party",
        as_the_victim(f"{_STORE}.notices:notice", f"{_STORE}.notices:notices_of", victim="buyer"),
    ),
    "keys": (
        "signing keys and API keys",
        "`store.api_keys`, `store.signing_keys`: by the asker's party",
        as_the_victim(f"{_STORE}.api_keys:api_keys", f"{_STORE}.signing_keys:signing_keys"),
    ),
    "grants": (
        "grants",
        "`store.parties.grants`: by the asker's party",
        as_the_victim(f"{_STORE}.parties:grants"),
    ),
    "erasures": (
        "erasures",
        "`store.erasure`: by the asker's party",
        as_the_victim(f"{_STORE}.erasure:erasures_by_party"),
    ),
}


def _enter(family: str, what: str, where: str, undefended: Undefended) -> None:
    @attack(
        f"cross-tenant-{family}",
        f"A member asks for another's {what}",
        guarantee="G5",
        adversary=Adversary.TENANT,
        without="competitors read each other's suppliers, volumes and customers",
        where=where,
        undefended=undefended,
    )
    async def _(world: "World") -> Outcome:
        return await swept(world, family)


@attack(
    "cross-tenant-every-operation",
    "A member asks every operation of the OpenAPI document for what is another's, and tries to change it",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a new endpoint that forgets to ask whose things these are tells them to everybody",
    where="each room's own filter; here `store.captures.capture_by_id`",
    undefended=as_the_victim(f"{_STORE}.captures:capture_by_id"),
)
async def _every_operation(world: "World") -> Outcome:
    return await swept(world)


for _family, _entry in _BY_FAMILY.items():
    _enter(_family, *_entry)


@attack(
    "existence-told-by-refusals",
    "A member learns from the refusals which things exist",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="who trades with whom follows from which identifiers answer 403",
    where="`TrailNotFound`, `EventNotFound`, `CaptureNotFound`…: 404 as for what does not exist",
    undefended=both(
        as_the_victim(f"{_STORE}.captures:capture_by_id"),
        replaced(f"{_STORE}.trails:VISIBLE", lambda there: f"(true OR {there})"),
    ),
)
async def _existence(world: "World") -> Outcome:
    secret = await victim(world)
    nobody = secret.twin()
    for operation in operations(world):
        if operation.method != "GET":
            continue
        told = []
        for asked in (secret, nobody):
            path, _ = operation.request(asked)
            answer = await world.call("stranger", "GET", path)
            told.append((answer.status_code, answer.json().get("title") if answer.status_code >= 400 else None))
        if told[0] != told[1]:
            return survived(False, f"{operation.path}: {told[0]} for what exists, {told[1]} for what does not")
    return survived(True, "what is another's answers as what does not exist")
