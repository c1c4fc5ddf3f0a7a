"""Attacks on those who come with an API key, or pretend to: guessing, escalation, reuse, and others' signatures."""

import dataclasses
import secrets
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import orjson

from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.tenants import as_the_victim
from bench.attacks.undoing import both, replaced
from bench.attacks.world import World, document, item, seen
from service.capture.errors import SignatureRefused
from service.capture.receipts import SignedDocument
from service.epcis.query.language import parse_query
from service.errors import TrailsealError
from service.parties.credentials import Credentials
from service.parties.errors import BadExpiry, BadProof, PartyIsSuspended, ScopeTooWide, Unauthenticated
from service.parties.possession import digest_of
from service.parties.signing_keys import SigningKeys
from service.queries.errors import BadPageToken
from service.sealing.signing import address_of, sign
from service.sealing.typeddata import domain_separator, signing_digest
from service.store.stream import Place

_JSON = {"Content-Type": "application/json"}


async def _refused(call: Any, kind: type[TrailsealError]) -> Outcome:
    """Survived where the call is refused so."""
    try:
        await call
    except kind as refusal:
        return survived(True, f"{refusal.slug}: {refusal.detail}")
    return survived(False, "it was done")


@attack(
    "api-key-guessed",
    "Secrets are guessed for an API key whose id is known",
    guarantee="G5",
    adversary=Adversary.OUTSIDER,
    without="ids of keys stand in logs and lists; whoever reads one is in",
    where="`parties.credentials`: 256 random bits, compared in constant time",
    undefended=replaced(
        "service.parties.credentials:hmac", lambda _: SimpleNamespace(compare_digest=lambda *_given: True)
    ),
)
async def _guessed(world: World) -> Outcome:
    key, _ = await Credentials(world.database).issue(world.members["supplier"].party, ["trails:read"], "guessed")
    guess = f"ts_{key.id}_{secrets.token_urlsafe(32)}"
    return await _refused(Credentials(world.database).authenticate(guess), Unauthenticated)


def _timeless(credential: Any) -> Any:
    async def found(*given: Any) -> Any:
        known = await credential(*given)
        return known and dataclasses.replace(known, revoked_at=None, expires_at=None)

    return found


_TIMELESS = replaced("service.store.api_keys:credential", _timeless)


@attack(
    "api-key-revoked",
    "A revoked API key is used",
    guarantee="G5",
    adversary=Adversary.OUTSIDER,
    without="a leaked key opens for ever",
    where="`parties.credentials.authenticate`: revoked_at",
    undefended=_TIMELESS,
)
async def _revoked(world: World) -> Outcome:
    credentials, supplier = Credentials(world.database), world.members["supplier"]
    key, token = await credentials.issue(supplier.party, ["trails:read"], "revoked")
    await credentials.authenticate(token)
    await world.rows("UPDATE api_keys SET revoked_at = now() WHERE id = :id", id=key.id)
    return await _refused(Credentials(world.database).authenticate(token), Unauthenticated)


@attack(
    "api-key-expired",
    "An API key is used after its expiry",
    guarantee="G5",
    adversary=Adversary.OUTSIDER,
    without="a key that was lent for a day opens for ever",
    where="`parties.credentials.authenticate`: expires_at",
    undefended=_TIMELESS,
)
async def _expired(world: World) -> Outcome:
    now = datetime.now(UTC)
    credentials = Credentials(world.database, clock=lambda: now + timedelta(days=2))
    _, token = await Credentials(world.database).issue(
        world.members["supplier"].party, ["trails:read"], "expired", now + timedelta(days=1)
    )
    return await _refused(credentials.authenticate(token), Unauthenticated)


@attack(
    "scope-escalation",
    "An API key that may make keys makes one with more rights than it has",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a scanner's key becomes the administrator's",
    where="`parties.credentials.create`: ScopeTooWide",
    undefended=replaced("service.parties.caller:Caller.allows", lambda _: lambda _self, _scope: True),
)
async def _escalated(world: World) -> Outcome:
    weak = dataclasses.replace(world.members["stranger"], scopes=frozenset(("keys:write",)))
    made = Credentials(world.database).create(weak, ["keys:write", "consortium:admin"], "escalated")
    return await _refused(made, ScopeTooWide)


