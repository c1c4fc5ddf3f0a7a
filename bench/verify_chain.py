"""A made-up chain state with one trail on it, and the bundle of it: what `bench.verify` verifies.

The worst case for signatures: each event is an ObjectEvent of about a kilobyte, in a capture of its own, signed by one
of a hundred keys of ten parties. The ledger's state has 20,000 other slots, so that proofs are about as deep as those
of a ledger in use.
"""

from collections.abc import Mapping
from typing import Any

from service.sealing import released, rlp
from service.sealing.bundle import Bundle, CapturePart, EntryPart, EventPart, PartyPart, TrailPart
from service.sealing.commitments import party_of, trail_of
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
from service.sealing.signing import address_of, sign
from service.sealing.typeddata import domain_separator, signing_digest, struct_hash

THING = "https://id.gs1.org/00/095211410000000014"
SALT = keccak256(b"salt")
PROVENANCE, PARTICIPANTS = keccak256(b"provenance")[12:], keccak256(b"participants")[12:]
CHAIN_ID, START, OTHERS = 31337, 1_772_000_000, 20_000
DEADLINE = 2**40
PARTIES = {number: f"https://id.gs1.org/417/09521141{number:05d}" for number in range(1, 11)}
KEYS = [keccak256(b"key", bytes((index,))) for index in range(100)]
ADDRESSES = [address_of(key) for key in KEYS]


def document(index: int) -> dict[str, Any]:
    """An inspection with a sensor's report, as a forwarder's terminal tells it: about a kilobyte."""
    moment = f"2026-03-01T{index // 3600 % 24:02d}:{index // 60 % 60:02d}:{index % 60:02d}.{index % 1000:03d}Z"
    report = {"type": "Temperature", "value": 2 + index % 60 / 10, "uom": "CEL", "time": moment}
    humid = {"type": "RelativeHumidity", "value": 40 + index % 30, "uom": "A93", "time": moment}
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"example": "https://example.com/epcis/"},
        ],
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{index:012d}",
        "eventTime": moment,
        "eventTimeZoneOffset": "+00:00",
        "epcList": [THING],
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "disposition": "in_transit",
        "readPoint": {"id": f"https://id.gs1.org/414/0952114110000/254/{index % 500}"},
        "bizLocation": {"id": "https://id.gs1.org/414/0952114110000"},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:example:po:{index // 7}"}],
        "sensorElementList": [
            {"sensorMetadata": {"deviceID": "https://id.gs1.org/8004/095211411234"}, "sensorReport": [report, humid]}
        ],
        "example:remark": f"Seal {index} unbroken, data logger read out at the gate, no condensation on the packaging",
    }


def bundle(count: int) -> Bundle:
    """The bundle of a trail of so many events, one block a second."""
    domain = domain_separator(CHAIN_ID, PROVENANCE)
    events = [
        EventPart(document=canonical_json(document(index)), nonce=keccak256(b"nonce", index.to_bytes(8, "big"))[:16])
        for index in range(count)
    ]
    trail = trail_of(THING, SALT)
    entries, captures, recorded = [], [], []
    for index, event in enumerate(events):
        key, seal, time = index % len(KEYS), event.seal, START + index
        party = key % len(PARTIES) + 1
        entries.append(EntryPart(seal=seal, party=party, to=None, step=0, time=time, capture=index))
        hashed = struct_hash(Entry(trail, seal, 0))
        signature = sign(signing_digest(domain, keccak256(hashed), DEADLINE), KEYS[key])
        captures.append(CapturePart(entries=hashed, deadline=DEADLINE.to_bytes(8, "big"), signature=signature))
        recorded.append(Recorded(seal, party_of(PARTIES[party]), NOBODY, 0, time))
    header, nodes = _state(fold(recorded), trail, START + count, count)
    return Bundle(
        chainId=CHAIN_ID,
        header=header,
        commit=None,
        provenance=PROVENANCE,
        nodes=nodes,
        parties=[PartyPart(identifier=name, number=number) for number, name in PARTIES.items()],
        captures=captures,
        events=sorted(events, key=lambda one: one.seal),
        erased=[],
        trails=[TrailPart(identifier=THING, salt=SALT, entries=entries)],
    )


