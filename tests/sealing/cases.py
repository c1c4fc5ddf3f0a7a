"""Bundles with what an auditor trusts and the verdict that every implementation must give; the same in every run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from service.sealing import rlp
from service.sealing.bundle import Bundle, CommitPart, ErasedPart
from service.sealing.checkpoint import NONE_BEFORE, Checkpoint, SignedCheckpoint
from service.sealing.commitments import journal_of, risk_of
from service.sealing.entries import Step
from service.sealing.hashing import keccak256
from service.sealing.meaning import steps_of
from service.sealing.report import as_json
from service.sealing.signing import address_of
from service.sealing.state import Header
from service.sealing.trust import Trust, Validators, Witnesses
from service.sealing.verify import verify
from tests.sealing import validators
from tests.sealing.test_attacks import ATTACKS, ON_ANOTHER_CHAIN, OTHER_THING
from tests.sealing.world import CHAIN_ID, START, Told, World, binding, consignment, said
from tests.trails.chain import Speaker
from tests.trails.freight import BUYER, CARRIER, SSCC, SUPPLIER, event

WITNESS_KEYS = [keccak256(b"witness", bytes((index,))) for index in range(3)]
WORLD = World()
(TRAIL,) = WORLD.trails


@dataclass(frozen=True)
class Case:
    """A file, and everything else that goes into its verification; `about` says what is special."""

    name: str
    about: str
    file: bytes
    trust: Trust
    ledger: bytes | None = WORLD.provenance

    @property
    def verdict(self) -> dict[str, Any]:
        """What `--json` prints, but for the texts: those may differ from one implementation to the next."""
        verdict = as_json(verify(self.file, self.trust, steps_of, self.ledger))
        steps = [{"number": one["number"], "title": one["title"], "result": one["result"]} for one in verdict["steps"]]
        return {name: value for name, value in verdict.items() if name != "trust"} | {"steps": steps}

    @property
    def inputs(self) -> dict[str, Any]:
        """Trust and ledger as JSON."""
        block, witnesses, known = self.trust.block, self.trust.witnesses, self.trust.validators
        return {
            "block": None if block is None else f"0x{block.hex()}",
            "validators": None if known is None else sorted(f"0x{one.hex()}" for one in known.addresses),
            "witnesses": None
            if witnesses is None
            else {
                "addresses": sorted(f"0x{one.hex()}" for one in witnesses.addresses),
                "required": witnesses.required,
                "checkpoints": [one.as_json() for one in witnesses.checkpoints],
            },
            "ledger": None if self.ledger is None else f"0x{self.ledger.hex()}",
        }


def cases() -> Iterator[Case]:
    """All of them: those that hold, those that an attacker rewrote, and what makes a block trusted."""
    for name, (about, make) in HOLDING.items():
        world, bundle = make()
        yield Case(name, about, bundle.dump(), Trust(world.block), world.provenance)
    yield Case("no-ledger", "the ledger's address is not given", WORLD.bundle().dump(), Trust(WORLD.block), None)
    for name, (_, attack) in ATTACKS.items():
        bundle = attack()
        block = keccak256(bundle.header) if name in ON_ANOTHER_CHAIN else WORLD.block
        slug = "".join(letter if letter.isalnum() else "-" for letter in name.replace("'s", "s").lower())
        yield Case(f"attack-{slug.replace('--', '-')}", name, bundle.dump(), Trust(block))
    yield from committed()
    yield from witnessed()


def several() -> tuple[World, Bundle]:
    """Three things, told in common events and captures."""
    parcel = "urn:example:parcel:1"
    both, three = event(7, epcList=[SSCC, OTHER_THING]), event(8, epcList=[SSCC, OTHER_THING, parcel])
    times = (START + 90, START + 96)
    here = [said(CARRIER, both, times[0]), said(BUYER, three, times[1])]
    there = [said(CARRIER, both, times[0], OTHER_THING), said(BUYER, three, times[1], OTHER_THING)]
    world = WORLD.but(
        trails=(
            replace(TRAIL, said=(*TRAIL.said, *here)),
            Told(there, OTHER_THING, keccak256(b"another salt"), 0),
            Told((said(BUYER, three, times[1], parcel),), parcel, keccak256(b"a third salt"), 0),
        )
    )
    return world, world.bundle()


def withheld() -> tuple[World, Bundle]:
    bundle = WORLD.bundle()
    return WORLD, replace(bundle, events=bundle.events[::2])


def erased() -> tuple[World, Bundle]:
    gone = TRAIL.said[3]
    statement = said(CARRIER, event(8, **{"trailseal:erases": f"0x{gone.seal.hex()}"}), START + 80)
    world = WORLD.but(trails=(replace(TRAIL, said=(*TRAIL.said, statement)),))
    bundle = world.bundle()
    told = [
        ErasedPart(seal=gone.seal, party=2, time=START + 70, reason="Art. 17 GDPR \N{SNOWFLAKE}"),
        ErasedPart(seal=TRAIL.said[4].seal, party=2, time=START + 71, reason=""),
    ]
    hidden = {one.seal for one in told}
    return world, replace(
        bundle,
        events=[one for one in bundle.events if one.seal not in hidden],
        erased=sorted(told, key=lambda one: one.seal),
    )


def journal() -> tuple[World, Bundle]:
    report = {"type": "Temperature", "value": 4.5, "uom": "CEL"}
    place = {"id": "https://id.gs1.org/414/9521141100004"}
    sensed = event(1, epcList=[], readPoint=place, sensorElementList=[{"sensorReport": [report]}])
    told = Told((said(SUPPLIER, sensed, START),), journal_of(SUPPLIER.id), custody=0)
    world = WORLD.but(trails=(told,))
    return world, world.bundle()


def risk() -> tuple[World, Bundle]:
    """A shipment, and the scores that it was given."""
    scored = {"assessment": "00000000-0000-4000-8000-000000000001", "probability": "0.370000", "band": "elevated"}
    trail = risk_of(TRAIL.id)
    told = [
        said(BUYER, event(20 + at, epcList=[trail], **{"trailseal:assessment": scored}), START + 30 * at)
        for at in range(2)
    ]
    world = WORLD.but(trails=(TRAIL, Told(tuple(told), trail, custody=0)))
    return world, world.bundle()


def late_key() -> tuple[World, Bundle]:
    """The carrier's key is revoked and was not to be trusted since before the chain took its last entry."""
    fresh = Speaker(CARRIER.identifier, key=keccak256(b"the carrier's next key"))
    later = said(fresh, event(8), START + 90)
    world = WORLD.but(
        trails=(replace(TRAIL, said=(*TRAIL.said, later)),),
        keys={
            **WORLD.keys,
            CARRIER.address: binding(2, START - 100, START + 10_000, START + 40),
            fresh.address: binding(2, START + 60),
        },
        standings={**WORLD.standings, 3: 1 | 1 << 32},
    )
    return world, world.bundle()


