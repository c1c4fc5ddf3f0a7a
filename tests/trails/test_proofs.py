"""Proofs from a live node: real headers, present and absent slots, and a node that lies."""

from collections.abc import Sequence
from typing import Any

import pytest

from service.devstack import Anvil
from service.ledger.client import Node, NodeRefused, hexed, raw
from service.ledger.header import HeaderNotUnderstood, header_bytes
from service.ledger.proofs import Proofs, StateUnavailable
from service.sealing import rlp
from service.sealing.entries import Entry, Recorded, fold
from service.sealing.hashing import keccak256
from service.sealing.layout import Custody, KeyBinding, Standing
from service.sealing.state import Account, Header
from service.sealing.trie import BadProof, Nodes, lookup
from tests.trails.chain import Chain, Speaker
from tests.trails.freight import PARTIES


@pytest.fixture(scope="module")
async def chain(anvil: Anvil) -> Any:
    node = Node(anvil.url)
    yield await Chain.found(node, [Speaker(party.identifier, party.roles) for party in PARTIES])
    await node.close()


def trail(index: int) -> bytes:
    return keccak256(b"a trail for tests", index.to_bytes(4, "big"))


async def test_many_trails_present_and_absent_in_one_call(chain: Chain) -> None:
    """Against what the chain was told: two hundred trails that are there, two hundred that are not."""
    speaker = chain.speakers[0]
    entries = [Entry(trail(index), keccak256(bytes((index,))), index % 2) for index in range(200)]
    time = await chain.time_of(await chain.record(speaker, entries))
    proofs = Proofs(chain.node)
    state = await proofs.trails(chain.provenance, [trail(index) for index in range(400)], await proofs.newest_block())
    for index, entry in enumerate(entries):
        proven = state.trails[trail(index)]
        assert proven.head == fold([Recorded(entry.seal, speaker.id, entry.to, entry.step, time)])
        assert proven.custody == (Custody(1, 0, 1, commissioned=True) if entry.step else Custody())
    for index in range(200, 400):
        assert state.trails[trail(index)].head == bytes(32)


async def test_real_proofs_do_not_survive_a_flipped_bit(chain: Chain) -> None:
    await chain.record(chain.speakers[0], [Entry(trail(index), bytes(32), 0) for index in range(500, 520)])
    proofs = Proofs(chain.node)
    state = await proofs.trails(chain.provenance, [trail(500)], await proofs.newest_block())
    told = await chain.node.call("eth_getProof", hexed(chain.provenance), [], hex(state.block.number))
    nodes = [raw(node) for node in told["accountProof"]]
    assert set(nodes) <= state.nodes
    assert lookup(state.block.state_root, chain.provenance, Nodes(nodes)) is not None
    for index, node in enumerate(nodes):
        for at in range(0, len(node), 17):
            bad = node[:at] + bytes((node[at] ^ 0x10,)) + node[at + 1 :]
            spoilt = Nodes([*nodes[:index], bad, *nodes[index + 1 :]])
            with pytest.raises(BadProof):
                Account.prove(state.block.state_root, chain.provenance, spoilt)
    with pytest.raises(BadProof):
        Account.prove(state.block.state_root, chain.participants, Nodes(nodes))


async def test_parties_and_keys_are_proven(chain: Chain) -> None:
    proofs = Proofs(chain.node)
    state = await proofs.trails(chain.provenance, [], await proofs.newest_block())
    known = [speaker.address for speaker in chain.speakers]
    registry = await proofs.registry(chain.participants, [1, 2, 3, 4], [*known, bytes(20)], state.block)
    assert [registry.parties[number].id for number in (1, 2, 3)] == [speaker.id for speaker in chain.speakers]
    assert registry.parties[2].standing == Standing(2, suspended=False)
    assert registry.parties[4].id == bytes(32)
    assert [registry.keys[key].binding for key in known] == [KeyBinding(n, 0, 2**64 - 1) for n in (1, 2, 3)]
    assert registry.keys[bytes(20)].binding == KeyBinding()