@attack(
    "key-outlives-its-maker",
    "An API key that expires today makes one that does not",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="access for a day is access for ever",
    where="`parties.credentials._check_expiry`",
    undefended=replaced("service.parties.credentials:Credentials._check_expiry", lambda _: lambda *_given: None),
)
async def _outlives(world: World) -> Outcome:
    brief = dataclasses.replace(
        world.members["stranger"], scopes=frozenset(("keys:write",)), expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    return await _refused(Credentials(world.database).create(brief, ["keys:write"], "longer"), BadExpiry)


@attack(
    "key-for-another-party",
    "A member makes an API key for another party",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="any member becomes any other",
    where="`parties.credentials.create` and `api.callers.needs`: consortium:admin",
    undefended=both(
        replaced("service.parties.caller:Caller.require", lambda _: lambda _self, _scope: None),
        replaced("service.parties.caller:Caller.allows", lambda _: lambda _self, _scope: True),
    ),
)
async def _for_another(world: World) -> Outcome:
    path = f"/v1/parties/0x{world.members['supplier'].party.hex()}/api-keys"
    answer = await world.call("stranger", "POST", path, json={"label": "mine", "scopes": ["trails:read"]})
    return survived(answer.status_code == 403, f"{answer.status_code} {answer.json().get('title', '')}")


@attack(
    "suspended-party-captures",
    "A suspended party hands in a document",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="the service signs with its key for a party that the consortium put aside",
    where="`Caller.require_active`; the contract refuses it once more",
    undefended=replaced("service.parties.caller:Caller.require_active", lambda _: lambda _self: None),
)
async def _suspended(world: World) -> Outcome:
    caller = dataclasses.replace(world.members["stranger"], suspended=True)
    return await _refused(world.captures.accept(caller, document(seen(item()))), PartyIsSuspended)


@attack(
    "signed-with-anothers-key",
    "A member hands in a document that another's key signed",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="the service keeps and relays as one party's what the ledger will record as another's",
    where="`capture._own`: SignatureRefused",
    undefended=replaced(
        "service.capture.captures:key_of", lambda key_of: lambda session, address: _anybodys(key_of, session, address)
    ),
)
async def _others_key(world: World) -> Outcome:
    stranger, keys = world.members["stranger"], SigningKeys(world.database, world.settings)
    prepared = await world.captures.prepare(stranger, document(seen(item())))
    async with world.database.session() as session:
        carrier = await keys.signing_key(session, world.members["carrier"].party)
    domain = domain_separator(world.chain_id, world.deployed.provenance)
    signatures = [sign(signing_digest(domain, part, prepared.deadline), carrier.key) for part in prepared.part_ids]
    signed = SignedDocument.model_validate(
        {
            "events": [
                {"document": orjson.loads(told), "nonce": f"0x{nonce.hex()}"} for told, nonce, _ in prepared.events
            ],
            "deadline": prepared.deadline,
            "signatures": [f"0x{signature.hex()}" for signature in signatures],
        }
    )
    outcome = await _refused(world.captures.submit(stranger, signed), SignatureRefused)
    await world.rows(
        "UPDATE parts SET state = 3, refusal = 'BadSignature' WHERE signer = :it AND party = :by AND state < 2",
        it=carrier.address,
        by=stranger.party,
    )
    return outcome


async def _anybodys(key_of: Any, session: Any, address: bytes) -> Any:
    key = await key_of(session, address)
    return _Own(key)


class _Own:
    """A key that says it is whoever's asks."""

    def __init__(self, key: Any) -> None:
        self.revoked_at = key.revoked_at
        self.party = _Anybody()


class _Anybody:
    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


@attack(
    "possession-proof-reused",
    "A member shows another's proof that it holds a key",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a key is bound to whoever saw its proof first, and its owner is locked out for good",
    where="`parties.possession.challenge` names the party",
    undefended=replaced(
        "service.parties.signing_keys:challenge", lambda told: lambda _identifier, *rest: told("", *rest)
    ),
)
async def _proof_reused(world: World) -> Outcome:
    key, carrier = secrets.token_bytes(32), world.members["carrier"]
    keys = SigningKeys(world.database, world.settings)
    address = f"0x{address_of(key).hex()}"
    proof = sign(digest_of(await keys.challenge(carrier, address)), key)
    return await _refused(keys.add_own(world.members["stranger"], address, f"0x{proof.hex()}"), BadProof)


@attack(
    "idempotency-key-of-another",
    "A member tries others' idempotency keys",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="who guesses a delivery number learns that it was captured, or gets its receipt",
    where="`store.captures.capture_by_key`: a key is its party's own",
    undefended=as_the_victim("service.store.captures:capture_by_key"),
)
async def _idempotency(world: World) -> Outcome:
    name = f"delivery-{secrets.token_hex(4)}"
    headers = {**_JSON, "Idempotency-Key": name}
    body = document(seen(item()))
    accepted = await world.call("supplier", "POST", "/v1/captures", content=body, headers=headers)
    assert accepted.status_code == 202, accepted.text
    known = accepted.json()["captureID"]
    await world.call("stranger", "POST", "/v1/captures", content=body, headers=_JSON)
    answer = await world.call("stranger", "POST", "/v1/captures", content=body, headers=headers)
    return survived(known not in answer.text, f"{answer.status_code} {answer.json().get('title', 'a receipt')}")


@attack(
    "stream-of-another",
    "A member listens to the stream of news for others'",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="competitors follow each other's captures as they come in",
    where="`store.stream._VISIBLE`",
    undefended=replaced(
        "service.store.stream:_VISIBLE", lambda _: "({trail} IS NOT NULL OR :all OR CAST(:party AS bytea) IS NULL)"
    ),
)
async def _stream(world: World) -> Outcome:
    thing, stream = item(), world.rooms.stream
    place: Place = await stream.start(world.members["stranger"], None)
    await world.seal("supplier", seen(thing))
    told: list[Any] = []
    for _ in range(20):
        news, place = await stream.news(world.members["stranger"], place)
        told += news
        if not news:
            break
    heard = [one.kind for one in told if thing in orjson.dumps(one.told).decode()]
    return survived(not heard, f"heard: {heard}")


@attack(
    "page-token-of-another",
    "A member goes on with another's page token",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a list goes on at another's place, and the member believes that it has seen all",
    where="`queries.tokens`: a token is of one query and party",
    undefended=replaced("service.queries.queries:of_query", lambda mark: lambda query, _party: mark(query, b"")),
)
async def _page_token(world: World) -> Outcome:
    for _ in range(3):
        await world.capture("supplier", seen(item()))
    query, queries = parse_query({"EQ_bizStep": ["inspecting"]}), world.rooms.queries
    page = await queries.events(world.members["supplier"], query, limit=1)
    assert page.following
    asked = queries.events(world.members["stranger"], query, limit=1, token=page.following)
    return await _refused(asked, BadPageToken)
