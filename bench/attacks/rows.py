# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Attacks by whoever has the database's password: rows are edited, and readers must notice or not be harmed.

A reader of the API is told that what is kept is not what was sealed; a bundle is not made of it, or does not hold.
"""

import asyncio
import contextlib
from typing import Any

from bench.attacks.evidence import bundled
from bench.attacks.ledger import seen as said
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.signatures import ENTRIES_UNSIGNED, signed_for
from bench.attacks.undoing import Undefended, both, replaced, without_check
from bench.attacks.world import World, item, seen, shipped
from service.ledger.abi import SignedCapture, entry_words
from service.ledger.client import hexed, raw
from service.parties.credentials import Credentials
from service.parties.errors import Unauthenticated, WrappedKeyDamaged
from service.parties.signing_keys import SigningKeys
from service.trails.errors import TrailNotIntact

_ANY_OPENS = both(
    replaced("service.trails.views:opens", lambda _: lambda _row: True),
    replaced("service.trails.disclosure:seal_of", lambda _: _Anything()),
)
_ANY_FOLDS = both(
    replaced("service.trails.reading:_fault", lambda fault: lambda _folds, event, *rest: fault(True, event, *rest)),
    replaced("service.trails.bundling:_unfolded", lambda _: lambda *_: None),
)


class _Anything:
    """As a function: something that equals whatever it is compared with."""

    def __call__(self, *_: object) -> "_Anything":
        return self

    def __eq__(self, _other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


async def _noticed(world: World, thing: str) -> Outcome:
    """Survived where the trail is told as not intact, and no bundle is made of it that discloses the edit."""
    view = await world.rooms.trails.read(world.members["supplier"], thing)
    faults = [entry.fault for entry in view.entries if entry.fault]
    try:
        await asyncio.wait_for(bundled(world, thing), 20)
    except TrailNotIntact as refused:
        return survived(bool(faults), f"read: {faults[:1]}; bundle: {refused.slug}")
    return survived(False, f"read: {faults[:1] or 'intact'}; and a bundle was made")


async def _story(world: World) -> str:
    thing = item()
    await world.seal("supplier", seen(thing, action="ADD", bizStep="commissioning"))
    await world.node.call("evm_increaseTime", 10)
    await world.seal("supplier", seen(thing))
    await world.node.call("evm_increaseTime", 10)
    await world.seal("supplier", shipped(thing, "carrier"))
    return thing


def _edit(
    id: str,  # noqa: A002 the entry's own word
    title: str,
    statement: str,
    *,
    without: str,
    where: str,
    undefended: Undefended,
) -> None:
    @attack(
        id,
        title,
        guarantee="G2",
        adversary=Adversary.DATABASE,
        without=without,
        where=where,
        undefended=undefended,
    )
    async def _(world: World) -> Outcome:
        thing = await _story(world)
        await world.rows(statement, trail=world.trail(thing), thing=thing)
        return await _noticed(world, thing)


_SECOND = (
    " (block, log) = (SELECT block, log FROM ledger_entries WHERE trail = :trail ORDER BY block, log OFFSET 1 LIMIT 1)"
)
_edit(
    "row-events-document",
    "`events.document` is rewritten",
    "UPDATE events SET document = replace(convert_from(document, 'UTF8'), 'inspecting', 'destroying')::bytea"
    " WHERE seq IN (SELECT event FROM mentions WHERE trail = :trail)",
    without="the API tells, and bundles disclose, what nobody said",
    where="`trails.views.opens`, `trails.disclosure`: seals are opened before anything is told",
    undefended=_ANY_OPENS,
)
_edit(
    "row-nonces",
    "`nonces.nonce` is overwritten",
    "UPDATE nonces SET nonce = decode(repeat('00', 16), 'hex')"
    " WHERE event IN (SELECT event FROM mentions WHERE trail = :trail)",
    without="documents that cannot be proven any more are handed out as if they could",
    where="`trails.views.opens`, `trails.disclosure`",
    undefended=_ANY_OPENS,
)
_edit(
    "row-ledger-entries-deleted",
    "An entry is deleted from `ledger_entries`",
    f"DELETE FROM ledger_entries WHERE trail = :trail AND{_SECOND}",
    without="an inspection is hidden from everybody who reads by our API",
    where="`trails.reading`: entries fold into the kept heads; `trails.bundling`: into the proven one",
    undefended=_ANY_FOLDS,
)
_edit(
    "row-ledger-entries-time",
    "An entry of `ledger_entries` is dated back",
    f"UPDATE ledger_entries SET time = time - 3600 WHERE trail = :trail AND{_SECOND}",
    without="a late record seems to be in time",
    where="as above",
    undefended=_ANY_FOLDS,
)
_edit(
    "row-ledger-entries-party",
    "An entry of `ledger_entries` is given to another party",
    "UPDATE ledger_entries SET party = (SELECT id FROM parties WHERE name = 'Carrier')"
    f" WHERE trail = :trail AND{_SECOND}",
    without="blame moves from one party to another",
    where="as above",
    undefended=_ANY_FOLDS,
)
_edit(
    "row-ledger-entries-seal",
    "An entry of `ledger_entries` gets another seal",
    f"UPDATE ledger_entries SET seal = sha256(seal) WHERE trail = :trail AND{_SECOND}",
    without="the event that was sealed reads as still waiting for the chain",
    where="as above",
    undefended=_ANY_FOLDS,
)


@attack(
    "row-ledger-entries-truncated",
    "The newest entry is deleted from `ledger_entries`",
    guarantee="G2",
    adversary=Adversary.DATABASE,
    without="a bundle is made that ends before the loss, if the auditor does not look at the proof",
    where="`trails.bundling`: what is kept has to fold into the head that the chain proves",
    undefended=replaced("service.trails.bundling:_unfolded", lambda _: lambda *_: None),
)
async def _truncated(world: World) -> Outcome:
    thing = await _story(world)
    await world.rows(
        "DELETE FROM ledger_entries WHERE trail = :trail AND (block, log) ="
        " (SELECT block, log FROM ledger_entries WHERE trail = :trail ORDER BY block DESC, log DESC LIMIT 1)",
        trail=world.trail(thing),
    )
    try:
        await bundled(world, thing)
    except TrailNotIntact as refused:
        return survived(True, refused.slug)
    return survived(False, "a bundle was made without the newest entry")


@attack(
    "row-mentions-step",
    "`mentions.step` is changed, so that the event no longer belongs to its entry",
    guarantee="G2",
    adversary=Adversary.DATABASE,
    without="the document of an entry disappears from view without a word: its event seems to wait for the chain still",
    where="`trails.reading.unsealed_views`: UNMATCHED",
    undefended=replaced("service.trails.reading:UNMATCHED", lambda _: None),
)
async def _mentions(world: World) -> Outcome:
    thing = await _story(world)
    await world.rows("UPDATE mentions SET step = 4 WHERE trail = :trail AND step = 0", trail=world.trail(thing))
    view = await world.rooms.trails.read(world.members["supplier"], thing)
    return survived(not view.intact, [entry.fault for entry in view.entries])


@attack(
    "row-parties-identifier",
    "`parties.identifier` is changed: a party gets another's name",
    guarantee="G2",
    adversary=Adversary.DATABASE,
    without="bundles name another party as the speaker",
    where="`trails.bundling._check_registry`, and `verify` step 8",
    undefended=both(
        replaced("service.trails.bundling:_check_registry", lambda _: lambda *_: None),
        replaced(
            "service.sealing.case:party_of",
            lambda party_of: lambda identifier: party_of(identifier.replace("9521147", "9521141")),
        ),
    ),
)
async def _identifier(world: World) -> Outcome:
    thing, supplier = await _story(world), world.members["supplier"]
    forged = supplier.identifier.replace("9521141", "9521147")
    await world.rows("UPDATE parties SET identifier = :forged WHERE id = :id", forged=forged, id=supplier.party)
    try:
        evidence = await bundled(world, thing)
        verdict = evidence.verdict(evidence.file)
    except TrailNotIntact as refused:
        return survived(True, refused.slug)
    finally:
        await world.rows(
            "UPDATE parties SET identifier = :own WHERE id = :id", own=supplier.identifier, id=supplier.party
        )
    return survived(not verdict.holds, verdict.failed or f"a bundle that names {forged} holds")


@attack(
    "row-signing-keys-moved",
    "A wrapped signing key is moved to another party's row",
    guarantee="G1",
    adversary=Adversary.DATABASE,
    without="one party's captures are signed with another's key: they stand as the other's statements",
    where="`parties.wrapping`: party and address are authenticated with the key",
    undefended=both(
        replaced("service.parties.keyring:Keyring.wrap", lambda there: _for_any_row(there)),  # noqa: PLW0108
        replaced("service.parties.keyring:Keyring.unwrap", lambda there: _for_any_row(there)),  # noqa: PLW0108
    ),
)
async def _moved(world: World) -> Outcome:
    carrier, stranger = world.members["carrier"], world.members["stranger"]
    keys = SigningKeys(world.database, world.settings)
    made = await keys.create(carrier)
    await world.settle()
    await _give(world, made.address, stranger.party)
    try:
        async with world.database.session() as session:
            signing = await keys.signing_key(session, stranger.party)
    except WrappedKeyDamaged as refusal:
        return survived(True, refusal.slug)
    finally:
        await world.rows("DELETE FROM signing_keys WHERE address = :address", address=made.address)
    return survived(signing.address != made.address, "the stranger's captures are signed with the carrier's key")


async def _give(world: World, address: bytes, party: bytes) -> None:
    await world.rows("UPDATE signing_keys SET party = :party WHERE address = :address", party=party, address=address)


def _for_any_row(function: Any) -> Any:
    """As `Keyring.wrap` or `unwrap`, without associated data of the row."""

    def without(self: Any, *given: bytes) -> bytes:
        place = 3 if function.__name__ == "unwrap" else 2
        result: bytes = function(self, *given[:place], b"", *given[place + 1 :])
        return result

    return without


@attack(
    "row-parts-of-an-own-key",
    "The entries of a waiting capture are rewritten, which its party signed with a key of its own",
    guarantee="G1",
    adversary=Adversary.DATABASE,
    without="whoever writes our database speaks for those who never gave us a key",
    where="`Provenance._signer`: the capture id is signed",
    undefended=without_check(ENTRIES_UNSIGNED),
)
async def _own_key(world: World) -> Outcome:
    ledger = await world.ledger()
    signed = signed_for(ledger, said(), deadline=2**40)
    done = await ledger.record(SignedCapture(entry_words([said()]), signed.deadline, signed.signature))
    return survived(not done.entries, done)


@attack(
    "row-blocks-rewritten",
    "The newest row of `blocks` is rewritten, as if the chain had been another",
    guarantee="G3",
    adversary=Adversary.DATABASE,
    without="the watcher goes on from a block that the chain never had, and what is sealed later hangs in the air",
    where="`ledger.watch`: the last block that was followed is looked up on the chain each time",
    undefended=replaced("service.ledger.watch:Watcher._still_has", lambda _: _still),
)
async def _blocks(world: World) -> Outcome:
    thing = item()
    await world.seal("supplier", seen(thing))
    await world.rows("UPDATE blocks SET hash = sha256(hash) WHERE number = (SELECT max(number) FROM blocks)")
    watcher = world.watcher()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.5):
            while await watcher.step():
                pass
    wrong = await world.one("SELECT hash FROM blocks WHERE number = (SELECT max(number) FROM blocks)")
    newest = await world.node.call(
        "eth_getBlockByNumber", hex(await world.one("SELECT max(number) FROM blocks")), False
    )
    healed = hexed(wrong) == newest["hash"]
    if not healed:
        await world.rows(
            "UPDATE blocks SET hash = :hash WHERE number = (SELECT max(number) FROM blocks)", hash=raw(newest["hash"])
        )
    return survived(
        healed, "the mirror follows the chain again" if healed else "the mirror stays on a block that never was"
    )


async def _still(*_: object) -> bool:
    return True


@attack(
    "row-api-keys-scopes",
    "The hash in `api_keys` is shown as a token",
    guarantee="G5",
    adversary=Adversary.DATABASE,
    without="a leaked copy of the database is a set of keys to the API",
    where="`parties.credentials._hash`: secrets are kept as hashes only",
    undefended=replaced("service.parties.credentials:_hash", lambda _: str.encode),
)
async def _hashes(world: World) -> Outcome:
    credentials = Credentials(world.database)
    key, _ = await credentials.issue(world.members["supplier"].party, ["trails:read"], "stolen")
    kept = await world.one("SELECT secret_hash FROM api_keys WHERE id = :id", id=key.id)
    for shown in (kept.hex(), kept.decode("latin-1")):
        try:
            await credentials.authenticate(f"ts_{key.id}_{shown}")
        except Unauthenticated:
            continue
        return survived(False, "what the database keeps is a token")
    return survived(True, "what the database keeps opens nothing")
