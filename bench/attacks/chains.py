"""Attacks on what makes a block trusted, and by chains and nodes that lie: rolled back, forked, swapped, withheld."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from bench.attacks.evidence import Content, Evidence, bundled, dumped, outcome_of, told
from bench.attacks.ledger import Ledger
from bench.attacks.ledger import seen as said
from bench.attacks.registry import Adversary, Outcome, Run, Undefended, attack, survived
from bench.attacks.undoing import replaced
from bench.attacks.world import MEMBERS, World, item, seen
from service.ledger.client import Node, hexed, raw
from service.ledger.deploy import AnotherChainError, check_chain
from service.ledger.proofs import Proofs, StateUnavailable
from service.sealing import rlp
from service.sealing.bundle_parts import CapturePart
from service.sealing.checkpoint import NONE_BEFORE, Checkpoint, SignedCheckpoint
from service.sealing.commitments import party_of
from service.sealing.entries import Entry
from service.sealing.hashing import keccak256
from service.sealing.layout import head_slot
from service.sealing.qbft import commit_digest
from service.sealing.signing import address_of, sign
from service.sealing.state import Header
from service.sealing.trust import Trust, Validators, Witnesses
from service.sealing.typeddata import capture_id, struct_hash
from service.store.bundles import EntryRow
from service.store.chain import Deployed
from service.trails.assemble import Kept, Thing, assemble
from service.trails.errors import MirrorBehind, TrailNotIntact
from service.trails.signatures import Signed


class _Any(dict[bytes, str]):
    """A list of released contracts that has every code."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: bytes) -> str:
        return "of anybody's"


_ANY_LEDGER = replaced("service.sealing.released:PROVENANCE", lambda _: _Any())
_ANY_REGISTRY = replaced("service.sealing.released:PARTICIPANTS", lambda _: _Any())


@attack(
    "code-swapped",
    "Other code stands at the ledger's address",
    guarantee="G4",
    adversary=Adversary.CHAIN,
    without="a ledger that writes any head it is told proves any history",
    where="`verify` step 3 (Contract): the code hash is a release's",
    undefended=_ANY_LEDGER,
)
async def _swapped(world: World) -> Outcome:
    thing, ledger = item(), hexed(world.deployed.provenance)
    await world.seal("supplier", seen(thing))
    code = await world.node.call("eth_getCode", ledger, "latest")
    try:
        await world.node.call("anvil_setCode", ledger, code + "00")
        await world.node.call("evm_mine")
        await world.settle()
        evidence = await bundled(world, thing)
    finally:
        await world.node.call("anvil_setCode", ledger, code)
        await world.node.call("evm_mine")
    return outcome_of(evidence.verdict(evidence.file))


NAMED = [True]
"""Whether the auditor was told the ledger's address."""


@contextlib.contextmanager
def _unnamed(_world: World) -> Any:
    NAMED[0] = False
    try:
        yield
    finally:
        NAMED[0] = True


@attack(
    "look-alike-ledger",
    "A ledger of the attacker's own, with released code, the members' names and keys of its own",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="everything holds but whose ledger it is: whoever deploys the released code forges any member",
    where="`verify` step 3 (Contract): the auditor names the ledger (ADR 4)",
    undefended=_unnamed,
)
async def _look_alike(world: World) -> Outcome:
    evidence = await _of_a_ledger(world, await world.ledger())
    known = evidence if not NAMED[0] else Evidence(evidence.file, evidence.block, world.deployed.provenance)
    return outcome_of(known.verdict(known.file, named=NAMED[0]))


_REGISTRY = "anybody-binds"
"""A mutant of Participants."""


@attack(
    "foreign-registry",
    "A released ledger over a registry in which anybody binds keys",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="the ledger is the released one, and yet whoever likes speaks for any member",
    where="`verify` step 4 (Registry)",
    undefended=_ANY_REGISTRY,
)
async def _foreign_registry(world: World) -> Outcome:
    world.mutant, before = _REGISTRY, world.mutant
    try:
        evidence = await _of_a_ledger(world, await world.ledger())
    finally:
        world.mutant = before
    return outcome_of(evidence.verdict(evidence.file))