async def test_a_block_that_is_not_there_is_told(chain: Chain) -> None:
    with pytest.raises(StateUnavailable, match="no such block"):
        await Proofs(chain.node).trails(chain.provenance, [], 10**9)


async def block(chain: Chain) -> dict[str, Any]:
    told: dict[str, Any] = await chain.node.call("eth_getBlockByNumber", "latest", False)
    return told


async def test_headers_of_a_live_chain_hash_to_their_blocks(chain: Chain) -> None:
    for number in range(6):
        told = await chain.node.call("eth_getBlockByNumber", hex(number), False)
        header = Header.read(header_bytes(told))
        assert header.hash == bytes.fromhex(told["hash"][2:])
        assert (header.number, header.time) == (number, int(told["timestamp"], 16))


async def test_a_field_of_a_later_fork_is_not_understood(chain: Chain) -> None:
    told = await block(chain)
    told["hash"] = "0x" + keccak256(header_bytes(told), b"one more field").hex()
    with pytest.raises(HeaderNotUnderstood, match="update it"):
        header_bytes(told)


FORKS = (
    ("baseFeePerGas",),
    ("baseFeePerGas", "withdrawalsRoot"),
    ("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),
    ("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"),
)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
async def test_headers_of_every_fork_are_put_together(chain: Chain, count: int) -> None:
    """Fields of later forks are appended; a chain before them tells none."""
    told = await block(chain)
    fields = rlp.decode_list(header_bytes(told))
    names = (*FORKS[-1],)
    for name in names[count:]:
        told.pop(name)
    encoded = rlp.encode(fields[: 15 + count])
    told["hash"] = "0x" + keccak256(encoded).hex()
    assert header_bytes(told) == encoded


async def test_a_qbft_header_leaves_seals_and_round_out(chain: Chain) -> None:
    """Besu's rule for the hash of a QBFT block: extra data with round zero and without committed seals."""
    told = await block(chain)
    vanity: rlp.Item = bytes(32)
    validators: rlp.Item = [bytes(20), bytes((1,)) * 20]
    vote: rlp.Item = []
    fields = rlp.decode_list(header_bytes(told))
    fields[12] = rlp.encode([vanity, validators, vote, b"", []])
    told["hash"] = "0x" + keccak256(rlp.encode(fields)).hex()
    told["extraData"] = "0x" + rlp.encode([vanity, validators, vote, b"\x02", [bytes(65), bytes(65)]]).hex()
    assert header_bytes(told) == rlp.encode(fields)


class Lying(Node):
    """A node that answers with something else."""

    def __init__(self, honest: Node, spoil: Any) -> None:
        self._honest, self._spoil = honest, spoil

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [
            self._spoil(method, answer)
            for (method, _), answer in zip(calls, await self._honest.batch(calls), strict=True)
        ]


def another_balance(method: str, answer: Any) -> Any:
    if method == "eth_getProof":
        answer["accountProof"][-1] = answer["accountProof"][-1][:-2] + "00"
    return answer


def one_slot_less(method: str, answer: Any) -> Any:
    if method == "eth_getProof":
        del answer["storageProof"][0]
    return answer


def refused(method: str, answer: Any) -> Any:
    return NodeRefused(method, -32000, "missing trie node") if method == "eth_getProof" else answer


@pytest.mark.parametrize("spoil", [another_balance, one_slot_less, refused])
async def test_what_does_not_hold_is_not_handed_on(chain: Chain, spoil: Any) -> None:
    proofs = Proofs(Lying(chain.node, spoil))
    newest = int(await chain.node.call("eth_blockNumber"), 16)
    with pytest.raises(StateUnavailable):
        await proofs.trails(chain.provenance, [trail(1)], newest)


async def test_a_replaced_block_is_noticed_between_two_questions(chain: Chain) -> None:
    proofs = Proofs(chain.node)
    state = await proofs.trails(chain.provenance, [], await proofs.newest_block())
    other = Header(bytes(32), state.block.state_root, state.block.number, state.block.time)
    with pytest.raises(StateUnavailable, match="replaced"):
        await proofs.registry(chain.participants, [1], [], other)
