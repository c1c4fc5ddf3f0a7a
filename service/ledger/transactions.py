"""Signed transactions of one account: made with fees that outlive a busy hour, kept before they are sent."""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from service.ledger.client import Node, hexed, member, number
from service.sealing import rlp
from service.sealing.hashing import keccak256
from service.store.transactions import GAP, NewTransaction, UnminedTransaction

_FEE_HEADROOM = 10


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees in wei; only the base fee of the block and the tip are paid, the rest is headroom."""

    limit: int
    tip: int

    base: int

    @classmethod
    async def now(cls, node: Node) -> "Fees":
        """Fees for a transaction that may wait: ten times the present base fee; zero on a chain without fees.

        Raises:
            NodeUnavailable, NodeRefused: ask again later.
        """
        block, price = await node.all([("eth_getBlockByNumber", ["latest", False]), ("eth_gasPrice", [])])
        base = number(member(block, "baseFeePerGas", "0x0"))
        tip = max(0, number(price) - base)
        return cls(base * _FEE_HEADROOM + tip, tip, base)


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
        return self._signed(fields, purpose)

    def fill(self, nonce: int, fees: Fees) -> NewTransaction:
        """A transaction that does nothing but use a nonce which no stored transaction has."""
        return self.sign(GAP, self.address, b"", nonce=nonce, gas=21_000, fees=fees)

    def dearer(self, transaction: UnminedTransaction, fees: Fees) -> NewTransaction:
        """The same transaction with fees of now, and so much above its former ones that nodes take it in their place.

        Nodes ask for a tenth more of both fees; it gets an eighth.
        """
        fields = _fields(transaction.raw)
        for name, now in (("maxFeePerGas", fees.limit), ("maxPriorityFeePerGas", fees.tip)):
            fields[name] = max(now, fields[name] + fields[name] // 8 + 1)
        fields["maxFeePerGas"] = max(fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])
        return self._signed(fields, transaction.purpose)

    def _signed(self, fields: dict[str, Any], purpose: str) -> NewTransaction:
        signed = self._account.sign_transaction(fields)
        return NewTransaction(bytes(signed.hash), fields["nonce"], bytes(signed.raw_transaction), purpose)


def fee_limit(transaction: UnminedTransaction) -> int:
    """The highest base fee, in wei, at which the transaction can be mined."""
    return int(_fields(transaction.raw)["maxFeePerGas"])


def _fields(raw: bytes) -> dict[str, Any]:
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    kept = {name: value for name, value in fields.items() if name not in ("v", "r", "s")}
    return kept if kept["to"] else {name: value for name, value in kept.items() if name != "to"}


def deployed_address(sender: bytes, nonce: int) -> bytes:
    """The address of a contract that `sender` deploys with `nonce` (Yellow Paper, section 7), 20 bytes."""
    digits = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    return keccak256(rlp.encode([sender, digits]))[12:]
