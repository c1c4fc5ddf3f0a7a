"""An attacker who rewrites a bundle and its digest: each attack with the step that must catch it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from service.sealing import errors
from service.sealing.bundle import Bundle, CapturePart, EntryPart, ErasedPart, EventPart, PartyPart, TrailPart
from service.sealing.commitments import party_of, seal_of, trail_of
from service.sealing.entries import Entry, Step
from service.sealing.hashing import canonical_json, keccak256
from service.sealing.layout import custody_slot, head_slot, key_slot
from service.sealing.meaning import steps_of
from service.sealing.signing import sign
from service.sealing.trust import Trust
from service.sealing.typeddata import domain_separator, signing_digest, struct_hash
from service.sealing.verdict import Verdict
from service.sealing.verify import CHECKS, verify
from tests.sealing.mpt import hashed, proof_of
from tests.sealing.world import CHAIN_ID, START, Said, Told, World, binding, consignment, said
from tests.trails.chain import Speaker
from tests.trails.freight import BUYER, CARRIER, SALT, SSCC, SUPPLIER, event

WORLD = World()
HONEST = WORLD.bundle()
TRAIL = WORLD.trails[0]
EMPTY = WORLD.but(trails=(replace(TRAIL, said=()),))
OTHER_THING = "https://id.gs1.org/00/095211410000000021"
HIGH = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def check(bundle: Bundle, block: bytes = WORLD.block, ledger: bytes | None = WORLD.provenance) -> Verdict:
    return verify(bundle.dump(), Trust(block), steps_of, ledger)


def bundle(**members: Any) -> Bundle:
    return replace(HONEST, **members)


def with_entries(*entries: EntryPart) -> Bundle:
    """Captures and events that no entry names any more are left out, so that the form is kept."""
    named: dict[int, int] = {}
    for entry in entries:
        if entry.capture is not None:
            named.setdefault(entry.capture, len(named))
    seals = {entry.seal for entry in entries}
    renamed = [replace(e, capture=None if e.capture is None else named[e.capture]) for e in entries]
    return bundle(
        trails=[replace(HONEST.trails[0], entries=renamed)],
        captures=[HONEST.captures[index] for index in named],
        events=[one for one in HONEST.events if one.seal in seals],
    )


ENTRIES = HONEST.trails[0].entries


def changed(index: int, **members: Any) -> Bundle:
    entries = list(ENTRIES)
    entries[index] = replace(entries[index], **members)
    return bundle(trails=[replace(HONEST.trails[0], entries=entries)])


def withheld(index: int, found: Bundle | None = None) -> Bundle:
    """The bundle without the event of the entry."""
    found = found or HONEST
    seal = ENTRIES[index].seal
    return replace(found, events=[one for one in found.events if one.seal != seal])


def with_event(index: int, **members: Any) -> Bundle:
    """The event of an entry replaced; sorted by seals, as a bundle has to be."""
    seal = ENTRIES[index].seal
    events = [replace(one, **members) if one.seal == seal else one for one in HONEST.events]
    return bundle(events=sorted(events, key=lambda one: one.seal))


def document_of(index: int) -> dict[str, Any]:
    return next(one.document for one in HONEST.events if one.seal == ENTRIES[index].seal)


def resealed() -> Bundle:
    """A document changed, with a seal that fits, as one who knows the nonce can make it."""
    old = next(one for one in HONEST.events if one.seal == ENTRIES[3].seal)
    new = EventPart.of({**old.document, "disposition": "in_transit"}, old.nonce)
    found = changed(3, seal=new.seal)
    events = [one for one in HONEST.events if one is not old] + [new]
    return replace(found, events=sorted(events, key=lambda one: one.seal))


def renamed(number: int, identifier: str) -> list[PartyPart]:
    return [replace(one, identifier=identifier) if one.number == number else one for one in HONEST.parties]


STRANGER = "https://id.gs1.org/417/0952114400002"


def told(index: int, **changes: Any) -> World:
    """The chain itself has another entry there: the signer said two things."""
    entries = list(TRAIL.said)
    entries[index] = entries[index].but(**changes)
    return WORLD.but(trails=(replace(TRAIL, said=tuple(entries)),))


def of_another_thing() -> World:
    """A real document and nonce that open a seal, but speak of another consignment."""
    foreign = event(4, epcList=[OTHER_THING], bizStep="inspecting")
    return told(3, document=foreign, seal=said(CARRIER, foreign, 0, OTHER_THING).seal)


def no_event_at_all() -> World:
    nonsense = {"type": "ObjectEvent", "note": "nothing that EPCIS knows"}
    return told(3, document=nonsense, seal=Said(CARRIER, nonsense, b"", 0, b"", 0).event.seal)


def older() -> World:
    return WORLD.but(trails=(replace(TRAIL, said=TRAIL.said[:-1]),))


def stale_head() -> Bundle:
    """The newest block and its accounts, with the proof of the head as it was before the last entry."""
    stale = proof_of(hashed(older().ledger_slots), keccak256(head_slot(TRAIL.id)).hex())
    nodes = sorted({*without(WORLD.ledger_slots, head_slot(TRAIL.id)), *stale})
    return replace(with_entries(*ENTRIES[:-1]), nodes=nodes)


def captured(index: int, **members: Any) -> Bundle:
    captures = list(HONEST.captures)
    captures[index] = replace(captures[index], **members)
    return bundle(captures=captures)


def signed(index: int, key: bytes, chain_id: int = CHAIN_ID, ledger: bytes = WORLD.provenance) -> Bundle:
    """The signature of a capture made anew, by another key or for another chain or contract."""
    capture = HONEST.captures[index]
    deadline = int.from_bytes(capture.deadline, "big")
    digest = signing_digest(domain_separator(chain_id, ledger), keccak256(capture.entries), deadline)
    return captured(index, signature=sign(digest, key))


def high_s() -> Bundle:
    signature = HONEST.captures[0].signature
    s = (HIGH - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    return captured(0, signature=signature[:32] + s + bytes((55 - signature[64],)))


def bound(word: int, speaker: Speaker = CARRIER) -> World:
    return WORLD.but(keys={**WORLD.keys, speaker.address: word})


def two_in_one(**second: Any) -> World:
    """Two entries of the story are told as recorded by one capture."""
    entries = list(TRAIL.said)
    entries[1] = entries[1].but(**second)
    return WORLD.but(trails=(replace(TRAIL, said=tuple(entries)),))


def of_one_capture(world: World) -> Bundle:
    found = world.bundle()
    (trail,) = found.trails
    both = world.capture([(TRAIL.id, one) for one in world.trails[0].said[:2]])
    entries = [replace(one, capture=max(0, (one.capture or 0) - 1)) for one in trail.entries]
    return replace(found, trails=[replace(trail, entries=entries)], captures=[both, *found.captures[2:]])


def signed_once() -> Bundle:
    """The chain has one entry twice, and one signed entry is told as both."""
    once = TRAIL.said[0]
    world = WORLD.but(trails=(replace(TRAIL, said=(once, once)),))
    return replace(world.bundle(), captures=[world.capture([(TRAIL.id, once)])])


def spare_node() -> Bundle:
    """A node of the chain's own state that proves nothing here."""
    spare = set(proof_of(hashed(WORLD.ledger_slots), "0" * 64)) | set(proof_of(hashed(WORLD.accounts), "f" * 64))
    return bundle(nodes=sorted(set(HONEST.nodes) | spare))


