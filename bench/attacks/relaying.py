"""Attacks by whoever brings captures to the chain: replays, front-running, griefing, limits."""

import time

from bench.attacks.ledger import fresh, seen
from bench.attacks.mutants import mutant
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import without_check
from bench.attacks.world import World
from service.ledger.abi import SignedCapture, entry_words
from service.sealing.entries import Entry

_AGAIN = mutant("recorded-again", ("Provenance", "if (recorded[key] != 0) {", "if (false) {"))
_BY_SENDER = mutant(
    "recorded-by-sender",
    (
        "Provenance",
        "bytes32 key = _pair(session.party, id);",
        "bytes32 key = _pair(bytes32(uint256(uint160(msg.sender))), id);",
    ),
)
_BY_ID = mutant(
    "recorded-by-id", ("Provenance", "bytes32 key = _pair(session.party, id);", "bytes32 key = _pair(bytes32(0), id);")
)
_NO_DEADLINE = mutant(
    "deadline-ignored",
    (
        "Provenance",
        "if (block.timestamp > capture.deadline) return _refuse(id, signer, RefusalReason.DeadlinePassed);",
        "",
    ),
)
_REVERTS = mutant(
    "refusal-reverts",
    ("Provenance", "emit CaptureRefused(id, signer, reason);", "emit CaptureRefused(id, signer, reason); revert();"),
)
_NO_LIMIT = mutant(
    "entries-without-limit",
    (
        "Provenance",
        "if (entries.length > MAX_ENTRIES) return _refuse(id, address(0), RefusalReason.TooManyEntries);",
        "",
    ),
)
_ANY_STEP = mutant(
    "any-step", ("Provenance", "if (!stepsKnown) return _refuse(id, address(0), RefusalReason.BadStep);", "")
)
_EMPTY = mutant(
    "empty-captures",
    ("Provenance", "if (entries.length == 0) return _refuse(id, address(0), RefusalReason.NoEntries);", ""),
)
_STALE_SIGNER = mutant(
    "last-signer-kept", ("Provenance", "if (session.key == signer) return;", "if (session.key != address(0)) return;")
)
_NO_SUCCESSOR = mutant(
    "recorded-after-the-end",
    ("Provenance", "if (successor != address(0)) revert Superseded(successor);\n        Session", "Session"),
)


@attack(
    "replayed-capture",
    "A recorded capture is sent again",
    guarantee="G3",
    adversary=Adversary.OUTSIDER,
    without="a statement stands twice on the trail: goods are shipped twice that were shipped once",
    where="`Provenance._recordCapture`: CaptureKnown",
    undefended=without_check(_AGAIN),
)
async def _replayed(world: World) -> Outcome:
    ledger = await world.ledger()
    entry = seen()
    first = await ledger.record(ledger.signed(ledger.acme.key, entry))
    head = await ledger.head(entry.trail)
    again = await ledger.record(
        ledger.signed(ledger.acme.key, entry), ledger.signed(ledger.acme.key, entry, deadline=2**41)
    )
    held = len(first.entries) == 1 and not again.entries and await ledger.head(entry.trail) == head
    return survived(held, f"again: {again}, known: {again.known}")


@attack(
    "front-run-record",
    "Somebody takes a capture from the mempool and records it first",
    guarantee="G3",
    adversary=Adversary.OUTSIDER,
    without="the party's own transaction records it a second time",
    where="`Provenance`: recorded by signer and id, whoever sends",
    undefended=without_check(_BY_SENDER),
)
async def _front_run(world: World) -> Outcome:
    ledger = await world.ledger()
    capture = ledger.signed(ledger.acme.key, seen())
    theirs, ours = await ledger.record(capture, sender=5), await ledger.record(capture, sender=1)
    parties = [entry[1] for entry in theirs.entries + ours.entries]
    return survived(parties == [ledger.acme.id], f"recorded {len(parties)} times, by its signer")


@attack(
    "capture-id-squatted",
    "A member signs another's entries first, to have the other's capture skipped as known",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="the statement stands as the attacker's, and the author's own is lost",
    where="`Provenance`: recorded by signer and id",
    undefended=without_check(_BY_ID),
)
async def _squatted(world: World) -> Outcome:
    ledger = await world.ledger()
    entry = seen()
    await ledger.record(ledger.signed(ledger.bolt.key, entry), sender=5)
    done = await ledger.record(ledger.signed(ledger.acme.key, entry))
    return survived([one[1] for one in done.entries] == [ledger.acme.id], f"the author's: {done}")


