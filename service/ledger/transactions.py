"""Signed transactions of one account: made with fees that outlive a busy hour, kept before they are sent."""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from service.ledger.client import Node, hexed, number
from service.sealing import rlp
from service.sealing.hashing import keccak256
from service.store.outbox import NewTransaction

_FEE_HEADROOM = 10


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees in wei; only the base fee of the block and the tip are paid, the rest is headroom."""

    limit: int
    tip: int

    @classmethod
    async def now(cls, node: Node) -> "Fees":
        """Fees for a transaction that may wait: ten times the present base fee; zero on a chain without fees."""
        block = await node.call("eth_getBlockByNumber", "latest", False)
        price = number(await node.call("eth_gasPrice"))
        base = number(block.get("baseFeePerGas", "0x0"))
        tip = max(0, price - base)
        return cls(base * _FEE_HEADROOM + tip, tip)


class Signer:
    """An account of ours: its address, and transactions signed by its key."""

    def __init__(self, key: bytes, chain_id: int) -> None:
        self._account: LocalAccount = Account.from_key(key)
        self._chain_id = chain_id
        self.address = bytes.fromhex(self._account.address[2:])

    async def count_on_chain(self, node: Node) -> int:
        """How many transactions of this account the chain has: its next nonce there."""
        return number(await node.call("eth_getTransactionCount", hexed(self.address), "latest"))

    def sign(
        self, purpose: str, to: bytes | None, payload: bytes, *, nonce: int, gas: int, fees: Fees
    ) -> NewTransaction:
        """A type 2 transaction (EIP-1559) to a 20-byte address, or a deployment where `to` is None."""
        fields: dict[str, Any] = {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fees.limit,
            "maxPriorityFeePerGas": fees.tip,
            "value": 0,
            "data": payload,
            "type": 2,
        }
        if to is not None:
            fields["to"] = to
        signed = self._account.sign_transaction(fields)
        return NewTransaction(bytes(signed.hash), nonce, bytes(signed.raw_transaction), purpose)


def deployed_address(sender: bytes, nonce: int) -> bytes:
    """The address of a contract that `sender` deploys with `nonce` (Yellow Paper, section 7), 20 bytes."""
    digits = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    return keccak256(rlp.encode([sender, digits]))[12:]
