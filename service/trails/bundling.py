"""Making a bundle: the chain's proof at one block, and the entries that the mirror has up to it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as chained
from itertools import groupby

from service.ledger.abi import SignedCapture
from service.ledger.proofs import LedgerState, Proofs, RegistryState, StateUnavailable
from service.sealing.commitments import party_of
from service.sealing.entries import NOBODY, Recorded, fold
from service.sealing.typeddata import domain_separator
from service.store import bundles as store
from service.store import chain
from service.store import trails as trail_store
from service.store.bundles import EntryRow, ErasureRow
from service.store.chain import Deployed
from service.store.database import Database
from service.store.trails import PartyRow
from service.trails.assemble import Kept, Thing, assemble
from service.trails.disclosure import EVERYTHING, Disclosure, disclosed
from service.trails.errors import BundleTooLarge, MirrorBehind, NotYetSealed, TrailNotIntact
from service.trails.signatures import Signed, proven, signed_captures

MOST_THINGS = 1_000
MOST_ENTRIES = 100_000
"""Things, entries and (below) bytes of documents that one bundle may hold: within docs/format.md, section 5."""
MOST_DOCUMENT_BYTES = 55_000_000
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.25
_SMALL = 10_000

Rows = Mapping[bytes, Sequence[EntryRow]]
"""The entries of trails, by trail id, in the ledger's order."""


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """The trails' entries up to a block, and whether the mirror follows the chain that far."""

    rows: Rows
    caught_up: bool