ATTACKS: dict[str, tuple[type[errors.ProofFailed], Callable[[], Bundle]]] = {
    "hidden: the first entry": (errors.NotWhole, lambda: with_entries(*ENTRIES[1:])),
    "hidden: one in the middle": (errors.NotWhole, lambda: with_entries(*ENTRIES[:3], *ENTRIES[4:])),
    "hidden: the last entry": (errors.NotWhole, lambda: with_entries(*ENTRIES[:-1])),
    "added: an entry told twice": (errors.NotWhole, lambda: with_entries(*ENTRIES, ENTRIES[-1])),
    "added: an entry of the attacker's": (
        errors.NotWhole,
        lambda: with_entries(*ENTRIES, replace(ENTRIES[-1], seal=keccak256(b"x"), capture=None)),
    ),
    "altered document": (
        errors.SealBroken,
        lambda: with_event(3, canonical=canonical_json({**document_of(3), "bizStep": "accepting"})),
    ),
    "altered document with a seal that fits": (errors.NotWhole, resealed),
    "altered nonce": (errors.SealBroken, lambda: with_event(3, nonce=bytes(16))),
    "documents of two entries exchanged": (
        errors.SealBroken,
        lambda: with_event(0, canonical=canonical_json(document_of(3))),
    ),
    "an event twice": (
        errors.SealBroken,
        lambda: bundle(events=[HONEST.events[0], *HONEST.events]),
    ),
    "an event that no entry has": (
        errors.SealBroken,
        lambda: bundle(events=sorted([*HONEST.events, EventPart.of(event(9), bytes(16))], key=lambda one: one.seal)),
    ),
    "a shown event told as erased": (
        errors.SealBroken,
        lambda: bundle(erased=[ErasedPart(seal=ENTRIES[3].seal, party=2, time=START, reason="")]),
    ),
    "seal altered, document withheld": (errors.NotWhole, lambda: withheld(3, changed(3, seal=keccak256(b"x")))),
    "reordered: whole entries": (
        errors.TimesDisordered,
        lambda: with_entries(ENTRIES[0], ENTRIES[2], ENTRIES[1], *ENTRIES[3:]),
    ),
    "reordered: times left in place": (
        errors.NotWhole,
        lambda: with_entries(
            ENTRIES[0],
            replace(ENTRIES[2], time=ENTRIES[1].time),
            replace(ENTRIES[1], time=ENTRIES[2].time),
            *ENTRIES[3:],
        ),
    ),
    "back-dated entry": (errors.NotWhole, lambda: changed(4, time=ENTRIES[3].time)),
    "back-dated before the one that it follows": (errors.TimesDisordered, lambda: changed(4, time=1)),
    "post-dated beyond the block": (errors.TimesDisordered, lambda: changed(5, time=WORLD.time + 1)),
    "another step": (errors.ForeignEvent, lambda: changed(3, step=int(Step.DECOMMISSION))),
    "another step, document withheld": (
        errors.NotWhole,
        lambda: withheld(3, changed(3, step=int(Step.DECOMMISSION))),
    ),
    "wrong recipient": (errors.ForeignEvent, lambda: changed(1, to=BUYER.id)),
    "no recipient": (errors.ForeignEvent, lambda: changed(1, to=None)),
    "wrong recipient, document withheld": (errors.NotWhole, lambda: withheld(1, changed(1, to=BUYER.id))),
    "another speaker": (errors.NotWhole, lambda: changed(3, party=1)),
    "a speaker without a name": (errors.MalformedBundle, lambda: bundle(parties=HONEST.parties[:2])),
    "a capture that is not there": (errors.MalformedBundle, lambda: changed(5, capture=6)),
    "a capture that no entry names": (errors.MalformedBundle, lambda: changed(5, capture=None)),
    "captures out of order": (errors.MalformedBundle, lambda: changed(0, capture=1)),
    "a capture twice": (
        errors.MalformedBundle,
        lambda: bundle(captures=[HONEST.captures[1], *HONEST.captures[1:]]),
    ),
    "an erasure of nothing": (
        errors.MalformedBundle,
        lambda: bundle(erased=[ErasedPart(seal=bytes(32), party=2, time=START, reason="")]),
    ),
    "an erasure by nobody": (
        errors.MalformedBundle,
        lambda: replace(withheld(3), erased=[ErasedPart(seal=ENTRIES[3].seal, party=9, time=START, reason="")]),
    ),
    "a trail twice": (errors.MalformedBundle, lambda: bundle(trails=[*HONEST.trails, *HONEST.trails])),
    "a node twice": (errors.MalformedBundle, lambda: bundle(nodes=[HONEST.nodes[0], *HONEST.nodes])),
    "a party under another name": (errors.PartyUnproven, lambda: bundle(parties=renamed(2, STRANGER))),
    "party numbers swapped": (
        errors.PartyUnproven,
        lambda: bundle(
            parties=[
                PartyPart(identifier=other.identifier, number=one.number)
                for one, other in zip(HONEST.parties, reversed(HONEST.parties), strict=True)
            ]
        ),
    ),
    "a party number that was never given out": (
        errors.PartyUnproven,
        lambda: bundle(parties=[*HONEST.parties, PartyPart(identifier=STRANGER, number=4)]),
    ),
    "a party's roles in bits that no contract writes": (
        errors.PartyUnproven,
        lambda: WORLD.but(standings={1: 1 << 50}).bundle(),
    ),
    "the custodian is left unnamed": (errors.CustodyUnproven, lambda: custodian(9).bundle()),
    "custody bits that no contract writes": (errors.CustodyUnproven, lambda: custodian(1 << 200).bundle()),
    "custody without proof": (
        errors.CustodyUnproven,
        lambda: bundle(nodes=without(WORLD.ledger_slots, custody_slot(TRAIL.id))),
    ),
    "foreign block": (errors.UntrustedBlock, lambda: WORLD.but(number=78).bundle()),
    "a header that is no header": (errors.UntrustedBlock, lambda: bundle(header=b"\xc0")),
    "a header that is not RLP": (errors.UntrustedBlock, lambda: bundle(header=b"\xff" * 40)),
    "foreign contract code": (errors.ForeignContract, lambda: WORLD.but(provenance_code=keccak256(b"x")).bundle()),
    "foreign contract at another address": (
        errors.ForeignContract,
        lambda: WORLD.but(provenance=keccak256(b"elsewhere")[12:]).bundle(),
    ),
    "an address without an account": (errors.ForeignContract, lambda: bundle(provenance=bytes(20))),
    "no nodes at all": (errors.ForeignContract, lambda: bundle(nodes=[])),
    "account without proof": (
        errors.ForeignContract,
        lambda: bundle(nodes=without(WORLD.accounts, WORLD.provenance)),
    ),
    "stale account": (errors.ForeignContract, lambda: replace(older().bundle(), header=WORLD.header)),
    "foreign registry code": (errors.ForeignRegistry, lambda: WORLD.but(participants_code=keccak256(b"x")).bundle()),
    "registry without proof": (
        errors.ForeignRegistry,
        lambda: bundle(nodes=without(WORLD.accounts, WORLD.participants)),
    ),
    "stale head": (errors.HeadUnproven, stale_head),
    "other trail's salt": (
        errors.HeadUnproven,
        lambda: bundle(trails=[replace(HONEST.trails[0], salt=keccak256(b"other"))]),
    ),
    "another thing's name": (
        errors.HeadUnproven,
        lambda: bundle(trails=[replace(HONEST.trails[0], identifier=OTHER_THING)]),
    ),
    "a trail without entries on the chain": (
        errors.HeadUnproven,
        lambda: bundle(header=EMPTY.header, nodes=EMPTY.nodes(WORLD.keys)),
    ),
    "a document of another thing": (errors.ForeignEvent, lambda: of_another_thing().bundle()),
    "an entry that says another step than its event": (
        errors.ForeignEvent,
        lambda: told(3, step=int(Step.DECOMMISSION)).bundle(),
    ),
    "an entry that names another recipient than its event": (
        errors.ForeignEvent,
        lambda: told(1, to=BUYER.id).bundle(),
    ),
    "a document that is no event": (errors.ForeignEvent, lambda: no_event_at_all().bundle()),
    "signed by another party's key": (errors.KeyUnproven, lambda: signed(2, SUPPLIER.key)),
    "signed by a key that nobody registered": (errors.KeyUnproven, lambda: signed(2, keccak256(b"a key"))),
    "a key that was never bound": (errors.KeyUnproven, lambda: bound(0).bundle()),
    "a key bound to another party": (errors.KeyUnproven, lambda: bound(binding(1)).bundle()),
    "a key's slot in bits that no contract writes": (errors.KeyUnproven, lambda: bound(binding(2) | 1 << 230).bundle()),
    "a key without proof": (
        errors.KeyUnproven,
        lambda: bundle(nodes=without(WORLD.registry_slots, key_slot(CARRIER.address))),
    ),
    "a key that was not valid yet": (errors.KeyUnproven, lambda: bound(binding(2, START + 36)).bundle()),
    "a key that was not valid any more": (errors.KeyUnproven, lambda: bound(binding(2, 0, START + 24)).bundle()),
    "signed for another chain": (errors.KeyUnproven, lambda: signed(2, CARRIER.key, chain_id=1)),
    "the bundle says another chain": (errors.KeyUnproven, lambda: bundle(chain_id=1)),
    "signed for another contract": (errors.KeyUnproven, lambda: signed(2, CARRIER.key, ledger=bytes(20))),
    "a signature of another capture": (
        errors.KeyUnproven,
        lambda: captured(2, signature=HONEST.captures[3].signature),
    ),
    "a malleable signature": (errors.KeyUnproven, high_s),
    "a signature of no key": (errors.KeyUnproven, lambda: captured(0, signature=b"\xff" * 64 + b"\x1b")),
    "a zero signature": (errors.KeyUnproven, lambda: captured(0, signature=bytes(65))),
    "recorded after its deadline": (
        errors.KeyUnproven,
        lambda: bundle(captures=[WORLD.capture([(TRAIL.id, TRAIL.said[0])], START - 1), *HONEST.captures[1:]]),
    ),
    "entries that were not signed": (errors.KeyUnproven, lambda: captured(2, entries=keccak256(b"other"))),
    "one capture in two blocks": (errors.KeyUnproven, lambda: of_one_capture(WORLD)),
    "one capture of two parties": (
        errors.KeyUnproven,
        lambda: of_one_capture(two_in_one(speaker=CARRIER, time=START)),
    ),
    "a signed entry that stands for two": (errors.KeyUnproven, signed_once),
    "a spare node": (errors.KeyUnproven, spare_node),
}
ON_ANOTHER_CHAIN = {  # the attacker's own chain in the cases where it is told as the auditor's
    "foreign contract code",
    "foreign contract at another address",
    "foreign registry code",
    "a party's roles in bits that no contract writes",
    "the custodian is left unnamed",
    "custody bits that no contract writes",
    "a trail without entries on the chain",
    "a document of another thing",
    "an entry that says another step than its event",
    "an entry that names another recipient than its event",
    "a document that is no event",
    "a key that was never bound",
    "a key bound to another party",
    "a key's slot in bits that no contract writes",
    "a key that was not valid yet",
    "a key that was not valid any more",
    "one capture of two parties",
    "a signed entry that stands for two",
}