async def _of_a_ledger(world: World, ledger: Ledger) -> Evidence:
    """A bundle, honest but for whose ledger it is of: one entry in the supplier's name, by a key of the attacker's."""
    identifier, key, thing = MEMBERS["supplier"][0], secrets.token_bytes(32), Thing(item(), secrets.token_bytes(32))
    party = party_of(identifier)
    assert await ledger.registry("registerParty", party, 1)
    assert await ledger.registry("addKey", hexed(address_of(key)), party, 0, 2**64 - 1)
    entry = said(thing.trail)
    capture = ledger.signed(key, entry)
    await ledger.record(capture)
    proofs, number = Proofs(world.node), int(await world.node.call("eth_blockNumber"), 16)
    state = await proofs.trails(ledger.provenance, [thing.trail], number)
    registry = await proofs.registry(ledger.participants, [4], [address_of(key)], state.block)
    row = EntryRow(thing.trail, number, 0, capture_id([entry]), entry.seal, party, entry.to, 0, state.block.time)
    part = CapturePart(
        entries=struct_hash(entry), deadline=capture.deadline.to_bytes(8, "big"), signature=capture.signature
    )
    kept = Kept(
        {thing.trail: [row]}, [], [], {(party, row.part): Signed(part, address_of(key))}, {party: 4}, {4: identifier}
    )
    deployed = Deployed(ledger.provenance, ledger.participants, world.chain_id, 0)
    file = assemble([thing], deployed, state, registry, kept).dump()
    return Evidence(file, state.block.hash, ledger.provenance)


# ------------------------------------------------------------------------------------------------ rolled back, lying


@attack(
    "rolled-back-chain",
    "The chain loses the blocks in which captures were sealed",
    guarantee="G3",
    adversary=Adversary.CHAIN,
    without="receipts say `sealed` for what no chain has",
    where="`ledger.watch`: blocks are followed by hash, taken back, and what they sealed is sent again",
    undefended=replaced("service.ledger.watch:Watcher._still_has", lambda _: _always),
)
async def _rolled_back(world: World) -> Outcome:
    thing = item()
    await world.settle()
    kept = await world.node.call("evm_snapshot")
    await world.seal("supplier", seen(thing))
    assert await world.node.call("evm_revert", kept) is True
    for _ in range(3):
        await world.node.call("evm_mine")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(4):
            watcher = world.watcher()
            while await watcher.step():
                pass
            await world.settle(watcher)
    slot = hexed(head_slot(world.trail(thing)))
    head = raw(await world.node.call("eth_getStorageAt", hexed(world.deployed.provenance), slot, "latest"))
    count = await world.one("SELECT count(*) FROM ledger_entries WHERE trail = :it", it=world.trail(thing))
    return survived(head != bytes(32) and count == 1, f"on the chain: {head != bytes(32)}; mirrored {count} times")


async def _always(*_: object) -> bool:
    return True


class _Lying(Node):
    """A node whose answers are spoilt on the way."""

    def __init__(self, honest: Node, spoil: Callable[[str, Sequence[Any], Any], Any]) -> None:
        self._honest, self._spoil = honest, spoil

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = await self._honest.batch(calls)
        return [self._spoil(method, params, answer) for (method, params), answer in zip(calls, answers, strict=True)]


def _another_head(method: str, _params: Sequence[Any], answer: Any) -> Any:
    if method == "eth_getProof":
        for slot in answer["storageProof"][1:2]:
            slot["proof"] = slot["proof"][:-1]
            slot["value"] = "0x" + "ab" * 32
    return answer


def _believed(_take: Any) -> Any:
    """Takes the values that the node tells, whatever their proofs."""

    def take(self: Any, _block: Any, _contract: Any, slots: Any, answer: Any) -> None:
        for slot, told_slot in zip(slots, answer["storageProof"], strict=True):
            self.words[slot] = int(told_slot["value"], 16).to_bytes(32, "big")
            self.nodes[slot] = frozenset()

    return take


@attack(
    "node-lies-about-state",
    "Our own node tells another head than the chain's",
    guarantee="G2",
    adversary=Adversary.NODE,
    without="the service hands out proofs that do not hold, or calls its own good copy damaged",
    where="`ledger.proofs`: a proof is checked before it is handed on",
    undefended=replaced("service.ledger.proofs:_Proven.take", _believed),
)
async def _lies(world: World) -> Outcome:
    thing = item()
    await world.seal("supplier", seen(thing))
    proofs, trail = Proofs(_Lying(world.node, _another_head)), world.trail(thing)
    try:
        state = await proofs.trails(world.deployed.provenance, [trail], await Proofs(world.node).newest_block())
    except StateUnavailable as refusal:
        return survived(True, refusal.slug)
    return survived(False, f"head 0x{state.trails[trail].head.hex()[:16]}... is believed")