@attack(
    "deadline-passed",
    "A capture that a relay kept back is recorded after its deadline",
    guarantee="G2",
    adversary=Adversary.RELAY,
    without="a relay chooses the time at which a statement seems to have been made",
    where="`Provenance._recordCapture`: DeadlinePassed",
    undefended=without_check(_NO_DEADLINE),
)
async def _late(world: World) -> Outcome:
    ledger = await world.ledger()
    done = await ledger.record(ledger.signed(ledger.acme.key, seen(), deadline=int(time.time()) - 10**6))
    return survived(not done.entries and done.refusals == ["DeadlinePassed"], done)


@attack(
    "bad-capture-spoils-batch",
    "A relay puts bad captures among good ones",
    guarantee="G3",
    adversary=Adversary.RELAY,
    without="one bad signature keeps everybody's captures of the batch off the chain",
    where="`Provenance._refuse`: a log, never a revert",
    undefended=without_check(_REVERTS),
)
async def _spoilt(world: World) -> Outcome:
    ledger = await world.ledger()
    bad = [
        SignedCapture(entry_words([seen()]), 2**40, b""),
        SignedCapture(b"", 2**40, bytes(65)),
        ledger.signed(fresh(), seen()),
        ledger.signed(ledger.acme.key, seen(), deadline=1),
    ]
    good = [ledger.signed(ledger.acme.key, seen()), ledger.signed(ledger.bolt.key, seen())]
    done = await ledger.record(bad[0], good[0], *bad[1:], good[1])
    return survived(len(done.entries) == 2 and len(done.refusals) == 4, done)


@attack(
    "too-many-entries",
    "A capture of more entries than a block should have to take at once",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="a capture too large for any block waits for ever, and those behind it with it",
    where="`Provenance._recordCapture`: TooManyEntries",
    undefended=without_check(_NO_LIMIT),
)
async def _too_many(world: World) -> Outcome:
    ledger, trail = await world.ledger(), fresh()
    done = await ledger.record(ledger.signed(ledger.acme.key, *(Entry(trail, fresh(), 0) for _ in range(201))))
    return survived(done.mined and not done.entries, done)


@attack(
    "unknown-step",
    "A step that the ledger does not know, among others' captures",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="it is recorded without a meaning, or its failure takes the batch along",
    where="`Provenance._recordCapture`: BadStep",
    undefended=without_check(_ANY_STEP),
)
async def _unknown_step(world: World) -> Outcome:
    ledger = await world.ledger()
    done = await ledger.record(
        ledger.signed(ledger.acme.key, seen(step=7)), ledger.signed(ledger.bolt.key, seen(), seen())
    )
    return survived(len(done.entries) == 2 and done.refusals == ["BadStep"], done)


@attack(
    "empty-capture",
    "A signed capture without entries is kept as recorded",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="storage grows by captures that say nothing, and one id stands for all of them",
    where="`Provenance._recordCapture`: NoEntries",
    undefended=without_check(_EMPTY),
)
async def _empty(world: World) -> Outcome:
    from service.sealing.hashing import keccak256
    from service.sealing.signing import sign
    from service.sealing.typeddata import signing_digest

    ledger = await world.ledger()
    signature = sign(signing_digest(ledger.domain(), keccak256(b""), 2**40), ledger.acme.key)
    done = await ledger.record(SignedCapture(b"", 2**40, signature))
    return survived(done.refusals == ["NoEntries"], done)


@attack(
    "speaker-of-the-capture-before",
    "A batch begins with a member's capture and goes on with a forger's",
    guarantee="G1",
    adversary=Adversary.RELAY,
    without="the forger's capture stands as that of whoever signed the one before it",
    where="`Provenance._identify`: looked up anew for each other signer",
    undefended=without_check(_STALE_SIGNER),
)
async def _speaker_before(world: World) -> Outcome:
    ledger = await world.ledger()
    done = await ledger.record(ledger.signed(ledger.acme.key, seen()), ledger.signed(fresh(), seen()))
    return survived(len(done.entries) == 1 and done.refusals == ["UnknownKey"], done)


@attack(
    "recorded-after-the-end",
    "A capture is recorded in a ledger that was superseded",
    guarantee="G2",
    adversary=Adversary.SUPPLIER,
    without="the old ledger's trails grow on after their last word was carried over to the new one",
    where="`Provenance.record`: Superseded",
    undefended=without_check(_NO_SUCCESSOR),
)
async def _after_the_end(world: World) -> Outcome:
    from eth_abi.abi import encode

    from service.ledger.client import hexed
    from service.sealing.hashing import keccak256

    ledger = await world.ledger()
    data = keccak256(b"supersede(address)")[:4] + encode(["address"], [hexed(await ledger.provenance_beside())])
    assert await ledger.done(ledger.provenance, data, 0)
    done = await ledger.record(ledger.signed(ledger.acme.key, seen()))
    return survived(not done.mined, done)