class Bundler:
    """Makes bundles; `proofs` speaks to a node of the chain that the database mirrors."""

    def __init__(self, database: Database, proofs: Proofs) -> None:
        self._database, self._proofs = database, proofs
        self._large = asyncio.Semaphore(1)  # what a large one takes of memory is taken once at a time

    async def bundle(
        self, things: Sequence[Thing], block: int | None = None, disclosure: Disclosure = EVERYTHING
    ) -> bytes:
        """The bundle file of things, none twice, as of the chain's newest block, or of the block with this number.

        Raises:
            NotYetSealed: the chain has no entry of a thing.
            MirrorBehind: the service did not catch up with the chain within some seconds.
            TrailNotIntact: what the service keeps is not what was sealed.
            BundleTooLarge: the trails are more than one bundle may hold.
            NothingToWithhold: see `disclosed`.
            StateUnavailable, HeaderNotUnderstood, NodeUnavailable, NodeRefused: the node gives no proof.
        """
        if len(things) > MOST_THINGS:
            raise BundleTooLarge(f"these are {len(things)} things; one bundle takes at most {MOST_THINGS}")
        deployed = await self._deployed()
        if await self._size(things, block) <= _SMALL:
            return await self._made(things, deployed, block, disclosure)
        async with self._large:
            return await self._made(things, deployed, block, disclosure)

    async def _made(
        self, things: Sequence[Thing], deployed: Deployed, block: int | None, disclosure: Disclosure
    ) -> bytes:
        moved: StateUnavailable | None = None
        for attempt in range(_ATTEMPTS):
            await asyncio.sleep(_PAUSE_SECONDS if attempt else 0)
            at = await self._proofs.newest_block() if block is None else block
            try:
                ledger = await self._proofs.trails(deployed.provenance, [thing.trail for thing in things], at)
                moved = None
                rows = await self._agreed(things, ledger)
                if rows is not None:
                    return await self._file(things, deployed, ledger, rows, disclosure)
            except StateUnavailable as fault:
                if block is not None:
                    raise
                moved = fault  # the chain moved on, or was reorganised, between two questions
        if moved is not None:
            raise moved
        raise MirrorBehind("the service has not yet followed the chain to the newest entry of a trail; ask again")

    async def _deployed(self) -> Deployed:
        async with self._database.session() as session:
            deployed = await chain.deployed(session)
        if deployed is None:
            raise NotYetSealed("the contracts are not deployed yet, so nothing can be sealed")
        return deployed

    async def _size(self, things: Sequence[Thing], block: int | None) -> int:
        async with self._database.session() as session:
            size = await store.size_of(session, [thing.trail for thing in things], 2**62 if block is None else block)
        if size.entries > MOST_ENTRIES or size.document_bytes > MOST_DOCUMENT_BYTES:
            raise BundleTooLarge(
                f"these trails have {size.entries} entries with {size.document_bytes} bytes of documents; one bundle"
                f" holds at most {MOST_ENTRIES} and {MOST_DOCUMENT_BYTES}: ask for fewer things, or as of an earlier"
                " block"
            )
        return size.entries

    async def _agreed(self, things: Sequence[Thing], ledger: LedgerState) -> Rows | None:
        """The entries that fold into the proven heads, None where the mirror is not there yet."""
        for thing in things:
            if ledger.trails[thing.trail].head == bytes(32):
                raise NotYetSealed(f"nothing of {thing.identifier} is sealed yet; ask again after the next block")
        mirrored = await self._mirrored([thing.trail for thing in things], ledger)
        wrong = await asyncio.to_thread(_unfolded, things, mirrored.rows, ledger)
        if wrong is None:
            return mirrored.rows
        if mirrored.caught_up:
            raise TrailNotIntact(
                f"the {len(mirrored.rows.get(wrong.trail, ()))} entries that are kept of {wrong.identifier} do not fold"
                f" into the head that the chain proves at block {ledger.block.number}: the mirror was altered, and has"
                " to be followed anew"
            )
        return None

    async def _mirrored(self, trails: Sequence[bytes], ledger: LedgerState) -> _Mirrored:
        number = ledger.block.number
        async with self._database.session() as session:
            last = await chain.last_block(session)
            followed = await chain.blocks_before(session, number, 1)
            rows = await store.entries_of(session, trails, number)
        same = bool(followed) and (followed[0].number, followed[0].hash) == (number, ledger.block.hash)
        by_trail = {trail: list(some) for trail, some in groupby(rows, key=lambda row: row.trail)}
        return _Mirrored(by_trail, last is not None and last.number >= number and same)

    async def _file(
        self, things: Sequence[Thing], deployed: Deployed, ledger: LedgerState, rows: Rows, disclosure: Disclosure
    ) -> bytes:
        entries = list(chained.from_iterable(rows.values()))
        seals = sorted({entry.seal for entry in entries})
        async with self._database.session() as session:
            events = await store.events_of(session, seals) if disclosure.shown else []
            erasures = await store.erasures_of(session, seals)
        identifiers = {thing.trail: thing.identifier for thing in things}
        # Hashing, reading and signatures of a long trail take a while: in a thread, others are served meanwhile.
        shown = await asyncio.to_thread(disclosed, events, entries, identifiers, disclosure.withheld)
        parties = await self._parties(entries, erasures, ledger)
        numbers = {party.id: number for number, party in parties.items()}
        candidates = await self._candidates(entries, deployed)
        keys = sorted({one.signer for some in candidates.values() for one in some})
        registry = await self._proofs.registry(deployed.participants, sorted(parties), keys, ledger.block)
        _check_registry(registry, parties)
        signed = proven(entries, candidates, registry.keys, numbers)
        if missing := {(row.block, row.part) for row in entries if (row.party, row.part) not in signed}:
            more = await self._recorded(missing, deployed)
            keys = sorted({one.signer for some in more.values() for one in some} | set(keys))
            registry = await self._proofs.registry(deployed.participants, sorted(parties), keys, ledger.block)
            signed = proven(entries, more, registry.keys, numbers) | signed
        names = {number: party.identifier for number, party in parties.items()}
        kept = Kept(rows, shown, erasures, signed, numbers, names)
        return await asyncio.to_thread(lambda: assemble(things, deployed, ledger, registry, kept).dump())

    async def _candidates(self, entries: Sequence[EntryRow], deployed: Deployed) -> dict[bytes, list[Signed]]:
        """The captures' signatures that the service keeps, by capture id."""
        async with self._database.session() as session:
            parts = await store.parts_of(session, sorted({entry.part for entry in entries}))
        captures = [SignedCapture(part.entries, part.deadline, part.signature) for part in parts]
        return await asyncio.to_thread(signed_captures, _domain(deployed), captures)

    async def _recorded(self, missing: set[tuple[int, bytes]], deployed: Deployed) -> dict[bytes, list[Signed]]:
        """Signatures of captures that were recorded past the service, as far as the node shows them."""
        wanted = {block: [part for _, part in some] for block, some in groupby(sorted(missing), key=lambda one: one[0])}
        captures = await self._proofs.captures_in(deployed.provenance, wanted)
        return await asyncio.to_thread(signed_captures, _domain(deployed), captures)

    async def _parties(
        self, entries: Sequence[EntryRow], erasures: Sequence[ErasureRow], ledger: LedgerState
    ) -> dict[int, PartyRow]:
        """The parties that entries, erasures and custody name, by number."""
        spoken = {entry.party for entry in entries}
        others = {entry.to for entry in entries} - {NOBODY} | {erasure.party for erasure in erasures}
        custodies = [state.custody for state in ledger.trails.values()]
        wanted = {number for one in custodies for number in (one.custodian, one.offered_to, one.commissioner)} - {0}
        async with self._database.session() as session:
            named = await trail_store.parties_by_id(session, sorted(spoken | others))
            numbered = await trail_store.parties_by_number(session, sorted(wanted))
        missing = [f"0x{party.hex()}" for party in spoken if party not in named or named[party].number is None]
        missing += [str(number) for number in wanted if number not in numbered]
        if missing:
            raise MirrorBehind(
                f"the service does not know the party {missing[0]} that the chain names on this trail: it has not"
                " followed the registry so far, or the party was registered past it"
            )
        return {party.number: party for party in named.values() if party.number is not None} | numbered


def _domain(deployed: Deployed) -> bytes:
    return domain_separator(deployed.chain_id, deployed.provenance)


def _unfolded(things: Sequence[Thing], rows: Rows, ledger: LedgerState) -> Thing | None:
    """The first thing whose entries do not fold into its head."""
    for thing in things:
        recorded = (Recorded(row.seal, row.party, row.to, row.step, row.time) for row in rows.get(thing.trail, ()))
        if fold(recorded) != ledger.trails[thing.trail].head:
            return thing
    return None


def _check_registry(registry: RegistryState, parties: dict[int, PartyRow]) -> None:
    for number, state in registry.parties.items():
        if state.id != party_of(parties[number].identifier):
            raise TrailNotIntact(
                f"the registry's party {number} is not {parties[number].identifier}: the kept parties were altered"
            )