def unsigned() -> tuple[World, Bundle]:
    """The signatures of the carrier's entries are not in the file."""
    bundle = WORLD.bundle()
    (trail,) = bundle.trails
    shown = [index for index, one in enumerate(trail.entries) if one.party != 2]
    entries = [
        replace(one, capture=shown.index(index) if index in shown else None) for index, one in enumerate(trail.entries)
    ]
    captures = [bundle.captures[index] for index in shown]
    nodes = WORLD.nodes([SUPPLIER.address, BUYER.address])
    return WORLD, replace(bundle, trails=[replace(trail, entries=entries)], captures=captures, nodes=nodes)


def copied() -> tuple[World, Bundle]:
    copy = TRAIL.said[3].but(speaker=SUPPLIER, step=int(Step.DECOMMISSION), time=START + 100)
    world = WORLD.but(trails=(replace(TRAIL, said=(*TRAIL.said, copy), custody=TRAIL.custody | 1 << 128),))
    return world, world.bundle()


def one_capture() -> tuple[World, Bundle]:
    """The whole story by one party in one block, in one capture without an end of its validity, and held."""
    entries = tuple(one.but(speaker=SUPPLIER, time=START) for one in TRAIL.said)
    world = WORLD.but(trails=(replace(TRAIL, said=entries, custody=1 | 1 << 96),))
    bundle = world.bundle()
    (trail,) = bundle.trails
    parts = [replace(one, capture=0) for one in trail.entries]
    capture = world.capture([(TRAIL.id, one) for one in reversed(entries)], 2**64 - 1)
    return world, replace(bundle, trails=[replace(trail, entries=parts)], captures=[capture])


