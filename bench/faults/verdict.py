"""What the chain itself says, held against what clients were promised; our mirror is judged by the chain, too."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from bench.faults.clients import Accepted, Posting
from bench.faults.stage import Stage
from service.ledger.abi import Log, calldata, topic
from service.ledger.client import Node, hexed, member, number, raw
from service.sealing.commitments import party_of
from service.sealing.entries import Recorded, fold
from service.store.chain import Deployed

HALF_STORED = """
    SELECT 'capture without its events', captures.id::text FROM captures
      WHERE events <> (SELECT count(*) FROM events WHERE capture = captures.id)
    UNION ALL SELECT 'capture without its parts', captures.id::text FROM captures
      WHERE entries <> (SELECT coalesce(sum(entry_count), 0) FROM parts WHERE capture = captures.id)
    UNION ALL SELECT 'capture without its mentions', captures.id::text FROM captures
      WHERE entries <> (SELECT count(*) FROM mentions JOIN events ON seq = event WHERE capture = captures.id)
    UNION ALL SELECT 'event without nonce', seq::text FROM events
      WHERE NOT EXISTS (SELECT FROM nonces WHERE event = seq)
    UNION ALL SELECT 'event without capture', seq::text FROM events
      WHERE NOT EXISTS (SELECT FROM captures WHERE captures.id = capture)
    UNION ALL SELECT 'part without capture', capture::text FROM parts
      WHERE NOT EXISTS (SELECT FROM captures WHERE captures.id = capture)
"""
WAITING = """
    SELECT (SELECT count(*) FROM parts WHERE state <> 2)
      + (SELECT count(*) FROM transactions WHERE block IS NULL AND purpose <> 'gap')
      + (SELECT count(*) FROM registry_calls WHERE transaction IS NULL)
"""
_BLOCKS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Said:
    """One `Recorded` log: its place (block, log), and the columns of `ledger_entries`."""

    place: tuple[int, int]
    trail: bytes
    party: bytes
    part: bytes
    seal: bytes
    to: bytes
    head: bytes
    step: int
    time: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `doubled` are captures; the rest must be nothing as well, and says what it is."""

    accepted: int
    sealed: int
    lost: frozenset[str]
    doubled: frozenset[str]
    half_stored: Sequence[str]
    mirror: Sequence[str]
    heads: Sequence[str]

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.half_stored or self.mirror or self.heads)


async def everything_said(node: Node, deployed: Deployed) -> list[Said]:
    """All entries on the chain, in its order."""
    newest = number(await node.call("eth_blockNumber"))
    wanted = {"address": hexed(deployed.provenance), "topics": [hexed(topic("Provenance", "Recorded"))]}
    logs: list[Log] = []
    for first in range(0, newest + 1, _BLOCKS_AT_ONCE):
        span = {"fromBlock": hex(first), "toBlock": hex(min(newest, first + _BLOCKS_AT_ONCE - 1))}
        logs += [Log.read(one) for one in await node.call("eth_getLogs", {**wanted, **span})]
    heights = sorted({log.block for log in logs})
    blocks = await node.all([("eth_getBlockByNumber", [hex(height), False]) for height in heights])
    times = {height: number(member(block, "timestamp")) for height, block in zip(heights, blocks, strict=True)}
    return [_said(log, times[log.block]) for log in logs]


def _said(log: Log, time: int) -> Said:
    trail, party, part = log.topics[1:4]
    return Said(
        (log.block, log.position), trail, party, part, log.word(0), log.word(1), log.word(2), log.word(3)[31], time
    )


def judge(
    accepted: Sequence[Accepted], abandoned: Collection[Posting], said: Iterable[Said]
) -> tuple[set[str], set[str]]:
    """Captures that the chain lacks something of, and captures that it has something of more than once.

    Three counts, none of which asks the service. Of each part that a receipt names, as many entries as the receipt
    says, on the trails that the document's things have. Of each seal on each trail, one entry. And of each trail, as
    many entries as accepted documents make on it, and as those may have made that were given up without an answer.
    """
    of_part: dict[tuple[bytes, bytes], Counter[bytes]] = defaultdict(Counter)
    of_seal: Counter[tuple[bytes, bytes]] = Counter()
    of_trail: Counter[bytes] = Counter()
    for one in said:
        of_part[one.party, one.part][one.trail] += 1
        of_seal[one.trail, one.seal] += 1
        of_trail[one.trail] += 1
    part_of_seal = {(one.trail, one.seal): (one.party, one.part) for one in reversed(list(said))}
    twice = {part_of_seal[key] for key, count in of_seal.items() if count > 1}
    least, most = Counter[bytes](), Counter[bytes]()
    for promise in accepted:
        least.update(promise.posting.trails)
    most.update(least)
    for posting in abandoned:
        most.update(posting.trails)
    short = {trail for trail, count in least.items() if of_trail[trail] < count}
    long = {trail for trail, count in of_trail.items() if count > most[trail]}
    lost, doubled = set(), set()
    for promise in accepted:
        parts = [(party_of(promise.posting.supplier), part) for part in promise.parts]
        found = sum((of_part[part] for part in parts), Counter[bytes]())
        complete = all(of_part[part].total() >= promise.parts[part[1]] for part in parts)
        own = _own(promise.posting, least)
        if found - promise.posting.trails or twice.intersection(parts) or long.intersection(own):
            doubled.add(promise.capture)
        if not complete or promise.posting.trails - found or short.intersection(own):
            lost.add(promise.capture)
    return lost, doubled


