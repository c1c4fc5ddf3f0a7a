"""What the chain itself says was recorded, read without the mirror."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from service.ledger.abi import Log, calldata, topic
from service.ledger.client import Node, hexed, number, raw
from service.sealing.entries import Recorded, fold
from service.store.chain import Deployed


@dataclass(frozen=True)
class Said:
    """One `Recorded` log."""

    place: tuple[int, int]
    trail: bytes
    party: bytes
    part: bytes
    seal: bytes
    to: bytes
    head: bytes
    step: int
    time: int


async def everything_said(node: Node, deployed: Deployed) -> list[Said]:
    """All entries on the chain, in its order."""
    newest = number(await node.call("eth_blockNumber"))
    wanted = {"address": hexed(deployed.provenance), "topics": [hexed(topic("Provenance", "Recorded"))]}
    logs: list[Log] = []
    for first in range(0, newest + 1, 50):
        last = min(newest, first + 49)
        found = await node.call("eth_getLogs", {**wanted, "fromBlock": hex(first), "toBlock": hex(last)})
        logs += [Log.read(one) for one in found]
    times = {height: await _time(node, height) for height in {log.block for log in logs}}
    return [_said(log, times[log.block]) for log in logs]


def _said(log: Log, time: int) -> Said:
    trail, party, part = log.topics[1:4]
    place = (log.block, log.position)
    return Said(place, trail, party, part, log.word(0), log.word(1), log.word(2), log.word(3)[31], time)


async def _time(node: Node, height: int) -> int:
    block: dict[str, Any] = await node.call("eth_getBlockByNumber", hex(height), False)
    return number(block["timestamp"])


async def head_on_chain(node: Node, deployed: Deployed, trail: bytes) -> bytes:
    """`head(trail)` by `eth_call`."""
    call = {"to": hexed(deployed.provenance), "data": hexed(calldata("Provenance", "head", [trail]))}
    return raw(await node.call("eth_call", call, "latest"))


async def assert_recorded_once(node: Node, deployed: Deployed, parts: dict[bytes, int]) -> list[Said]:
    """That the chain has each of these parts (id → number of entries) exactly once, and that all its heads fold."""
    said = await everything_said(node, deployed)
    counts = Counter(one.part for one in said)
    assert {part: counts[part] for part in parts} == parts
    assert len({(one.trail, one.party, one.seal, one.step) for one in said}) == len(said), "an entry came twice"
    trails: dict[bytes, list[Said]] = {}
    for one in said:
        trails.setdefault(one.trail, []).append(one)
    for trail, entries in trails.items():
        told = [Recorded(one.seal, one.party, one.to, one.step, one.time) for one in entries]
        assert fold(told) == entries[-1].head == await head_on_chain(node, deployed, trail)
    return said