HOLDING: dict[str, tuple[str, Callable[[], tuple[World, Bundle]]]] = {
    "single": ("one trail, everything shown", lambda: (WORLD, WORLD.bundle())),
    "several": ("three trails that share events, captures and nodes", several),
    "withheld": ("half of the documents withheld", withheld),
    "nothing-shown": ("all documents withheld", lambda: (WORLD, replace(WORLD.bundle(), events=[]))),
    "erased": ("two events erased, one of which a disclosed event states", erased),
    "journal": ("a party's journal", journal),
    "risk": ("a shipment and its risk trail", risk),
    "late-key": (
        "a key revoked later and not trusted since before an entry; its successor; a suspended party",
        late_key,
    ),
    "unsigned": ("captures that are not in the file", unsigned),
    "copied": ("another party recorded a seal anew with another step", copied),
    "one-capture": ("one capture of all entries, in another order than the trail's; a hold", one_capture),
    "first-entry": ("a trail of one entry", lambda: _of(WORLD.but(trails=(consignment(1),)))),
    "lonely": ("tries with nothing but what is proven", lambda: _of(WORLD.but(others=0))),
}


def _of(world: World) -> tuple[World, Bundle]:
    return world, world.bundle()


def committed() -> Iterator[Case]:
    """A QBFT chain: seals of enough validators, of too few, of strangers, twice, over another round; none at all."""
    listed: list[rlp.Item] = list(validators.VALIDATORS)
    world = WORLD.but(extra_data=rlp.encode([bytes(32), listed, [], b"", []]))
    bundle, known = world.bundle(), frozenset(validators.VALIDATORS)
    stranger = keccak256(b"no validator")
    rounds = {
        "quorum": ("three of four validators sealed, in round 2", 2, validators.KEYS[:3], 2),
        "too-few": ("two of four validators sealed", 0, validators.KEYS[:2], 0),
        "twice": (
            "one validator's seal twice, and a stranger's",
            0,
            [*validators.KEYS[:2], validators.KEYS[1], stranger],
            0,
        ),
        "another-round": ("sealed in another round than is told", 1, validators.KEYS, 0),
    }
    for name, (about, sealed_in, keys, told) in rounds.items():
        seals = validators.sealed(world.header, sealed_in, keys).seals
        file = replace(bundle, commit=CommitPart(round=told, seals=list(seals))).dump()
        yield Case(f"qbft-{name}", about, file, Trust(validators=Validators(known)))
    yield Case("qbft-no-commit", "no committed seals", bundle.dump(), Trust(validators=Validators(known)))
    seals = validators.sealed(world.header, 0, validators.KEYS).seals
    file = replace(bundle, commit=CommitPart(round=0, seals=list(seals))).dump()
    both = Trust(block=WORLD.block, validators=Validators(known))
    yield Case("qbft-another-block", "validators sealed it, and it is not the trusted block", file, both)


def witnessed() -> Iterator[Case]:
    """Checkpoints of witnesses: enough of them, too few, a split view, another chain, a contradiction elsewhere."""
    header = Header.read(WORLD.header)
    here = Checkpoint(CHAIN_ID, header.number, header.hash, header.state_root, header.time, NONE_BEFORE)
    other = here._replace(block_hash=keccak256(b"another block"))
    later = here._replace(number=header.number + 1, block_hash=keccak256(b"later"), previous=here.id)
    again = later._replace(block_hash=keccak256(b"later, again"))
    first, second, third = WITNESS_KEYS
    given: dict[str, tuple[str, list[SignedCheckpoint]]] = {
        "enough": ("two of three signed it", [here.signed(first), here.signed(second), later.signed(first)]),
        "too-few": ("one of three signed it", [here.signed(first)]),
        "one-twice": ("one of three signed it, given twice", [here.signed(first), here.signed(first)]),
        "stranger": ("one of three, and a stranger", [here.signed(first), here.signed(keccak256(b"nobody"))]),
        "split-view": (
            "two signed it, one another block",
            [here.signed(first), here.signed(second), other.signed(third)],
        ),
        "another-chain": (
            "signed for another chain",
            [here._replace(chain_id=1).signed(first), here._replace(chain_id=1).signed(second)],
        ),
        "contradiction": (
            "two signed it, and contradict each other later",
            [here.signed(first), here.signed(second), later.signed(first), again.signed(second)],
        ),
        "another-root": (
            "the block's hash with another state root",
            [here._replace(state_root=bytes(32)).signed(first), here.signed(second), here.signed(third)],
        ),
    }
    addresses = frozenset(address_of(key) for key in WITNESS_KEYS)
    for name, (about, checkpoints) in given.items():
        trust = Trust(witnesses=Witnesses(addresses, 2, tuple(checkpoints)))
        yield Case(f"witnesses-{name}", about, WORLD.bundle().dump(), trust)
    trust = Trust(WORLD.block, None, Witnesses(addresses, 1, (here.signed(first),)))
    yield Case("witnesses-and-block", "one witness and the block's hash", WORLD.bundle().dump(), trust)
