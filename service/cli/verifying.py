"""Verifying as the commands do it: against an auditor's own node or a block hash."""

import httpx

from service.sealing import bundle as bundles
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verify import verify


def block_hash_at(rpc: str, number: int) -> bytes | None:
    """The hash of the block with this number on the node, None where it has no such block."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [hex(number), False]}
    block = httpx.post(rpc, json=question, timeout=30, trust_env=False).json()["result"]
    return bytes.fromhex(block["hash"][2:]) if block else None


def verified(file: bytes, rpc: str) -> bool:
    """Whether every step of the verification holds against the node's block."""
    trusted = block_hash_at(rpc, Header.read(bundles.read(file).header).number)
    return trusted is not None and verify(file, Trust(trusted), steps_of).holds