def custodian(word: int) -> World:
    return WORLD.but(trails=(replace(TRAIL, custody=word),))


def without(items: dict[bytes, bytes], key: bytes) -> list[bytes]:
    """The honest nodes without the last one on the way to a key."""
    return [node for node in HONEST.nodes if node != proof_of(hashed(items), keccak256(key).hex())[-1]]


def test_the_honest_bundle_holds() -> None:
    verdict = check(HONEST)
    assert verdict.failed is None, verdict.failed
    assert [step.number for step in verdict.passed] == list(range(1, 13))
    (trail,) = verdict.trails
    assert trail.identifier == SSCC
    assert verdict.name_of(trail.custody.custodian) == BUYER.identifier
    assert (verdict.block, verdict.block_time, verdict.ledger) == (WORLD.number, WORLD.time, WORLD.provenance)
    assert (verdict.counts.entries, verdict.counts.withheld, verdict.counts.unsigned) == (6, 0, 0)
    assert {key.address for key in verdict.keys} == {one.address for one in (SUPPLIER, CARRIER, BUYER)}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_at_its_step(name: str) -> None:
    expected, attack = ATTACKS[name]
    found = attack()
    block = keccak256(found.header) if name in ON_ANOTHER_CHAIN else WORLD.block
    verdict = check(found, block)
    assert verdict.failed is not None, "the attack went unnoticed"
    assert (type(verdict.failed), len(verdict.passed) + 1) == (expected, expected.step), verdict.failed.detail
    assert (verdict.trails, verdict.parties, verdict.keys, verdict.counts.entries) == ((), (), (), 0)
    assert not verdict.holds


