"""Fresh contracts on a chain, and parties that speak through them, without the service."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.ledger.abi import SignedCapture, calldata, creation_code, entry_words, record_calldata
from service.ledger.client import Node, hexed, raw
from service.sealing.commitments import party_of
from service.sealing.entries import Entry
from service.sealing.hashing import keccak256
from service.sealing.signing import address_of, sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest

FOREVER = 2**64 - 1


@dataclass
class Speaker:
    """A registered party with a signing key."""

    identifier: str
    roles: int = 1
    key: bytes = b""
    number: int = 0

    def __post_init__(self) -> None:
        self.key = self.key or keccak256(b"a key for tests", self.identifier.encode())

    @property
    def id(self) -> bytes:
        return party_of(self.identifier)

    @property
    def address(self) -> bytes:
        return address_of(self.key)


@dataclass
class Chain:
    """`Participants` and `Provenance` of one consortium; `account` is one of Anvil's own and pays."""

    node: Node
    account: str
    chain_id: int = 0
    participants: bytes = b""
    provenance: bytes = b""
    speakers: list[Speaker] = field(default_factory=list)

    @classmethod
    async def found(cls, node: Node, speakers: Sequence[Speaker]) -> "Chain":
        accounts = await node.call("eth_accounts")
        chain = cls(node, accounts[0], int(await node.call("eth_chainId"), 16))
        code = creation_code("Participants", ["uint48", "address", "address"], [0, chain.account, chain.account])
        chain.participants = raw((await chain.send(None, code))["contractAddress"])
        code = creation_code("Provenance", ["address"], [hexed(chain.participants)])
        chain.provenance = raw((await chain.send(None, code))["contractAddress"])
        await chain.register(speakers)
        return chain

    async def register(self, speakers: Sequence[Speaker]) -> None:
        for speaker in speakers:
            self.speakers.append(speaker)
            speaker.number = len(self.speakers)
        parties = [(speaker.id, speaker.roles) for speaker in speakers]
        keys = [(hexed(speaker.address), speaker.id, 0, FOREVER) for speaker in speakers]
        await self.send(self.participants, calldata("Participants", "registerParties", [parties]))
        await self.send(self.participants, calldata("Participants", "addKeys", [keys]))

    def signed(self, speaker: Speaker, entries: Sequence[Entry], deadline: int = FOREVER) -> SignedCapture:
        digest = signing_digest(domain_separator(self.chain_id, self.provenance), capture_id(entries), deadline)
        return SignedCapture(entry_words(entries), deadline, sign(digest, speaker.key))

    async def record(self, speaker: Speaker, entries: Sequence[Entry]) -> dict[str, Any]:
        return await self.send(self.provenance, record_calldata([self.signed(speaker, entries)]))

    async def send(self, to: bytes | None, code: bytes) -> dict[str, Any]:
        """The receipt of a transaction, mined now."""
        price = await self.node.call("eth_gasPrice")
        call = {"from": self.account, "data": hexed(code), "gas": hex(12_000_000), "gasPrice": price}
        if to is not None:
            call["to"] = hexed(to)
        name = await self.node.call("eth_sendTransaction", call)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            receipt: dict[str, Any] | None = await self.node.call("eth_getTransactionReceipt", name)
            if receipt is not None:
                assert receipt["status"] == "0x1", receipt
                return receipt
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{name} was not mined")

    async def time_of(self, receipt: dict[str, Any]) -> int:
        block = await self.node.call("eth_getBlockByNumber", receipt["blockNumber"], False)
        return int(block["timestamp"], 16)
