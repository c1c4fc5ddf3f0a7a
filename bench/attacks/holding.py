"""Attacks on custody and holds: the ledger takes every statement, and marks what contradicts what it knows."""

from bench.attacks.ledger import Ledger, Recording, fresh
from bench.attacks.mutants import mutant
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import without_check
from bench.attacks.world import World
from service.ledger.client import hexed
from service.sealing.entries import NOBODY, Entry, Step
from service.sealing.layout import custody_slot

_KNOWN_RECIPIENT = "if (to == 0 || to == party) return (state, true, DisputeReason.UnknownRecipient);"
_ANYBODY_HOLDS = mutant(
    "anybody-holds", ("Provenance", "if (!entitled) return (state, true, DisputeReason.NotEntitled);", "entitled;")
)
_ANYBODY_LIFTS = mutant(
    "anybody-lifts",
    ("Provenance", "if (!own && !_isRegulator(session)) return (state, true, DisputeReason.NotEntitled);", ""),
)
_HOLD_TWICE = mutant("hold-counted-twice", ("Provenance", "if (hold[key]) return (state, false, NO_REASON);", ""))
_LIFT_OF_NOTHING = mutant(
    "lift-of-nothing", ("Provenance", "if (!hold[key]) return (state, true, DisputeReason.NoSuchHold);", "")
)
_ANYBODY_SHIPS = mutant(
    "anybody-ships",
    (
        "CustodyState",
        f"{_KNOWN_RECIPIENT}\n    if (!_withOrNobodys(word, party)) return (state, true, DisputeReason.NotCustodian);",
        _KNOWN_RECIPIENT,
    ),
)
_ANYBODY_RECEIVES = mutant(
    "anybody-receives", ("CustodyState", "if (!accepts) return (state, true, DisputeReason.NotOffered);", "accepts;")
)
_COMMISSION_TWICE = mutant(
    "commissioned-twice",
    ("CustodyState", "if (word & COMMISSIONED != 0) return (state, true, DisputeReason.AlreadyCommissioned);", ""),
)
_TO_NOBODY = mutant(
    "shipped-to-nobody",
    ("CustodyState", _KNOWN_RECIPIENT, ""),
)
_MOVED_WHILE_HELD = mutant(
    "moved-while-held",
    (
        "Provenance",
        "if (known.isHeld() && step >= Step.Ship && step <= Step.Decommission) {",
        "if (false) {",
    ),
)
_ENDED = "if (word & DECOMMISSIONED != 0) return (state, true, DisputeReason.Decommissioned);"
_ACCEPTED = "if (!accepts) return (state, true, DisputeReason.NotOffered);"
_RECEIVED_AFTER_THE_END = mutant("received-after-the-end", ("CustodyState", f"{_ACCEPTED}\n    {_ENDED}", _ACCEPTED))
_DISPUTES_RUN_OVER = mutant(
    "disputes-run-over",
    (
        "CustodyState",
        "return word & DISPUTES_BITS == DISPUTES_BITS ? state : CustodyState.wrap(word + ONE_DISPUTE);",
        "return CustodyState.wrap(word + ONE_DISPUTE);",
    ),
)


async def _said(ledger: Ledger, who: str, trail: bytes, step: Step, to: bytes = NOBODY) -> Recording:
    return await ledger.record(ledger.signed(ledger.members[who].key, Entry(trail, fresh(), step, to)))


async def _commissioned(world: World) -> tuple[Ledger, bytes]:
    """A ledger, and a trail that Acme commissioned."""
    ledger, trail = await world.ledger(), fresh()
    await _said(ledger, "acme", trail, Step.COMMISSION)
    return ledger, trail


async def _kept(ledger: Ledger, trail: bytes, done: Recording) -> Outcome:
    """Whether Acme is the custodian still, and what was done stands as disputed."""
    custody = await ledger.custody(trail)
    return survived(custody.custodian == 1 and custody.disputes == 1, f"{done}; custodian: {custody.custodian}")