def test_the_same_code_with_a_registry_of_the_attackers_passes_only_without_the_ledgers_address() -> None:
    forged = WORLD.but(provenance=keccak256(b"mine")[12:], participants=keccak256(b"my registry")[12:])
    assert isinstance(check(forged.bundle(), forged.block).failed, errors.ForeignContract)
    unpinned = check(forged.bundle(), forged.block, ledger=None)
    assert unpinned.holds
    assert not unpinned.ledger_given
    assert "compare this address" in unpinned.passed[2].finding


def test_withheld_documents_still_prove_the_trail_and_are_counted() -> None:
    verdict = check(bundle(events=HONEST.events[::2]))
    assert verdict.holds
    assert verdict.counts.withheld == verdict.trails[0].withheld == 3


def test_every_error_names_the_step_that_raises_it() -> None:
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ProofFailed)
    ]
    steps = sorted(kind.step for kind in classes if kind is not errors.ProofFailed)
    assert steps == list(range(1, len(CHECKS) + 1))
    untested = {kind for kind in classes if kind is not errors.ProofFailed} - {kind for kind, _ in ATTACKS.values()}
    assert not untested, "every step needs an attack in the table"


def test_entries_of_one_block_share_its_time() -> None:
    world = WORLD.but(trails=(replace(TRAIL, said=tuple(one.but(time=START) for one in TRAIL.said)),))
    assert all(earlier.time == later.time for earlier, later in pairwise(world.trails[0].said))
    assert check(world.bundle(), world.block).holds