async def _watched_by(world: World, spoil: Callable[[str, Sequence[Any], Any], Any]) -> Outcome:
    """A trail that was mirrored from a lying node: survived where no bundle is made of it."""
    thing = item()
    await world.seal("supplier", seen(thing))
    await world.say("supplier", Entry(world.trail(thing), secrets.token_bytes(32), 0), watched=False)
    watcher = world.watcher(_Lying(world.node, spoil))
    while await watcher.step():
        pass
    try:
        evidence = await bundled(world, thing)
    except (TrailNotIntact, MirrorBehind) as refusal:
        return survived(True, refusal.slug)
    finally:
        await world.forget(thing)
    verdict = evidence.verdict(evidence.file)
    return survived(False, f"a bundle was made, which {'holds' if verdict.holds else 'does not hold'}")


_UNCHECKED = replaced("service.trails.bundling:_unfolded", lambda _: lambda *_: None)


@attack(
    "node-withholds-logs",
    "Our own node keeps back what a block logged",
    guarantee="G2",
    adversary=Adversary.NODE,
    without="bundles leave out what others recorded, and only their auditors notice",
    where="`trails.bundling`: what is kept has to fold into the head that the chain proves",
    undefended=_UNCHECKED,
)
async def _withheld(world: World) -> Outcome:
    return await _watched_by(world, lambda method, _, answer: [] if method == "eth_getLogs" else answer)


def _forged_seal(method: str, _params: Sequence[Any], answer: Any) -> Any:
    if method == "eth_getLogs":
        return [{**log, "data": "0x" + "cd" * 32 + log["data"][66:]} for log in answer]
    return answer


@attack(
    "node-forges-logs",
    "Our own node tells another seal than the block logged",
    guarantee="G2",
    adversary=Adversary.NODE,
    without="bundles name what nobody recorded",
    where="as above",
    undefended=_UNCHECKED,
)
async def _forged(world: World) -> Outcome:
    return await _watched_by(world, _forged_seal)


@attack(
    "node-of-another-chain",
    "A worker is pointed to a node of another chain",
    guarantee="G3",
    adversary=Adversary.NODE,
    without="the mirror is taken back block by block, and every capture is sent to a chain that nobody reads",
    where="`ledger.deploy.check_chain`: AnotherChainError",
    undefended=replaced("service.ledger.deploy:_of_this_chain", lambda _: lambda known, _id: known),
)
async def _another_chain(world: World) -> Outcome:
    node = _Lying(world.node, lambda method, _, answer: "0x5" if method == "eth_chainId" else answer)
    try:
        await check_chain(node, world.deployed)
    except AnotherChainError as refusal:
        return survived(True, refusal.slug)
    return survived(False, "the node is taken for one of the ledger's chain")


# ----------------------------------------------------------------------------------------------- witnesses, validators

_KEYS = [keccak256(b"witness", bytes((index,))) for index in range(4)]
_OWN = frozenset(map(address_of, _KEYS[:3]))


def _checkpoint(evidence: Evidence, key: bytes, **other: Any) -> SignedCheckpoint:
    """What a witness says of the evidence's block, or of one that differs."""
    content = evidence.content
    header = Header.read(bytes.fromhex(content["header"][2:]))
    honest = Checkpoint(content["chainId"], header.number, header.hash, header.state_root, header.time, NONE_BEFORE)
    return honest._replace(**other).signed(key)


def _naive(_agreed: Any) -> Any:
    """Counts checkpoints of the block, whoever signed them, and looks at no other."""

    def count(witnesses: Any, _chain_id: int, header: Any) -> tuple[bytes, ...]:
        found = [one for one in witnesses.checkpoints if one.checkpoint.block_hash == header.hash]
        if len(found) < witnesses.required:
            raise AssertionError("an attack on witnesses shows too few checkpoints to fool anybody")
        return tuple(one.witness for one in found)

    return count


_NAIVE = replaced("service.sealing.chain_steps:agreed", _naive)


def _witnessed(
    id: str,  # noqa: A002 the entry's own word
    title: str,
    without: str,
    where: str,
    checkpoints: Callable[[Evidence], Sequence[SignedCheckpoint]],
    *,
    undefended: Undefended = _NAIVE,
) -> Run:
    @attack(
        id,
        title,
        guarantee="G2",
        adversary=Adversary.CHAIN,
        without=without,
        where=where,
        undefended=undefended,
    )
    async def run(world: World) -> Outcome:
        evidence = await told(world)
        trust = Trust(witnesses=Witnesses(_OWN, 2, tuple(checkpoints(evidence))))
        return outcome_of(evidence.verdict(evidence.file, trust))

    return run


