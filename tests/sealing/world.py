"""A made-up chain state: the two contracts with whatever they are to hold, and a header over it.

An attacker who owns a chain can make any of this; what such a chain proves must still not pass for the auditor's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import rlp  # type: ignore[import-untyped]

from service.sealing import released
from service.sealing.bundle import Bundle, CapturePart, EntryPart, EventPart, PartyPart, TrailPart
from service.sealing.commitments import party_of, seal_of, trail_of
from service.sealing.entries import NOBODY, Entry, Recorded, fold
from service.sealing.hashing import canonical_json, keccak256
from service.sealing.layout import (
    PARTICIPANTS_SLOT,
    custody_slot,
    head_slot,
    key_slot,
    party_id_slot,
    party_standing_slot,
)
from service.sealing.meaning import steps_of
from service.sealing.signing import sign
from service.sealing.typeddata import domain_separator, signing_digest, struct_hash
from tests.sealing.mpt import hashed, proof_of, root_of
from tests.trails.chain import Speaker
from tests.trails.freight import PARTIES, SALT, SSCC, nonce_of, story

PROVENANCE = keccak256(b"provenance")[12:]
PARTICIPANTS = keccak256(b"participants")[12:]
CHAIN_ID = 1337
START = 1_772_000_000
FOREVER = 2**64 - 1


@dataclass(frozen=True)
class Said:
    """An entry that the chain recorded, with the event that its speaker has for it."""

    speaker: Speaker
    document: dict[str, Any]
    seal: bytes
    step: int
    to: bytes
    time: int

    def but(self, **changes: Any) -> "Said":
        """Another entry."""
        return replace(self, **changes)

    @property
    def event(self) -> EventPart:
        """The event as a bundle discloses it."""
        return EventPart.of(self.document, nonce_of(self.document))


@dataclass(frozen=True)
class Told:
    """A thing's trail on the chain; `custody` is the word of its slot."""

    said: Sequence[Said]
    identifier: str = SSCC
    salt: bytes = SALT
    custody: int = 3 | 1 << 64 | 1 << 160

    @property
    def id(self) -> bytes:
        return trail_of(self.identifier, self.salt)


def said(speaker: Speaker, document: dict[str, Any], time: int, identifier: str = SSCC) -> Said:
    """What the speaker's document says of a thing, or on the speaker's journal."""
    step, recipient = steps_of(document).get(identifier, (0, None))
    to = party_of(recipient) if recipient else NOBODY
    return Said(speaker, document, seal_of(canonical_json(document), nonce_of(document)), int(step), to, time)


def consignment(count: int | None = None) -> Told:
    """The story's trail, one block every twelve seconds."""
    return Told(tuple(said(who, document, START + 12 * at) for at, (who, document) in enumerate(story()[:count])))


def binding(number: int, valid_from: int = 0, valid_to: int = FOREVER, compromised_from: int = 0) -> int:
    """The word of a key's slot."""
    return number | valid_from << 32 | valid_to << 96 | compromised_from << 160