@attack(
    "hold-by-somebody-not-entitled",
    "A rival puts a hold on goods that it has nothing to do with",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="any member stops any other's goods",
    where="`Provenance._hold`: NotEntitled",
    undefended=without_check(_ANYBODY_HOLDS),
)
async def _holds(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    done = await _said(ledger, "bolt", trail, Step.HOLD)
    holds = (await ledger.custody(trail)).holds
    return survived(not holds and done.disputes == ["NotEntitled"], f"{done}; open holds: {holds}")


@attack(
    "lift-of-anothers-hold",
    "The maker lifts the hold of a regulator",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="recalled goods move on as if nothing had been",
    where="`Provenance._lift`: NotEntitled",
    undefended=without_check(_ANYBODY_LIFTS),
)
async def _lifts(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    await _said(ledger, "regulator", trail, Step.HOLD)
    done = await _said(ledger, "acme", trail, Step.LIFT, ledger.members["regulator"].id)
    holds = (await ledger.custody(trail)).holds
    return survived(holds == 1 and done.disputes == ["NotEntitled"], f"{done}; open holds: {holds}")


@attack(
    "hold-counted-twice",
    "A hold is placed twice, so that one lift does not end it",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="goods stay on hold for ever: the count has a hold that nobody has and nobody can lift",
    where="`Provenance._hold`: one for each party",
    undefended=without_check(_HOLD_TWICE),
)
async def _hold_twice(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    for step in (Step.HOLD, Step.HOLD, Step.LIFT):
        await _said(ledger, "acme", trail, step)
    holds = (await ledger.custody(trail)).holds
    return survived(holds == 0, f"open holds after the lift: {holds}")


@attack(
    "lift-of-nothing",
    "A hold is lifted that is not open",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="the count falls below zero and borrows from its neighbour: another's hold seems lifted, or all is corrupt",
    where="`Provenance._lift`: NoSuchHold",
    undefended=without_check(_LIFT_OF_NOTHING),
)
async def _lift_of_nothing(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    await _said(ledger, "regulator", trail, Step.HOLD)
    done = await _said(ledger, "acme", trail, Step.LIFT)
    holds = (await ledger.custody(trail)).holds
    return survived(holds == 1 and done.disputes == ["NoSuchHold"], f"{done}; open holds: {holds}")


@attack(
    "theft-by-shipping",
    "A party ships goods that are in another's custody",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a thief moves custody of any goods whose identifier it knows",
    where="`CustodyState.ship`: NotCustodian",
    undefended=without_check(_ANYBODY_SHIPS),
)
async def _ships(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    done = await _said(ledger, "bolt", trail, Step.SHIP, ledger.members["regulator"].id)
    return await _kept(ledger, trail, done)


@attack(
    "theft-by-receiving",
    "A party receives goods that were never offered to it",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="as above, from the other end",
    where="`CustodyState.receiveGoods`: NotOffered",
    undefended=without_check(_ANYBODY_RECEIVES),
)
async def _receives(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    done = await _said(ledger, "bolt", trail, Step.RECEIVE)
    return await _kept(ledger, trail, done)


@attack(
    "counterfeit-commissioned-again",
    "A counterfeiter commissions a serial number that is in the market",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="the counterfeit is the original: who commissions last is the maker",
    where="`CustodyState.commission`: AlreadyCommissioned",
    undefended=without_check(_COMMISSION_TWICE),
)
async def _commissions(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    done = await _said(ledger, "acme", trail, Step.COMMISSION)
    custody = await ledger.custody(trail)
    return survived(custody.disputes == 1, done)


@attack(
    "shipped-to-nobody",
    "Goods are shipped to a party that is not registered",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="an offer to nobody stands as none: the sender parts with the goods and keeps them",
    where="`CustodyState.ship`: UnknownRecipient",
    undefended=without_check(_TO_NOBODY),
)
async def _to_nobody(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    done = await _said(ledger, "acme", trail, Step.SHIP, fresh())
    return survived(done.disputes == ["UnknownRecipient"], done)


@attack(
    "moved-while-held",
    "Goods on hold are shipped",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a recall leaves no mark on those who ignore it",
    where="`Provenance._follow`: Held",
    undefended=without_check(_MOVED_WHILE_HELD),
)
async def _moved(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    await _said(ledger, "regulator", trail, Step.HOLD)
    done = await _said(ledger, "acme", trail, Step.SHIP, ledger.bolt.id)
    return survived(done.disputes == ["Held"], done)


@attack(
    "received-after-the-end",
    "Goods that were destroyed on paper come back by a receipt",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="what was written off, or used up, is sold again, and its trail contradicts nothing",
    where="`CustodyState.receiveGoods`: Decommissioned",
    undefended=without_check(_RECEIVED_AFTER_THE_END),
)
async def _after_the_end(world: World) -> Outcome:
    ledger, trail = await _commissioned(world)
    await _said(ledger, "acme", trail, Step.DECOMMISSION)
    done = await _said(ledger, "acme", trail, Step.RECEIVE)
    return survived(done.disputes == ["Decommissioned"], done)


@attack(
    "disputes-run-over",
    "So many disputes that their count runs over into the flags beside it",
    guarantee="G2",
    adversary=Adversary.SUPPLIER,
    without="contradicting oneself often enough makes an item commissioned, and the count of disputes zero",
    where="`CustodyState.dispute`: stops at its largest value",
    undefended=without_check(_DISPUTES_RUN_OVER),
)
async def _run_over(world: World) -> Outcome:
    ledger, trail = await world.ledger(), fresh()
    word = (0xFFFFFFFF << 128).to_bytes(32, "big")  # four thousand million disputes, which nobody waits for
    slot = hexed(custody_slot(trail))
    await world.node.call("anvil_setStorageAt", hexed(ledger.provenance), slot, hexed(word))
    await _said(ledger, "bolt", trail, Step.HOLD)
    custody = await ledger.custody(trail)
    return survived(custody.disputes == 0xFFFFFFFF and not custody.commissioned, custody)
