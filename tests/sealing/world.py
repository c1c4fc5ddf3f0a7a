"""A made-up chain state: the two contracts with whatever they are to hold, and a header over it.

An attacker who owns a chain can make any of this; what such a chain proves must still not pass for the auditor's.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import rlp  # type: ignore[import-untyped]

from service.sealing import released
from service.sealing.bundle import FORMAT, Bundle, EntryPart, ParticipantsPart, PartyPart, ProvenancePart, TrailPart
from service.sealing.commitments import party_of, trail_of
from service.sealing.entries import fold
from service.sealing.hashing import keccak256
from service.sealing.layout import PARTICIPANTS_SLOT, custody_slot, head_slot, party_id_slot
from tests.sealing.mpt import hashed, proof_of, root_of
from tests.trails.freight import PARTIES, SALT, SSCC, entry_of, nonce_of, story

PROVENANCE = keccak256(b"provenance")[12:]
PARTICIPANTS = keccak256(b"participants")[12:]
START = 1_772_000_000


def entries(count: int | None = None) -> list[EntryPart]:
    """The story's entries, one block every twelve seconds, all disclosed."""
    parts = []
    for index, (speaker, document) in enumerate(story()[:count]):
        entry = entry_of(document)
        parts.append(
            EntryPart(
                seal=entry.seal,
                party=speaker.id,
                to=entry.to,
                step=entry.step,
                time=START + 12 * index,
                document=document,
                nonce=nonce_of(document),
            )
        )
    return parts


@dataclass(frozen=True)
class World:
    """One block's state. `entries` are what the chain recorded on the trail; custody is the word of its slot."""

    entries: list[EntryPart] = field(default_factory=entries)
    identifier: str = SSCC
    salt: bytes = SALT
    custody: int = 3 | 1 << 64 | 1 << 160
    time: int = START + 1000
    number: int = 77
    provenance: bytes = PROVENANCE
    participants: bytes = PARTICIPANTS
    provenance_code: bytes = next(iter(released.PROVENANCE))
    participants_code: bytes = next(iter(released.PARTICIPANTS))
    parties: dict[int, str] = field(default_factory=lambda: {i: p.identifier for i, p in enumerate(PARTIES, start=1)})
    others: int = 40

    @property
    def trail(self) -> bytes:
        return trail_of(self.identifier, self.salt)

    @cached_property
    def ledger_slots(self) -> dict[bytes, bytes]:
        words = {keccak256(b"other", bytes((index,))): keccak256(bytes((index,))) for index in range(self.others)}
        words[PARTICIPANTS_SLOT] = self.participants
        words[head_slot(self.trail)] = fold(entry.recorded for entry in self.entries)
        words[custody_slot(self.trail)] = self.custody.to_bytes(32, "big")
        return {key: rlp.encode(word.lstrip(b"\x00")) for key, word in words.items() if any(word)}

    @cached_property
    def registry_slots(self) -> dict[bytes, bytes]:
        return {party_id_slot(number): rlp.encode(party_of(name)) for number, name in self.parties.items()}

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
        encoded: bytes = rlp.encode([*first, b"", number, b"\x01", b"", time, b"", bytes(32), bytes(8), b"\x07"])
        return encoded

    @property
    def block(self) -> bytes:
        return keccak256(self.header)

    def bundle(self, **changes: Any) -> Bundle:
        """What an honest service hands out for this state, with parts replaced."""
        return replace_parts(
            Bundle(
                format=FORMAT,
                header=self.header,
                trail=TrailPart(identifier=self.identifier, salt=self.salt),
                provenance=ProvenancePart(
                    address=self.provenance,
                    account=_proof(self.accounts, self.provenance),
                    participants=_proof(self.ledger_slots, PARTICIPANTS_SLOT),
                    head=_proof(self.ledger_slots, head_slot(self.trail)),
                    custody=_proof(self.ledger_slots, custody_slot(self.trail)),
                ),
                participants=ParticipantsPart(
                    account=_proof(self.accounts, self.participants),
                    parties=[
                        PartyPart(
                            identifier=name, number=number, proof=_proof(self.registry_slots, party_id_slot(number))
                        )
                        for number, name in self.parties.items()
                    ],
                ),
                entries=changes.pop("entries", self.entries),
            ),
            **changes,
        )

    def but(self, **changes: Any) -> "World":
        """Another world."""
        return replace(self, **changes)


def replace_parts(bundle: Bundle, **changes: Any) -> Bundle:
    """The bundle with parts replaced; the digest follows when it is dumped."""
    return bundle.model_copy(update=changes)


def _proof(items: dict[bytes, bytes], key: bytes) -> list[bytes]:
    return proof_of(hashed(items), keccak256(key).hex())