def _state(head: bytes, trail: bytes, time: int, keys: int) -> tuple[bytes, list[bytes]]:
    """The header, and the nodes that prove what the bundle relies on."""
    ledger = {
        keccak256(index.to_bytes(8, "big")): keccak256(b"word", index.to_bytes(8, "big")) for index in range(OTHERS)
    }
    ledger |= {PARTICIPANTS_SLOT: PARTICIPANTS, head_slot(trail): head, custody_slot(trail): b"\x01"}
    registry = {party_id_slot(number): party_of(name) for number, name in PARTIES.items()}
    registry |= {party_standing_slot(number): b"\x01" for number in PARTIES}
    for index, address in enumerate(ADDRESSES[:keys]):
        word = index % len(PARTIES) + 1 | (2**64 - 1) << 96
        registry[key_slot(address)] = word.to_bytes(32, "big")
    asked_ledger = [PARTICIPANTS_SLOT, head_slot(trail), custody_slot(trail)]
    ledger_root, nodes = _proven(
        {slot: rlp.encode(word.lstrip(b"\x00")) for slot, word in ledger.items()}, asked_ledger
    )
    registry_root, more = _proven(
        {slot: rlp.encode(word.lstrip(b"\x00")) for slot, word in registry.items()}, list(registry)
    )
    accounts = {
        PROVENANCE: rlp.encode([b"\x01", b"", ledger_root, next(iter(released.PROVENANCE))]),
        PARTICIPANTS: rlp.encode([b"\x01", b"", registry_root, next(iter(released.PARTICIPANTS))]),
    }
    accounts |= {keccak256(index.to_bytes(8, "big"))[12:]: accounts[PARTICIPANTS] for index in range(1000)}
    root, most = _proven(accounts, [PROVENANCE, PARTICIPANTS])
    fields: list[rlp.Item] = [bytes(32), bytes(32), bytes(20), root, bytes(32), bytes(32), bytes(256), b"", b"\x4d"]
    fields += [b"\x01", b"", time.to_bytes(4, "big"), b"", bytes(32), bytes(8)]
    return rlp.encode(fields), sorted({*nodes, *more, *most})


def _proven(items: Mapping[bytes, bytes], asked: list[bytes]) -> tuple[bytes, set[bytes]]:
    """The root of the secured trie, and its nodes on the way to the keys that are asked for."""
    paths = sorted((keccak256(key).hex(), value) for key, value in items.items())
    wanted = {keccak256(key).hex() for key in asked}
    kept: set[bytes] = set()
    root = rlp.encode(_node(paths, 0, wanted, kept))
    kept.add(root)
    return keccak256(root), kept


def _node(paths: list[tuple[str, bytes]], depth: int, wanted: set[str], kept: set[bytes]) -> rlp.Item:
    if len(paths) == 1:
        return [_packed(paths[0][0][depth:], leaf=True), paths[0][1]]
    first, last = paths[0][0], paths[-1][0]
    shared = next(at for at in range(depth, 64) if first[at] != last[at])
    if shared > depth:
        return [_packed(first[depth:shared], leaf=False), _reference(paths, shared, wanted, kept)]
    below: list[rlp.Item] = []
    for digit in "0123456789abcdef":
        some = [one for one in paths if one[0][depth] == digit]
        below.append(_reference(some, depth + 1, wanted, kept) if some else b"")
    return [*below, b""]


def _reference(paths: list[tuple[str, bytes]], depth: int, wanted: set[str], kept: set[bytes]) -> rlp.Item:
    node = _node(paths, depth, wanted, kept)
    encoded = rlp.encode(node)
    if len(encoded) < 32:
        return node
    if any(path.startswith(paths[0][0][:depth]) for path in wanted):
        kept.add(encoded)
    return keccak256(encoded)


def _packed(path: str, *, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    return bytes.fromhex(f"{flag + 1:x}{path}" if len(path) % 2 else f"{flag:x}0{path}")
