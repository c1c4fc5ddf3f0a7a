"""Captures as they went to the chain, read back from the transactions that brought them."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import decode

from service.ledger.abi import SignedCapture, entry_words, record_selector, topic
from service.ledger.client import Node, NodeRefused, hexed, member, raw
from service.sealing.entries import Entry

MOST = 1_000
"""Blocks that are looked through for one bundle."""
_CAPTURES = ["((bytes32,bytes32,uint8,bytes32)[],uint64,bytes)[]"]


async def captures_in(node: Node, provenance: bytes, wanted: Mapping[int, Sequence[bytes]]) -> list[SignedCapture]:
    """The captures that went to `provenance` in the transactions that recorded those `wanted`, ids by block number.

    A transaction that called the ledger through another contract does not show them, and neither does a node that
    has no logs of the block any more: what is missing is missing, never wrong, for a signature proves itself.

    Raises:
        NodeUnavailable: no answer.
    """
    blocks = sorted(wanted)[:MOST]
    calls: list[tuple[str, Sequence[Any]]] = [("eth_getLogs", [_filter(provenance, b, wanted[b])]) for b in blocks]
    hashes = {member(log, "transactionHash") for logs in await _answered(node, calls) for log in logs}
    transactions = await _answered(node, [("eth_getTransactionByHash", [one]) for one in sorted(hashes)])
    found: list[SignedCapture] = []
    for transaction in transactions:
        if str(member(transaction, "to")).lower() == hexed(provenance):
            found += captures_of(raw(member(transaction, "input", "0x")))
    return found


def captures_of(calldata: bytes) -> list[SignedCapture]:
    """The captures in the calldata of `record`; none where it is another call."""
    if calldata[:4] != record_selector():
        return []
    try:
        (captures,) = decode(_CAPTURES, calldata[4:])
    except (ValueError, OverflowError):  # what the contract's own reader may have read with more patience
        return []
    return [
        SignedCapture(entry_words([Entry(*entry) for entry in entries]), deadline, signature)
        for entries, deadline, signature in captures
    ]


def _filter(provenance: bytes, block: int, captures: Sequence[bytes]) -> dict[str, Any]:
    recorded = hexed(topic("Provenance", "Recorded"))
    topics = [recorded, None, None, [hexed(one) for one in captures]]
    return {"address": hexed(provenance), "fromBlock": hex(block), "toBlock": hex(block), "topics": topics}


async def _answered(node: Node, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    return [answer for answer in await node.batch(calls) if answer is not None and not isinstance(answer, NodeRefused)]