_witnessed(
    "forged-witness",
    "Checkpoints of keys that are nobody's witnesses",
    "whoever makes a chain makes its witnesses, too",
    "`sealing.checkpoints.agreed`: only given witnesses count",
    lambda evidence: [_checkpoint(evidence, _KEYS[0]), _checkpoint(evidence, _KEYS[3])],
)
_witnessed(
    "one-witness-counted-twice",
    "Two of three are required, and one is shown twice",
    "one bribed witness is a quorum",
    "`sealing.checkpoints.agreed`: each witness once",
    lambda evidence: [_checkpoint(evidence, _KEYS[0])] * 2,
)
_witnessed(
    "split-view",
    "Two witnesses are shown one block, a third another one of the same number",
    "the auditor believes whichever chain he is shown; the third witness's warning is outvoted",
    "`sealing.checkpoints.agreed`: one witness that saw another block is enough to refuse",
    lambda evidence: [
        *(_checkpoint(evidence, key) for key in _KEYS[:2]),
        _checkpoint(evidence, _KEYS[2], block_hash=keccak256(b"another"), state_root=keccak256(b"state")),
    ],
)
_witnessed(
    "witness-equivocates",
    "A witness signs two blocks for an earlier number",
    "a witness that tells each what he wants to hear goes on counting",
    "`sealing.checkpoints.find_contradictions`",
    lambda evidence: [
        *(_checkpoint(evidence, key) for key in _KEYS[:2]),
        _checkpoint(evidence, _KEYS[2], number=1, block_hash=keccak256(b"one")),
        _checkpoint(evidence, _KEYS[2], number=1, block_hash=keccak256(b"two")),
    ],
    undefended=replaced("service.sealing.checkpoints:find_contradictions", lambda _: lambda _checkpoints: []),
)
_witnessed(
    "witness-of-another-chain",
    "Checkpoints that the witnesses signed of another chain",
    "a test network's checkpoints vouch for a block of the real one",
    "`sealing.checkpoints.agreed`: of this chain only",
    lambda evidence: [_checkpoint(evidence, key, chain_id=1) for key in _KEYS[:2]],
)


def _qbft(evidence: Evidence) -> tuple[Content, bytes]:
    """The evidence under a header as a QBFT chain has it, without committed seals, and that header."""
    content = evidence.content
    fields = rlp.decode_list(bytes.fromhex(content["header"][2:]))
    fields[12] = rlp.encode([bytes(32), [address_of(key) for key in _KEYS], [], b"", []])
    header = rlp.encode(fields)
    return {**content, "header": hexed(header)}, header


def _sealed(header: bytes, *keys: bytes, at: int = 0) -> Content:
    """The commit of a round, with the seals of these keys."""
    seals = [sign(commit_digest(header, at), key) for key in keys]
    return {"round": 0, "seals": [hexed(seal[:64] + bytes((seal[64] - 27,))) for seal in seals]}


def _any_seals(_committed: Any) -> Any:
    return lambda _header, _commit, validators: frozenset(validators)


def _validated(
    id: str,  # noqa: A002 the entry's own word
    title: str,
    without: str,
    where: str,
    commit: Callable[[bytes], Content],
) -> Run:
    @attack(
        id,
        title,
        guarantee="G4",
        adversary=Adversary.CHAIN,
        without=without,
        where=where,
        undefended=replaced("service.sealing.chain_steps:committed", _any_seals),
    )
    async def run(world: World) -> Outcome:
        evidence = await told(world)
        content, header = _qbft(evidence)
        trust = Trust(validators=Validators(frozenset(map(address_of, _KEYS))))
        honest = evidence.verdict(dumped({**content, "commit": _sealed(header, *_KEYS[:3])}), trust)
        assert honest.holds, honest.failed
        return evidence.judged({**content, "commit": commit(header)}, trust)

    return run


_validated(
    "forged-validator-seals",
    "Committed seals of keys that are no validators",
    "a block that the consortium never agreed on proves a history",
    "`sealing.qbft.committed`: only given validators count",
    lambda header: _sealed(header, *(keccak256(b"nobody", bytes((index,))) for index in range(4))),
)
_validated(
    "one-validator-counted-twice",
    "One validator's seal, as often as a quorum needs",
    "one bribed validator is a quorum",
    "`sealing.qbft.sealers`: each address once",
    lambda header: {"round": 0, "seals": _sealed(header, _KEYS[0])["seals"] * 3},
)
_validated(
    "too-few-validators",
    "Two of four validators sealed the block",
    "two halves of a network each prove a chain of their own",
    "`sealing.qbft.quorum`: ⌈2n/3⌉",
    lambda header: _sealed(header, *_KEYS[:2]),
)
_validated(
    "seals-of-another-round",
    "Seals of a round that was given up are shown as those of the block",
    "what validators took back in a later round counts as agreed",
    "`sealing.qbft.commit_digest`: the round is sealed",
    lambda header: _sealed(header, *_KEYS[:3], at=1),
)