def test_a_trail_without_custody_has_no_custodian() -> None:
    world = custodian(0)
    verdict = check(world.bundle(), world.block)
    assert verdict.holds
    assert verdict.name_of(verdict.trails[0].custody.custodian) is None


def test_the_salt_leads_to_one_trail_only() -> None:
    assert trail_of(SSCC, SALT) == TRAIL.id != trail_of(OTHER_THING, SALT)


def test_anothers_copy_of_a_seal_neither_hides_the_event_nor_passes_for_it() -> None:
    """Seals are public: a registered party may record another's, on any trail, with any step."""
    copied = TRAIL.said[3].but(speaker=SUPPLIER, step=int(Step.DECOMMISSION), time=START + 100)
    world = WORLD.but(trails=(replace(TRAIL, said=(*TRAIL.said, copied)),))
    verdict = check(world.bundle(), world.block)
    assert verdict.failed is None, verdict.failed
    assert (verdict.counts.contradicted, verdict.counts.copied, verdict.counts.withheld) == (1, 2, 0)


def test_a_revoked_key_is_no_failure_and_what_it_recorded_since_is_counted() -> None:
    world = bound(binding(2, compromised_from=START + 40))
    verdict = check(world.bundle(), world.block)
    assert verdict.failed is None, verdict.failed
    assert verdict.counts.doubtful == 1
    (key,) = [key for key in verdict.keys if key.address == CARRIER.address]
    assert (key.entries, key.doubtful, key.binding.compromised_from) == (3, 1, START + 40)


