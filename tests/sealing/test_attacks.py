"""An attacker who rewrites a bundle and its digest: each attack with the step that must catch it."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from service.sealing import errors
from service.sealing.bundle import Bundle, EntryPart
from service.sealing.commitments import party_of, seal_of, trail_of
from service.sealing.entries import Step
from service.sealing.hashing import canonical_json, keccak256
from service.sealing.meaning import steps_of
from service.sealing.verdict import Verdict
from service.sealing.verify import CHECKS, verify
from tests.sealing.world import World, entries, replace_parts
from tests.trails.freight import BUYER, CARRIER, SALT, SSCC, SUPPLIER, event, nonce_of

WORLD = World()
OTHER_THING = "https://id.gs1.org/00/095211410000000021"


def check(bundle: Bundle, block: bytes = WORLD.block, ledger: bytes | None = WORLD.provenance) -> Verdict:
    return verify(bundle.dump(), block, steps_of, ledger)


def with_entries(*parts: EntryPart) -> Bundle:
    return WORLD.bundle(entries=list(parts))


def sealed_anew(part: EntryPart, **members: object) -> EntryPart:
    """The entry with its document changed and a seal that fits, as one who knows the nonce can make it."""
    assert part.document is not None
    assert part.nonce is not None
    document = {**part.document, **members}
    return part.model_copy(update={"document": document, "seal": seal_of(canonical_json(document), part.nonce)})


def withheld(part: EntryPart) -> EntryPart:
    return part.model_copy(update={"document": None, "nonce": None})


def changed(index: int, **members: object) -> Bundle:
    parts = list(WORLD.entries)
    parts[index] = parts[index].model_copy(update=members)
    return with_entries(*parts)


def provenance(**parts: object) -> Bundle:
    return WORLD.bundle(provenance=WORLD.bundle().provenance.model_copy(update=parts))


def participants(**parts: object) -> Bundle:
    return WORLD.bundle(participants=WORLD.bundle().participants.model_copy(update=parts))


def document_of(index: int) -> dict[str, object]:
    document = WORLD.entries[index].document
    assert document is not None
    return document


def a_party_renamed() -> Bundle:
    """The carrier's entries are shown under another name that is given the carrier's number."""
    bundle = WORLD.bundle()
    parties = [
        party.model_copy(update={"identifier": "https://id.gs1.org/417/0952114400002"}) if party.number == 2 else party
        for party in bundle.participants.parties
    ]
    return participants(parties=parties)


def a_party_renamed_in_its_entries_too() -> Bundle:
    bundle = a_party_renamed()
    stranger = party_of("https://id.gs1.org/417/0952114400002")
    parts = [
        withheld(part).model_copy(update={"party": stranger}) if part.party == CARRIER.id else part
        for part in bundle.entries
    ]
    return replace_parts(bundle, entries=parts)


def a_number_swapped() -> Bundle:
    """The custodian's number is shown as the supplier's."""
    supplier, carrier, buyer = WORLD.bundle().participants.parties
    swapped = [
        supplier.model_copy(update={"number": 3}),
        carrier,
        buyer.model_copy(update={"number": 1}),
    ]
    return participants(parties=swapped)


def a_document_of_another_thing() -> Bundle:
    """A real document and nonce that open a seal, but speak of another consignment."""
    foreign = event(4, epcList=[OTHER_THING], bizStep="inspecting")
    nonce = nonce_of(foreign)
    part = WORLD.entries[3].model_copy(
        update={"document": foreign, "nonce": nonce, "seal": seal_of(canonical_json(foreign), nonce)}
    )
    return WORLD.but(entries=[*WORLD.entries[:3], part, *WORLD.entries[4:]]).bundle()


def told_as_another_step() -> World:
    """The chain itself has an entry whose step its event does not say: the signer said two things."""
    part = WORLD.entries[3].model_copy(update={"step": int(Step.DECOMMISSION)})
    return WORLD.but(entries=[*WORLD.entries[:3], part, *WORLD.entries[4:]])


def told_to_another_recipient() -> World:
    part = WORLD.entries[1].model_copy(update={"to": BUYER.id})
    return WORLD.but(entries=[WORLD.entries[0], part, *WORLD.entries[2:]])


def no_event_at_all() -> World:
    nonsense = {"type": "ObjectEvent", "note": "nothing that EPCIS knows"}
    part = WORLD.entries[3].model_copy(
        update={"document": nonsense, "seal": seal_of(canonical_json(nonsense), WORLD.entries[3].nonce or b"")}
    )
    return WORLD.but(entries=[*WORLD.entries[:3], part, *WORLD.entries[4:]])


def stale_head() -> Bundle:
    """The newest block and its accounts, with the proof of the head as it was before the last entry."""
    old = WORLD.but(entries=WORLD.entries[:-1]).bundle()
    return WORLD.bundle(
        entries=WORLD.entries[:-1],
        provenance=WORLD.bundle().provenance.model_copy(update={"head": old.provenance.head}),
    )


def stale_account() -> Bundle:
    old = WORLD.but(entries=WORLD.entries[:-1]).bundle()
    return replace_parts(old, header=WORLD.header)


ATTACKS: dict[str, tuple[type[errors.ProofFailed], Callable[[], Bundle]]] = {
    "hidden: the first entry": (errors.NotWhole, lambda: with_entries(*WORLD.entries[1:])),
    "hidden: one in the middle": (errors.NotWhole, lambda: with_entries(*WORLD.entries[:3], *WORLD.entries[4:])),
    "hidden: the last entry": (errors.NotWhole, lambda: with_entries(*WORLD.entries[:-1])),
    "added: an entry told twice": (errors.NotWhole, lambda: with_entries(*WORLD.entries, WORLD.entries[-1])),
    "added: an entry of the attacker's": (
        errors.NotWhole,
        lambda: with_entries(*WORLD.entries, withheld(WORLD.entries[-1]).model_copy(update={"seal": keccak256(b"x")})),
    ),
    "altered document": (
        errors.SealBroken,
        lambda: changed(3, document={**document_of(3), "bizStep": "accepting"}),
    ),
    "altered document with a seal that fits": (
        errors.NotWhole,
        lambda: with_entries(
            *WORLD.entries[:3], sealed_anew(WORLD.entries[3], disposition="in_transit"), *WORLD.entries[4:]
        ),
    ),
    "altered nonce": (errors.SealBroken, lambda: changed(3, nonce=bytes(16))),
    "nonce without a document": (errors.SealBroken, lambda: changed(3, document=None)),
    "document without a nonce": (errors.SealBroken, lambda: changed(3, nonce=None)),
    "documents of two entries exchanged": (
        errors.SealBroken,
        lambda: changed(0, document=document_of(3), nonce=WORLD.entries[3].nonce),
    ),
    "seal altered, document withheld": (
        errors.NotWhole,
        lambda: changed(3, document=None, nonce=None, seal=keccak256(b"x")),
    ),
    "reordered: whole entries": (
        errors.TimesDisordered,
        lambda: with_entries(WORLD.entries[0], WORLD.entries[2], WORLD.entries[1], *WORLD.entries[3:]),
    ),
    "reordered: times left in place": (
        errors.NotWhole,
        lambda: with_entries(
            WORLD.entries[0],
            WORLD.entries[2].model_copy(update={"time": WORLD.entries[1].time}),
            WORLD.entries[1].model_copy(update={"time": WORLD.entries[2].time}),
            *WORLD.entries[3:],
        ),
    ),
    "back-dated entry": (errors.NotWhole, lambda: changed(4, time=WORLD.entries[3].time)),
    "back-dated before the one that it follows": (errors.TimesDisordered, lambda: changed(4, time=1)),
    "post-dated beyond the block": (errors.TimesDisordered, lambda: changed(5, time=WORLD.time + 1)),
    "another step": (errors.ForeignEvent, lambda: changed(3, step=int(Step.DECOMMISSION))),
    "another step, document withheld": (
        errors.NotWhole,
        lambda: changed(3, step=int(Step.DECOMMISSION), document=None, nonce=None),
    ),
    "wrong recipient": (errors.ForeignEvent, lambda: changed(1, to=BUYER.id)),
    "wrong recipient, document withheld": (
        errors.NotWhole,
        lambda: changed(1, to=BUYER.id, document=None, nonce=None),
    ),
    "another speaker": (errors.NotWhole, lambda: changed(3, party=SUPPLIER.id)),
    "a speaker without a name": (
        errors.PartyUnnamed,
        lambda: participants(parties=WORLD.bundle().participants.parties[:2]),
    ),
    "a party under another name": (errors.PartyUnnamed, a_party_renamed),
    "a party under another name, in its entries too": (errors.NotWhole, a_party_renamed_in_its_entries_too),
    "party numbers swapped": (errors.CustodyUnproven, a_number_swapped),
    "the custodian is left unnamed": (
        errors.CustodyUnproven,
        lambda: WORLD.but(custody=9).bundle(),
    ),
    "a party number that was never given out": (
        errors.CustodyUnproven,
        lambda: WORLD.but(parties={**WORLD.parties, 4: "https://id.gs1.org/417/0952114400002"}).bundle(
            header=WORLD.header,
            provenance=WORLD.bundle().provenance,
            participants=WORLD.bundle().participants.model_copy(
                update={
                    "parties": [
                        *WORLD.bundle().participants.parties,
                        WORLD.bundle().participants.parties[0].model_copy(update={"number": 4}),
                    ]
                }
            ),
        ),
    ),
    "custody bits that no contract writes": (errors.CustodyUnproven, lambda: WORLD.but(custody=1 << 200).bundle()),
    "custody of another trail": (
        errors.CustodyUnproven,
        lambda: provenance(custody=World(identifier=OTHER_THING).bundle().provenance.custody),
    ),
    "foreign block": (errors.UntrustedBlock, lambda: WORLD.but(number=78).bundle()),
    "a header that is no header": (errors.UntrustedBlock, lambda: WORLD.bundle(header=b"\xc0")),
    "a header that is not RLP": (errors.UntrustedBlock, lambda: WORLD.bundle(header=b"\xff" * 40)),
    "foreign contract code": (errors.ForeignContract, lambda: WORLD.but(provenance_code=keccak256(b"x")).bundle()),
    "foreign contract at another address": (
        errors.ForeignContract,
        lambda: WORLD.but(provenance=keccak256(b"elsewhere")[12:]).bundle(),
    ),
    "an address without an account": (errors.ForeignContract, lambda: provenance(address=bytes(20))),
    "account proof cut short": (
        errors.ForeignContract,
        lambda: provenance(account=WORLD.bundle().provenance.account[:-1]),
    ),
    "account proof with a spare node": (
        errors.ForeignContract,
        lambda: provenance(account=[*WORLD.bundle().provenance.account, b"\x80"]),
    ),
    "stale account": (errors.ForeignContract, stale_account),
    "foreign registry code": (errors.ForeignRegistry, lambda: WORLD.but(participants_code=keccak256(b"x")).bundle()),
    "a registry that the ledger does not ask": (
        errors.ForeignRegistry,
        lambda: participants(account=WORLD.bundle().provenance.account),
    ),
    "registry slot unproven": (errors.ForeignRegistry, lambda: provenance(participants=[])),
    "stale head": (errors.HeadUnproven, stale_head),
    "other trail's salt": (
        errors.HeadUnproven,
        lambda: WORLD.bundle(trail=WORLD.bundle().trail.model_copy(update={"salt": keccak256(b"other")})),
    ),
    "another thing's name": (
        errors.HeadUnproven,
        lambda: WORLD.bundle(trail=WORLD.bundle().trail.model_copy(update={"identifier": OTHER_THING})),
    ),
    "another slot's proof": (errors.HeadUnproven, lambda: provenance(head=WORLD.bundle().provenance.custody)),
    "a trail without entries on the chain": (
        errors.HeadUnproven,
        lambda: WORLD.but(entries=[]).bundle(entries=WORLD.entries),
    ),
    "a document of another thing": (errors.ForeignEvent, a_document_of_another_thing),
    "an entry that says another step than its event": (errors.ForeignEvent, lambda: told_as_another_step().bundle()),
    "an entry that names another recipient than its event": (
        errors.ForeignEvent,
        lambda: told_to_another_recipient().bundle(),
    ),
    "a document that is no event": (errors.ForeignEvent, lambda: no_event_at_all().bundle()),
}
ON_ANOTHER_CHAIN = {  # the attacker's own chain in the cases where it is told as the auditor's
    "foreign contract code",
    "foreign contract at another address",
    "foreign registry code",
    "the custodian is left unnamed",
    "custody bits that no contract writes",
    "a trail without entries on the chain",
    "a document of another thing",
    "an entry that says another step than its event",
    "an entry that names another recipient than its event",
    "a document that is no event",
}


def test_the_honest_bundle_holds() -> None:
    verdict = check(WORLD.bundle())
    assert verdict.failed is None, verdict.failed
    assert [step.number for step in verdict.passed] == list(range(1, 12))
    assert verdict.trail == SSCC
    assert verdict.custodian == BUYER.identifier
    assert (verdict.block, verdict.block_time, verdict.ledger) == (WORLD.number, WORLD.time, WORLD.provenance)
    assert (verdict.entries, verdict.withheld) == (6, 0)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_at_its_step(name: str) -> None:
    expected, attack = ATTACKS[name]
    bundle = attack()
    block = keccak256(bundle.header) if name in ON_ANOTHER_CHAIN else WORLD.block
    verdict = check(bundle, block)
    assert verdict.failed is not None, "the attack went unnoticed"
    assert (type(verdict.failed), len(verdict.passed) + 1) == (expected, expected.step), verdict.failed.detail
    assert verdict.custody is None
    assert not verdict.holds


def test_the_same_code_with_a_registry_of_the_attackers_passes_only_without_the_ledgers_address() -> None:
    forged = WORLD.but(provenance=keccak256(b"mine")[12:], participants=keccak256(b"my registry")[12:])
    assert isinstance(check(forged.bundle(), forged.block).failed, errors.ForeignContract)
    unpinned = check(forged.bundle(), forged.block, ledger=None)
    assert unpinned.holds
    assert not unpinned.ledger_given
    assert "compare this address" in unpinned.passed[2].finding


def test_withheld_documents_still_prove_the_trail_and_are_counted() -> None:
    parts = [withheld(part) if index % 2 else part for index, part in enumerate(WORLD.entries)]
    verdict = check(with_entries(*parts))
    assert verdict.holds
    assert verdict.withheld == 3
    assert "3 are withheld or erased" in verdict.passed[5].finding


def test_every_error_names_the_step_that_raises_it() -> None:
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ProofFailed)
    ]
    steps = sorted(kind.step for kind in classes if kind is not errors.ProofFailed)
    assert steps == list(range(1, len(CHECKS) + 1))
    untested = {kind for kind in classes if kind is not errors.ProofFailed} - {kind for kind, _ in ATTACKS.values()}
    assert untested == {errors.MalformedBundle}, "every other step needs an attack in the table"


def test_entries_of_one_block_share_its_time() -> None:
    parts = [part.model_copy(update={"time": WORLD.entries[0].time}) for part in entries()]
    world = WORLD.but(entries=parts)
    assert all(earlier.time == later.time for earlier, later in pairwise(parts))
    assert check(world.bundle(), world.block).holds


def test_a_trail_without_custody_has_no_custodian() -> None:
    world = WORLD.but(custody=0)
    verdict = check(world.bundle(), world.block)
    assert verdict.holds
    assert verdict.custodian is None
    assert "custodian nobody" in verdict.passed[-1].finding


def test_the_salt_leads_to_one_trail_only() -> None:
    assert trail_of(SSCC, SALT) == WORLD.trail != trail_of(OTHER_THING, SALT)
