"""The registry's logs: read as the watcher meets them, and once from the beginning where the mirror has none."""

from collections.abc import Callable

from service.ledger.abi import Log, topic
from service.ledger.client import Node, hexed, member, number
from service.ledger.registry import FOREVER
from service.store import register
from service.store.chain import Deployed
from service.store.database import Session
from service.store.register import RegistryLog

_BLOCKS_AT_ONCE = 5_000

Read = Callable[[Log, int, str], RegistryLog]


def read(log: Log, block_time: int) -> RegistryLog | None:
    """The log in the columns of the mirror; None where it is no log of the registry."""
    known = _KINDS.get(log.topics[0])
    if known is None:
        return None
    kind, reader = known
    return reader(log, block_time, kind)


async def catch_up(session: Session, node: Node, deployed: Deployed, last: int) -> None:
    """Reads the registry's logs up to the block `last` into a mirror that has none of them.

    Raises:
        NodeUnavailable, NodeRefused.
    """
    if last <= deployed.start_block or await register.anything(session):
        return
    found: list[RegistryLog] = []
    for first in range(deployed.start_block, last + 1, _BLOCKS_AT_ONCE):
        span = {"fromBlock": hex(first), "toBlock": hex(min(last, first + _BLOCKS_AT_ONCE - 1))}
        logs = [
            Log.read(one) for one in await node.call("eth_getLogs", {**span, "address": hexed(deployed.participants)})
        ]
        times = await _times(node, sorted({log.block for log in logs}))
        found += [entry for log in logs if (entry := read(log, times[log.block])) is not None]
    await register.follow(session, sorted(found))


async def _times(node: Node, blocks: list[int]) -> dict[int, int]:
    answers = await node.all([("eth_getBlockByNumber", [hex(block), False]) for block in blocks])
    return {block: number(member(answer, "timestamp")) for block, answer in zip(blocks, answers, strict=True)}


def _of_party(log: Log, block_time: int, kind: str) -> RegistryLog:
    return RegistryLog(log.block, log.position, block_time, log.transaction, kind, log.topics[1])


def _of_key(log: Log, block_time: int, kind: str) -> RegistryLog:
    place = (log.block, log.position, block_time, log.transaction)
    return RegistryLog(*place, kind, log.topics[2], key=log.topics[1][12:])


def _party_registered(log: Log, block_time: int, kind: str) -> RegistryLog:
    numbered, roles = (int.from_bytes(log.word(index), "big") for index in (0, 1))
    return _of_party(log, block_time, kind)._replace(number=numbered, roles=roles)


def _roles_set(log: Log, block_time: int, kind: str) -> RegistryLog:
    return _of_party(log, block_time, kind)._replace(roles=int.from_bytes(log.word(0), "big"))


def _key_added(log: Log, block_time: int, kind: str) -> RegistryLog:
    since, until = (int.from_bytes(log.word(index), "big") for index in (0, 1))
    return _of_key(log, block_time, kind)._replace(
        valid_from=min(since, 2**63 - 1), valid_to=None if until == FOREVER else min(until, 2**63 - 1)
    )


def _key_revoked(log: Log, block_time: int, kind: str) -> RegistryLog:
    since = int.from_bytes(log.word(0), "big")
    return _of_key(log, block_time, kind)._replace(compromised_from=since)


_KINDS: dict[bytes, tuple[str, Read]] = {
    topic("Participants", kind): (kind, reader)
    for kind, reader in (
        (register.REGISTERED, _party_registered),
        (register.ROLES_SET, _roles_set),
        (register.SUSPENDED, _of_party),
        (register.REINSTATED, _of_party),
        (register.KEY_ADDED, _key_added),
        (register.KEY_REVOKED, _key_revoked),
    )
}