@dataclass(frozen=True)
class World:
    """One block's state.

    `keys` are words of keys' slots by address; `standings` words of parties' second slots, by number.
    """

    trails: Sequence[Told] = field(default_factory=lambda: (consignment(),))
    time: int = START + 1000
    number: int = 77
    provenance: bytes = PROVENANCE
    participants: bytes = PARTICIPANTS
    provenance_code: bytes = next(iter(released.PROVENANCE))
    participants_code: bytes = next(iter(released.PARTICIPANTS))
    parties: dict[int, str] = field(default_factory=lambda: {i: p.identifier for i, p in enumerate(PARTIES, start=1)})
    keys: dict[bytes, int] = field(
        default_factory=lambda: {party.address: binding(number) for number, party in enumerate(PARTIES, start=1)}
    )
    standings: dict[int, int] = field(default_factory=lambda: {1: 1, 2: 2, 3: 1})
    others: int = 40
    extra_data: bytes = b""

    @cached_property
    def ledger_slots(self) -> dict[bytes, bytes]:
        words = {keccak256(b"other", bytes((index,))): keccak256(bytes((index,))) for index in range(self.others)}
        words[PARTICIPANTS_SLOT] = self.participants
        for told in self.trails:
            words[head_slot(told.id)] = fold(
                Recorded(one.seal, one.speaker.id, one.to, one.step, one.time) for one in told.said
            )
            words[custody_slot(told.id)] = told.custody.to_bytes(32, "big")
        return _slots(words)

    @cached_property
    def registry_slots(self) -> dict[bytes, bytes]:
        words = {party_id_slot(number): party_of(name) for number, name in self.parties.items()}
        words |= {party_standing_slot(number): word.to_bytes(32, "big") for number, word in self.standings.items()}
        words |= {key_slot(address): word.to_bytes(32, "big") for address, word in self.keys.items()}
        return _slots(words)

    @cached_property
    def accounts(self) -> dict[bytes, bytes]:
        def account(slots: dict[bytes, bytes], code: bytes) -> bytes:
            return bytes(rlp.encode([b"\x01", b"", root_of(hashed(slots)), code]))

        plain = rlp.encode([b"\x05", b"\x0a", keccak256(rlp.encode(b"")), keccak256(b"")])
        return {keccak256(bytes((index,)))[12:]: plain for index in range(self.others)} | {
            self.provenance: account(self.ledger_slots, self.provenance_code),
            self.participants: account(self.registry_slots, self.participants_code),
        }

    @cached_property
    def header(self) -> bytes:
        number = self.number.to_bytes(2, "big").lstrip(b"\x00")
        time = self.time.to_bytes(4, "big").lstrip(b"\x00")
        first = [bytes(32), bytes(32), bytes(20), root_of(hashed(self.accounts)), bytes(32), bytes(32), bytes(256)]
        last = [self.extra_data, bytes(32), bytes(8), b"\x07"]
        encoded: bytes = rlp.encode([*first, b"", number, b"\x01", b"", time, *last])
        return encoded

    @property
    def block(self) -> bytes:
        return keccak256(self.header)

    def capture(self, entries: Sequence[tuple[bytes, Said]], deadline: int = START + 10_000) -> CapturePart:
        """The capture of entries (with the ids of their trails), signed by the speaker of the first."""
        words = b"".join(struct_hash(Entry(trail, one.seal, one.step, one.to)) for trail, one in entries)
        digest = signing_digest(domain_separator(CHAIN_ID, self.provenance), keccak256(words), deadline)
        signature = sign(digest, entries[0][1].speaker.key)
        return CapturePart(entries=words, deadline=deadline.to_bytes(8, "big"), signature=signature)

    def bundle(self, **changes: Any) -> Bundle:
        """What an honest service hands out for this state, with parts replaced."""
        together: dict[tuple[bytes, bytes, int], list[tuple[bytes, Said]]] = {}
        for told in self.told:
            for one in told.said:
                together.setdefault((one.seal, one.speaker.id, one.time), []).append((told.id, one))
        indexes = {key: index for index, key in enumerate(together)}
        numbers = {party_of(name): number for number, name in self.parties.items()}

        def entry(one: Said) -> EntryPart:
            number, to = numbers.get(one.speaker.id, 1), None if one.to == NOBODY else one.to
            capture = indexes[one.seal, one.speaker.id, one.time]
            return EntryPart(seal=one.seal, party=number, to=to, step=one.step, time=one.time, capture=capture)

        events = {one.seal: one.event for told in self.trails for one in told.said if one.event.seal == one.seal}
        bundle = Bundle(
            chainId=CHAIN_ID,
            header=self.header,
            commit=None,
            provenance=self.provenance,
            nodes=self.nodes(),
            parties=[PartyPart(identifier=name, number=number) for number, name in sorted(self.parties.items())],
            captures=[self.capture(entries) for entries in together.values()],
            events=[events[seal] for seal in sorted(events)],
            erased=[],
            trails=[
                TrailPart(identifier=told.identifier, salt=told.salt, entries=[entry(one) for one in told.said])
                for told in self.told
            ],
        )
        return replace(bundle, **changes)

    @property
    def told(self) -> list[Told]:
        """The trails in the order of a bundle."""
        return sorted(self.trails, key=lambda told: told.identifier.encode("utf-16-be"))

    def nodes(self, keys: Iterable[bytes] | None = None) -> list[bytes]:
        """The nodes that prove everything that a bundle of all trails relies on."""
        speakers = {one.speaker.address for told in self.trails for one in told.said}
        ledger = [PARTICIPANTS_SLOT]
        ledger += [slot for told in self.trails for slot in (head_slot(told.id), custody_slot(told.id))]
        registry = [slot for number in self.parties for slot in (party_id_slot(number), party_standing_slot(number))]
        registry += [key_slot(address) for address in (speakers if keys is None else keys)]
        found = {node for address in (self.provenance, self.participants) for node in _proof(self.accounts, address)}
        found |= {node for slot in ledger for node in _proof(self.ledger_slots, slot)}
        found |= {node for slot in registry for node in _proof(self.registry_slots, slot)}
        return sorted(found)

    def but(self, **changes: Any) -> "World":
        """Another world."""
        return replace(self, **changes)


def _slots(words: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {key: rlp.encode(word.lstrip(b"\x00")) for key, word in words.items() if any(word)}


def _proof(items: dict[bytes, bytes], key: bytes) -> list[bytes]:
    return proof_of(hashed(items), keccak256(key).hex())