def test_a_suspended_party_is_told() -> None:
    world = WORLD.but(standings={**WORLD.standings, 2: 2 | 1 << 32})
    verdict = check(world.bundle(), world.block)
    assert [(one.number, one.standing.suspended) for one in verdict.parties] == [(1, False), (2, True), (3, False)]


def test_entries_without_a_signature_are_counted() -> None:
    entries = [replace(one, capture=None) for one in ENTRIES]
    without_keys = bundle(trails=[replace(HONEST.trails[0], entries=entries)], captures=[], nodes=WORLD.nodes(keys=()))
    verdict = check(without_keys)
    assert verdict.failed is None, verdict.failed
    assert (verdict.counts.unsigned, verdict.keys) == (6, ())


def test_an_erasure_is_stated_only_by_its_own_partys_event_on_the_trail() -> None:
    seal = f"0x{TRAIL.said[3].seal.hex()}"
    for speaker, stated in ((CARRIER, True), (BUYER, False)):
        statement = said(speaker, event(8, **{"trailseal:erases": seal}), START + 80)
        world = WORLD.but(trails=(replace(TRAIL, said=(*TRAIL.said, statement)),))
        found = world.bundle()
        erased = ErasedPart(seal=TRAIL.said[3].seal, party=2, time=START + 70, reason="asked for")
        shown = [one for one in found.events if one.seal != erased.seal]
        verdict = check(replace(found, events=shown, erased=[erased]), world.block)
        assert verdict.failed is None, verdict.failed
        assert (verdict.counts.withheld, verdict.counts.erased) == (1, 1)
        assert [one.stated for one in verdict.erased] == [stated]


