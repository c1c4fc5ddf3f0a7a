"""The contracts alone on the bench's chain, with keys that an attack may sign with."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from eth_abi.abi import encode

from bench.attacks.mutants import creation_codes
from service.ledger.abi import (
    DISPUTES,
    REFUSALS,
    Log,
    SignedCapture,
    artifact,
    calldata,
    creation_code,
    entry_words,
    record_calldata,
    topic,
)
from service.ledger.client import Node, hexed, number, raw
from service.sealing.commitments import party_of
from service.sealing.entries import Entry, Step
from service.sealing.hashing import keccak256
from service.sealing.layout import Custody, custody_slot, head_slot
from service.sealing.signing import address_of, sign
from service.sealing.typeddata import NAME, VERSION, capture_id, signing_digest

if TYPE_CHECKING:
    from bench.attacks.world import World

ALWAYS = 2**64 - 1
DELAY_SECONDS = 2 * 86400
_GAS = 15_000_000
_numbers = itertools.count(1)

Field = tuple[str, str]
DOMAIN: dict[str, str] = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
DOMAINS_WITHOUT: dict[str, str] = {}
"""Mutants whose signing domain lacks a field, and which."""


def fresh() -> bytes:
    """32 bytes that nobody used before."""
    return keccak256(b"attack", next(_numbers).to_bytes(8, "big"), secrets.token_bytes(8))


def seen(trail: bytes | None = None, step: int = Step.OBSERVE, to: bytes = bytes(32)) -> Entry:
    """An entry with a seal of its own."""
    return Entry(trail or fresh(), fresh(), step, to)


@dataclass(frozen=True, slots=True)
class Member:
    """A registered party and the private key that speaks for it."""

    name: str
    id: bytes
    key: bytes = field(repr=False)

    @property
    def address(self) -> bytes:
        """Of the key, 20 bytes."""
        return address_of(self.key)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a `record` did: entries as (trail, party, capture, seal), reasons, and whether it was mined at all."""

    entries: list[tuple[bytes, bytes, bytes, bytes]]
    refusals: list[str]
    disputes: list[str]
    known: int
    mined: bool

    def __str__(self) -> str:
        if not self.mined:
            return "the transaction reverted"
        told = [f"{len(self.entries)} entries recorded"] + [f"refused: {reason}" for reason in self.refusals]
        return ", ".join(told + [f"disputed: {reason}" for reason in self.disputes])


