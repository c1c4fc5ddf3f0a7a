"""A member with secrets in every room, and how to ask for them: what the reads across tenants are after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import orjson

from service.recall import Grower
from service.risk.alerts import noticed
from service.store.risk import AssessmentRow, save_assessments

if TYPE_CHECKING:
    from bench.attacks.world import World

CANARY = "kanarienvogel"
_MASTER_DATA = "urn:epcglobal:epcis:vtype:BusinessLocation"
_PLACE = "https://id.gs1.org/414/9521141000007"


class _Asks(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Victim:
    """Names of what is the victim's; `canaries` are texts that no stranger's answer may have, unless it asked so."""

    item: str
    event: str
    capture: str
    query: str
    subscription: str
    recall: str
    notice: str
    recovery: str
    api_key: str
    address: str
    party: str
    place: str
    bystander: str
    watchlist: str
    alert: str
    assessment: str
    canaries: tuple[str, ...]

    def twin(self) -> "Victim":
        """The same names of things that do not exist."""
        digits = f"{uuid4().int % 10**12:012d}"
        return replace(
            self,
            item=f"{self.item}{digits[:5]}",
            event=f"{self.event}{digits}",
            capture=str(uuid4()),
            query=f"{self.query}{digits}",
            subscription=str(uuid4()),
            recall=str(uuid4()),
            notice=str(uuid4()),
            recovery=str(uuid4()),
            api_key=uuid4().hex[:16],
            address=f"0x{uuid4().hex}{uuid4().hex[:8]}",
            watchlist=str(uuid4()),
            alert=str(uuid4()),
            assessment=str(uuid4()),
        )

    async def unharmed(self, world: "World") -> bool:
        """Whether everything is still there for its owner."""
        for path in (
            f"/v1/captures/{self.capture}",
            f"/epcis/queries/{self.query}/subscriptions/{self.subscription}",
            f"/v1/recalls/{self.recall}",
            f"/v1/risk/watchlists/{self.watchlist}",
            f"/v1/risk/alerts/{self.alert}",
        ):
            if (await world.call("supplier", "GET", path)).status_code != 200:
                return False
        recall = (await world.call("supplier", "GET", f"/v1/recalls/{self.recall}")).json()
        keys = (await world.call("supplier", "GET", "/v1/signing-keys")).json()["items"]
        api_keys = (await world.call("supplier", "GET", "/v1/api-keys")).json()["items"]
        standing = all(key["revokedAt"] is None for key in [*keys, *api_keys])
        return standing and recall.get("closedAt") is None


PARAMETERS: Mapping[str, Callable[[Victim], str]] = {
    "identifier": lambda victim: victim.item,
    "eventID": lambda victim: victim.event,
    "capture": lambda victim: victim.capture,
    "captureID": lambda victim: victim.capture,
    "queryName": lambda victim: victim.query,
    "subscriptionID": lambda victim: victim.subscription,
    "eventType": lambda _: "ObjectEvent",
    "epc": lambda victim: victim.item,
    "bizStep": lambda _: "inspecting",
    "bizLocation": lambda victim: victim.place,
    "readPoint": lambda victim: victim.place,
    "disposition": lambda _: "in_progress",
    "shipment": lambda victim: victim.item,
    "recall": lambda victim: victim.recall,
    "notice": lambda victim: victim.notice,
    "party": lambda victim: victim.party,
    "address": lambda victim: victim.address,
    "key": lambda victim: victim.api_key,
    "token": lambda _: "eyJ9",
    "recovery": lambda victim: victim.recovery,
    "watchlist": lambda victim: victim.watchlist,
    "alert": lambda victim: victim.alert,
    "assessment": lambda victim: victim.assessment,
    "model": lambda _: "0" * 64,
}
"""What to fill in for a parameter of this name, wherever it is."""


def body_of(operation: _Asks, victim: Victim) -> Any:
    """The example that the document has of the operation's body, with the victim's names in it."""
    (content, *_) = operation.spec["requestBody"]["content"].values()
    example = content.get("example")
    if example is None:
        example = next(iter(content.get("examples", {"none": {"value": {}}}).values()))["value"]
    if not isinstance(example, dict | list):
        return {}
    text = orjson.dumps(example).decode()
    for known in ("https://id.gs1.org/00/095210010000000017", "urn:epc:id:sgtin:9521141.012345.1"):
        text = text.replace(known, victim.item)
    body = orjson.loads(text)
    if operation.path == "/v1/erasures":
        body = {"eventID": victim.event, "reason": "curiosity"}
    if operation.path in ("/v1/traces", "/v1/recalls"):
        body = {"things": [victim.item], **({"reason": "curiosity"} if operation.path == "/v1/recalls" else {})}
    return body


async def victim(world: "World") -> Victim:
    """The supplier with its secrets, made once."""
    if "victim" not in world.kept:
        world.kept["victim"] = await _made(world)
    found: Victim = world.kept["victim"]
    return found


async def _made(world: "World") -> Victim:
    from bench.attacks.world import seen, shipped

    thing = f"https://id.gs1.org/01/09521141234563/21/{CANARY}1"
    await world.seal("supplier", seen(thing, action="ADD", bizStep="commissioning"))
    event = seen(
        thing, eventID=f"https://example.org/{CANARY}-2", bizLocation={"id": _PLACE}, disposition="in_progress"
    )
    event |= {"readPoint": {"id": _PLACE}, "example:note": f"{CANARY}-3"}
    document = _document(event)
    accepted = await world.call("supplier", "POST", "/v1/captures", content=orjson.dumps(document), headers=_JSON)
    assert accepted.status_code == 202, accepted.text
    await world.settle()
    await world.seal("supplier", shipped(thing, "buyer"))
    query = await world.call(
        "supplier", "POST", "/epcis/queries", json={"name": f"{CANARY}4", "query": {"EQ_bizStep": ["inspecting"]}}
    )
    assert query.status_code == 201, query.text
    hook = {"dest": f"https://example.com/{CANARY}5", "signatureToken": "x" * 40, "stream": True}
    subscribed = await world.call("supplier", "POST", f"/epcis/queries/{CANARY}4/subscriptions", json=hook)
    assert subscribed.status_code == 201, subscribed.text
    recalled = await world.call(
        "supplier", "POST", "/v1/recalls", json={"things": [thing], "reason": f"{CANARY}-6", "hold": False}
    )
    assert recalled.status_code == 201, recalled.text
    notices = await _noticed(world)
    keys = (await world.call("supplier", "GET", "/v1/signing-keys")).json()["items"]
    made = await world.call(
        "supplier", "POST", "/v1/api-keys", json={"label": f"{CANARY}-7", "scopes": ["captures:read"]}
    )
    assert made.status_code == 201, made.text
    granted = await world.call("supplier", "PUT", f"/v1/grants/0x{world.members['carrier'].party.hex()}")
    assert granted.status_code == 200, granted.text
    gone = seen(thing, eventID=f"https://example.org/{CANARY}-8")
    await world.seal("supplier", gone)
    erased = await world.call(
        "supplier", "POST", "/v1/erasures", json={"eventID": gone["eventID"], "reason": f"{CANARY}-9"}
    )
    assert erased.status_code in (200, 201), erased.text
    await world.settle()
    watchlist, alert, assessment = await _watched(world, thing)
    receipt = accepted.json()
    return Victim(
        item=thing,
        event=event["eventID"],
        capture=receipt["captureID"],
        query=f"{CANARY}4",
        subscription=subscribed.json()["subscriptionID"],
        recall=recalled.json()["recallID"],
        notice=notices[0],
        recovery=str(uuid4()),
        api_key=made.json()["id"],
        address=keys[0]["address"],
        party=f"0x{world.members['supplier'].party.hex()}",
        place=_PLACE,
        bystander=f"0x{world.members['carrier'].party.hex()}",
        watchlist=watchlist,
        alert=alert,
        assessment=assessment,
        canaries=(
            CANARY,
            receipt["captureID"],
            receipt["parts"][0]["id"],
            keys[0]["address"],
            made.json()["id"],
            recalled.json()["recallID"],
            _PLACE,
            f"0x{world.trail(thing).hex()}",
            granted.json()["createdAt"],
            watchlist,
            alert,
            assessment,
            *notices,
        ),
    )


_JSON = {"Content-Type": "application/json"}


async def _noticed(world: "World") -> list[str]:
    """The ids of the buyer's notices, once the recall has grown to it."""
    grower = Grower(world.database, pause_seconds=0)
    while await grower.step():
        pass
    told = (await world.call("buyer", "GET", "/v1/notices")).json()
    return [one["noticeID"] for one in told["items"]]


