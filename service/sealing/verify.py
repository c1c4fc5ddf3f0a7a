"""The verification of a bundle, as the numbered list of docs/format.md section 6; no I/O, no clock.

1.  Form      the file is a canonical bundle and its digest is that of its content
2.  Block     everything that the auditor trusts says that the header is one of the chain's
3.  Contract  the address is the ledger that the auditor knows, and the state holds released Provenance code there
4.  Registry  Provenance asks the released Participants code
5.  Heads     the state proves the head of each trail that identifier and salt name, and it is not empty
6.  Seals     every disclosed document and nonce open the seal of an entry
7.  Meaning   every disclosed document says of a trail what an entry with its seal says
8.  Parties   the registry proves who each party's number is, its roles, and whether it is suspended
9.  Times     block times never decrease and do not pass the block's own
10. Whole     the entries fold into the proven heads: all of them, in this order, by these parties, at these times
11. Custody   the state proves each custody slot, and it names no party that step 8 did not prove
12. Keys      each signature is of a key that the registry held for the party, then; no proof is left over
"""

from collections import defaultdict
from collections.abc import Callable

from service.sealing import bundle as bundles
from service.sealing import chain_steps, entry_steps, errors
from service.sealing.case import Case, Steps
from service.sealing.trust import Trust
from service.sealing.verdict import Counts, ErasedFound, KeyFound, PartyFound, Passed, TrailFound, Verdict

__all__ = ["CHECKS", "Steps", "verify"]


def verify(file: bytes, trust: Trust, steps: Steps, ledger: bytes | None = None) -> Verdict:
    """Check the bundle in `file` against what the auditor trusts.

    `steps` says what an EPCIS event says of the things that it touches (`service.sealing.meaning.steps_of`).
    `ledger` is the 20-byte address of the consortium's Provenance; without it the verdict tells the address that the
    bundle uses, and the auditor has to compare it, because anyone can deploy the same code with a registry of their
    own. The list ends at the first step that fails, for nothing after it would mean anything.
    """
    case = Case(file, trust, steps, ledger)
    passed: list[Passed] = []
    failed: errors.ProofFailed | None = None
    try:
        for number, (title, check) in enumerate(CHECKS, start=1):
            passed.append(Passed(number, title, check(case)))
    except errors.ProofFailed as failure:
        failed = failure
    return _verdict(case, tuple(passed), failed)


def _form(case: Case) -> str:  # step 1
    case.take(bundles.read(case.file))
    shape = f"{len(case.bundle.trails)} trails, {case.number_of_entries} entries, {len(case.bundle.events)} documents"
    return f"{bundles.FORMAT}, {len(case.file)} bytes, {shape}, digest matches"


CHECKS: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("Form", _form),
    ("Block", chain_steps.block),
    ("Contract", chain_steps.contract),
    ("Registry", chain_steps.registry),
    ("Heads", chain_steps.heads),
    ("Seals", entry_steps.seals),
    ("Meaning", entry_steps.meaning),
    ("Parties", chain_steps.parties),
    ("Times", entry_steps.times),
    ("Whole", entry_steps.whole),
    ("Custody", chain_steps.custody),
    ("Keys", entry_steps.keys),
)


def _verdict(case: Case, passed: tuple[Passed, ...], failed: errors.ProofFailed | None) -> Verdict:
    held = len(passed)
    counts = _counts(case) if failed is None else Counts()
    return Verdict(
        passed,
        failed,
        digest=bundles.digest_of(case.file) if held >= 1 else None,
        trust=case.trusted if held >= 2 else (),
        chain_id=case.bundle.chain_id if held >= 1 else None,
        block=case.header.number if held >= 2 else None,
        block_hash=case.header.hash if held >= 2 else None,
        block_time=case.header.time if held >= 2 else None,
        ledger=case.bundle.provenance if held >= 3 else None,
        ledger_given=case.ledger is not None,
        trails=tuple(_trails(case)) if failed is None else (),
        parties=tuple(_parties(case)) if failed is None else (),
        keys=tuple(_keys(case)) if failed is None else (),
        erased=tuple(_erased(case)) if failed is None else (),
        counts=counts,
    )


def _trails(case: Case) -> list[TrailFound]:
    shown = frozenset(case.seals)
    found = zip(case.bundle.trails, case.trail_ids, case.heads, case.custodies, strict=True)
    return [
        TrailFound(
            trail.identifier,
            trail_id,
            head,
            len(trail.entries),
            sum(entry.seal not in shown for entry in trail.entries),
            custody,
        )
        for trail, trail_id, head, custody in found
    ]


def _parties(case: Case) -> list[PartyFound]:
    found = zip(case.bundle.parties, case.standings, strict=True)
    return [PartyFound(party.number, party.identifier, standing) for party, standing in found]


def _keys(case: Case) -> list[KeyFound]:
    return [
        KeyFound(address, binding, case.signed[address], case.doubtful[address])
        for address, binding in sorted(case.keys.items())
    ]


def _erased(case: Case) -> list[ErasedFound]:
    stated: dict[tuple[str, int], list[str]] = defaultdict(list)
    for identifier, party, seal in case.erasing:
        stated[seal, party].append(identifier)
    on = _trails_of(case, {one.seal for one in case.bundle.erased}) if stated else {}
    return [
        ErasedFound(
            one.seal,
            one.party,
            one.time,
            one.reason,
            any(identifier in on[one.seal] for identifier in stated[f"0x{one.seal.hex()}", one.party]),
        )
        for one in case.bundle.erased
    ]


def _trails_of(case: Case, seals: set[bytes]) -> dict[bytes, set[str]]:
    on: dict[bytes, set[str]] = defaultdict(set)
    for trail, entry in case.entries:
        if entry.seal in seals:
            on[entry.seal].add(trail.identifier)
    return on


def _counts(case: Case) -> Counts:
    shown, erased = frozenset(case.seals), {one.seal for one in case.bundle.erased}
    recorders: dict[bytes, set[int]] = defaultdict(set)
    for _, entry in case.entries:
        recorders[entry.seal].add(entry.party)
    return Counts(
        case.number_of_entries,
        sum(entry.seal not in shown for _, entry in case.entries),
        sum(entry.seal in erased for _, entry in case.entries),
        case.contradicted,
        sum(len(recorders[entry.seal]) > 1 for _, entry in case.entries),
        sum(entry.capture is None for _, entry in case.entries),
        case.doubtful.total(),
    )