@dataclass
class Ledger:
    """A deployment with the parties `acme`, `bolt` and `regulator`; accounts of the chain send, and pay nothing."""

    node: Node
    accounts: Sequence[str]
    mutant: str | None
    chain_id: int
    participants: bytes = b""
    provenance: bytes = b""
    members: dict[str, Member] = field(default_factory=dict)

    @classmethod
    async def deployed(cls, world: "World") -> Self:
        """A fresh deployment, of the mutant that the world is told to use, if any."""
        ledger = cls(world.node, await world.node.call("eth_accounts"), world.mutant, world.chain_id)
        admin = ledger.accounts[0]
        types, values = ["uint48", "address", "address"], [DELAY_SECONDS, admin, admin]
        ledger.participants = await ledger._deploy("Participants", types, values)
        ledger.provenance = await ledger.provenance_beside()
        for name, roles in (("acme", 1), ("bolt", 1), ("regulator", 32)):
            await ledger.join(name, roles)
        return ledger

    async def provenance_beside(self) -> bytes:
        """Another Provenance over the same parties."""
        return await self._deploy("Provenance", ["address"], [hexed(self.participants)])

    async def join(self, name: str, roles: int = 1) -> Member:
        """Registers a party with a key."""
        member = Member(name, party_of(name), secrets.token_bytes(32))
        assert await self.registry("registerParty", member.id, roles)
        assert await self.registry("addKey", hexed(member.address), member.id, 0, ALWAYS)
        self.members[name] = member
        return member

    @property
    def acme(self) -> Member:
        """The victim of most attacks."""
        return self.members["acme"]

    @property
    def bolt(self) -> Member:
        """Another member, not always a friend."""
        return self.members["bolt"]

    def domain(self, **other: Any) -> bytes:
        """The domain separator that a wallet would make, with fields of the attacker's choice."""
        values = {"name": NAME, "version": VERSION, "chainId": self.chain_id, "verifyingContract": self.provenance}
        fields = {name: kind for name, kind in DOMAIN.items() if name != DOMAINS_WITHOUT.get(self.mutant or "")}
        typed = f"EIP712Domain({','.join(f'{kind} {name}' for name, kind in fields.items())})"
        return keccak256(keccak256(typed.encode()), *(_word({**values, **other}[name]) for name in fields))

    def signed(
        self, key: bytes, *entries: Entry, deadline: int | None = None, domain: bytes | None = None
    ) -> SignedCapture:
        """A capture of these entries, signed."""
        until = int(time.time()) + 10 * 86400 if deadline is None else deadline
        ids = capture_id(entries) if len(entries) <= 200 else _id_of_too_many(entries)
        return SignedCapture(
            entry_words(entries), until, sign(signing_digest(domain or self.domain(), ids, until), key)
        )

    async def record(self, *captures: SignedCapture, sender: int = 1, at: bytes | None = None) -> Recording:
        """Sends the captures in one transaction."""
        receipt = await self.send(at or self.provenance, record_calldata(captures), sender)
        logs = [Log.read(log) for log in receipt["logs"]]
        return Recording(
            [(*log.topics[1:4], log.word(0)) for log in logs if log.topics[0] == topic("Provenance", "Recorded")],  # type: ignore[misc]
            [REFUSALS[log.word(1)[31]] for log in logs if log.topics[0] == topic("Provenance", "CaptureRefused")],
            [DISPUTES[log.word(0)[31]] for log in logs if log.topics[0] == topic("Provenance", "Disputed")],
            sum(log.topics[0] == topic("Provenance", "CaptureKnown") for log in logs),
            number(receipt["status"]) == 1,
        )

    async def registry(self, function: str, *arguments: Any, sender: int = 0) -> bool:
        """Calls `Participants`; whether it was done."""
        return await self.done(self.participants, calldata("Participants", function, arguments), sender)

    async def done(self, to: bytes, data: bytes, sender: int) -> bool:
        """Whether the call went through."""
        return number((await self.send(to, data, sender))["status"]) == 1

    async def send(self, to: bytes | None, data: bytes, sender: int) -> Mapping[str, Any]:
        """The receipt of a transaction of one of the chain's accounts."""
        asked = {"from": self.accounts[sender], "data": hexed(data), "gas": hex(_GAS), "gasPrice": "0x0"}
        hash_ = await self.node.call("eth_sendTransaction", asked if to is None else {**asked, "to": hexed(to)})
        while True:
            receipt: Mapping[str, Any] | None = await self.node.call("eth_getTransactionReceipt", hash_)
            if receipt is not None:
                return receipt
            await asyncio.sleep(0.005)

    async def head(self, trail: bytes, at: bytes | None = None) -> bytes:
        """The head of a trail."""
        return raw(
            await self.node.call("eth_getStorageAt", hexed(at or self.provenance), hexed(head_slot(trail)), "latest")
        )

    async def custody(self, trail: bytes) -> Custody:
        """The custody of a trail; raises ValueError where its slot has bits that nothing sets."""
        slot = hexed(custody_slot(trail))
        return Custody.unpack(raw(await self.node.call("eth_getStorageAt", hexed(self.provenance), slot, "latest")))

    async def _deploy(self, contract: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
        code = creation_codes()[self.mutant].get(contract) if self.mutant else None
        data = code + encode(types, values) if code else creation_code(contract, types, values)
        receipt = await self.send(None, data, 0)
        assert number(receipt["status"]) == 1, contract
        assert code or artifact(contract)
        return raw(receipt["contractAddress"])


def _word(value: str | int | bytes) -> bytes:
    if isinstance(value, str):
        return keccak256(value.encode())
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\x00")


def _id_of_too_many(entries: Sequence[Entry]) -> bytes:
    kind = keccak256(b"Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)")
    return keccak256(*(keccak256(kind, one.trail, one.seal, one.step.to_bytes(32, "big"), one.to) for one in entries))