async def _watched(world: "World", thing: str) -> tuple[str, str, str]:
    """The ids of a watchlist, an alert with a disposition, and the assessment that raised it."""
    listed = {"name": f"{CANARY}-11", "entries": [{"kind": "shipment", "value": thing}]}
    made = await world.call("supplier", "POST", "/v1/risk/watchlists", json=listed)
    assert made.status_code == 201, made.text
    policy = {"alerts": True, "inspectionShare": 0.5, "webhook": {"dest": f"https://example.com/{CANARY}12"}}
    assert (await world.call("supplier", "PUT", "/v1/risk/policy", json=policy)).status_code == 200
    now = datetime.now(UTC)
    known = {
        "id": uuid4(), "trail": world.trail(thing), "as_of": now, "probability": 0.9, "band": "high", "stage": "hub",
        "reasons": "[]", "model_hash": "ab" * 32, "input_hash": "cd" * 32, "party": world.members["supplier"].party,
    }  # fmt: skip
    row = AssessmentRow(**{name: known.get(name) for name in AssessmentRow._fields})  # type: ignore[arg-type]
    async with world.database.session() as session:
        await save_assessments(session, [row])
        late = now.replace(hour=23, minute=59)
        await noticed(session, [row], world.settings.consortium_secret.get_secret_value(), now=late)
    (alert,) = (await world.call("supplier", "GET", "/v1/risk/alerts")).json()["items"]
    said = await world.call(
        "supplier", "POST", f"/v1/risk/alerts/{alert['alertID']}/dispositions",
        json={"verdict": "acted", "note": f"{CANARY}-13"},
    )  # fmt: skip
    assert said.status_code == 201, said.text
    return made.json()["watchlistID"], alert["alertID"], str(row.id)


def _document(*events: dict[str, Any]) -> dict[str, Any]:
    vocabulary = {
        "type": _MASTER_DATA,
        "vocabularyElementList": [
            {"id": _PLACE, "attributes": [{"id": "urn:epcglobal:cbv:mda#name", "attribute": f"{CANARY}-10"}]}
        ],
    }
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"example": "https://example.org/epcis/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}},
        "epcisBody": {"eventList": list(events)},
    }