def _own(posting: Posting, all_of_them: Counter[bytes]) -> set[bytes]:
    """Trails that no other accepted document is about."""
    return {trail for trail, count in posting.trails.items() if all_of_them[trail] == count}


async def found(stage: Stage, accepted: Sequence[Accepted], abandoned: Collection[Posting]) -> Verdict:
    """The verdict on everything, from the chain's own logs and heads."""
    assert stage.deployed is not None
    said = await everything_said(stage.node, stage.deployed)
    lost, doubled = await asyncio.to_thread(judge, accepted, abandoned, said)
    captures = {promise.capture for promise in accepted}
    if len(captures) < len(accepted):  # two keys were given one capture
        ids = Counter(promise.capture for promise in accepted)
        lost |= {capture for capture, count in ids.items() if count > 1}
    return Verdict(
        len(accepted),
        len(captures - lost),
        frozenset(lost),
        frozenset(doubled),
        [f"{row[0]}: {row[1]}" for row in await rows(stage, HALF_STORED)],
        await _mirror(stage, said),
        await _heads(stage.node, stage.deployed, said),
    )


async def rows(stage: Stage, statement: str, **values: object) -> list[tuple[object, ...]]:
    """What the database answers, past all proxies."""
    async with stage.database.session() as session:
        return [tuple(row) for row in (await session.execute(text(statement), values)).all()]


async def _heads(node: Node, deployed: Deployed, said: Sequence[Said]) -> list[str]:
    """Trails whose entries do not fold into the head that the contract has."""
    trails: dict[bytes, list[Said]] = defaultdict(list)
    for one in said:
        trails[one.trail].append(one)
    questions = [calldata("Provenance", "head", [trail]) for trail in trails]
    ledger = hexed(deployed.provenance)
    calls = [("eth_call", [{"to": ledger, "data": hexed(question)}, "latest"]) for question in questions]
    heads = [raw(head) for head in await node.all(calls)]
    return [
        f"trail {hexed(trail)} does not fold into its head"
        for (trail, entries), head in zip(trails.items(), heads, strict=True)
        if fold([Recorded(one.seal, one.party, one.to, one.step, one.time) for one in entries]) != head
    ]


async def _mirror(stage: Stage, said: Sequence[Said]) -> list[str]:
    """Where our tables say something else than the chain."""
    faults = []
    mirrored = await rows(
        stage,
        'SELECT block, log, trail, party, part, seal, "to", head, step, time FROM ledger_entries ORDER BY block, log',
    )
    told = [
        (*one.place, one.trail, one.party, one.part, one.seal, one.to, one.head, one.step, one.time) for one in said
    ]
    if mirrored != told:
        faults.append(f"{len(mirrored)} entries in the mirror, {len(told)} on the chain, not the same")
    captured = await rows(
        stage,
        "SELECT parts.party, parts.id, mentions.trail, events.seal FROM mentions JOIN events ON seq = event"
        " JOIN parts ON parts.id = mentions.part",
    )
    if Counter(captured) != Counter((one.party, one.part, one.trail, one.seal) for one in said):
        faults.append("what the chain recorded is not what the database has captured")
    unsealed = await rows(stage, "SELECT state, refusal, count(*) FROM parts WHERE state <> 2 GROUP BY 1, 2")
    faults += [f"{count} parts in state {state} ({refusal})" for state, refusal, count in unsealed]
    kept = await rows(stage, "SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 200")
    blocks = await stage.node.all([("eth_getBlockByNumber", [hex(_int(row[0])), False]) for row in kept])
    wrong = [row[0] for row, block in zip(kept, blocks, strict=True) if block is None or raw(block["hash"]) != row[1]]
    return [*faults, *([f"blocks that the chain does not have: {wrong}"] if wrong else [])]


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