def test_several_trails_share_events_captures_and_nodes() -> None:
    """One event about two things, recorded by one capture: each is in the file once."""
    both = event(7, epcList=[SSCC, OTHER_THING])
    here, there = said(CARRIER, both, START + 90), said(CARRIER, both, START + 90, OTHER_THING)
    other = Told((there,), OTHER_THING, keccak256(b"another salt"), custody=0)
    world = WORLD.but(trails=(other, replace(TRAIL, said=(*TRAIL.said, here))))
    found = world.bundle()
    verdict = check(found, world.block)
    assert verdict.failed is None, verdict.failed
    assert [trail.entries for trail in verdict.trails] == [7, 1]
    assert (len(found.events), len(found.captures)) == (7, 7)
    assert isinstance(check(replace(found, trails=found.trails[::-1]), world.block).failed, errors.MalformedBundle)


def test_capture_of_many_entries_shows_nothing_of_other_trails() -> None:
    elsewhere = Entry(keccak256(b"a trail"), keccak256(b"a seal"), 0)
    capture = WORLD.capture([(TRAIL.id, TRAIL.said[0])])
    words = struct_hash(elsewhere) + capture.entries
    digest = signing_digest(domain_separator(CHAIN_ID, WORLD.provenance), keccak256(words), 2**64 - 1)
    longer = CapturePart(entries=words, deadline=b"\xff" * 8, signature=sign(digest, SUPPLIER.key))
    found = bundle(captures=[longer, *HONEST.captures[1:]])
    assert check(found).holds
    assert elsewhere.trail.hex().encode() not in found.dump()


def test_identifiers_sort_by_utf_16_code_units() -> None:
    """U+FFFD sorts before U+1F4E6 by code points and after it by UTF-16 code units (RFC 8785, section 3.2.3)."""
    names = ["urn:x:\ufffd", "urn:x:\U0001f4e6"]
    things = [TrailPart(identifier=name, salt=bytes(32), entries=ENTRIES) for name in names]
    assert isinstance(check(bundle(trails=things)).failed, errors.MalformedBundle)
    assert isinstance(check(bundle(trails=things[::-1])).failed, errors.HeadUnproven)


def test_the_story_is_what_was_sealed() -> None:
    assert [seal_of(canonical_json(one.document), one.event.nonce) for one in consignment().said] == [
        one.seal for one in TRAIL.said
    ]
    assert party_of(SUPPLIER.identifier) == SUPPLIER.id
