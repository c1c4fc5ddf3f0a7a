"""Making a bundle: the chain's proof at one block, and the entries that the mirror has up to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from service.ledger.proofs import LedgerState, Proofs, RegistryState, StateUnavailable
from service.sealing.bundle import EntryPart, TrailPart
from service.sealing.commitments import party_of, trail_of
from service.sealing.entries import NOBODY, fold
from service.sealing.layout import Custody
from service.sealing.meaning import steps_of
from service.sealing.verify import said_on
from service.store import chain
from service.store import trails as store
from service.store.chain import Deployed
from service.store.database import Database
from service.store.trails import PartyRow, SealedRow
from service.trails.assemble import assemble
from service.trails.errors import MirrorBehind, NotYetSealed, TrailNotIntact
from service.trails.reading import ALTERED, recorded_of
from service.trails.views import opens

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.25
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """The trail's entries up to a block, and whether the mirror follows the chain that far."""

    rows: Sequence[SealedRow]
    caught_up: bool


class Bundler:
    """Makes bundles; `proofs` speaks to a node of the chain that the database mirrors."""

    def __init__(self, database: Database, proofs: Proofs) -> None:
        self._database, self._proofs = database, proofs

    async def bundle(self, thing: TrailPart, block: int | None = None) -> bytes:
        """The bundle file of a thing, as of the chain's newest block, or of the block with this number.

        Raises:
            NotYetSealed: the chain has no entry of the thing.
            MirrorBehind: the service did not catch up with the chain within some seconds.
            TrailNotIntact: what the service keeps is not what was sealed.
            StateUnavailable, HeaderNotUnderstood, NodeUnavailable, NodeRefused: the node gives no proof.
        """
        trail = trail_of(thing.identifier, thing.salt)
        deployed = await self._deployed()
        moved: StateUnavailable | None = None
        for attempt in range(_ATTEMPTS):
            await asyncio.sleep(_PAUSE_SECONDS if attempt else 0)
            at = await self._proofs.newest_block() if block is None else block
            try:
                ledger = await self._proofs.trails(deployed.provenance, [trail], at)
                moved = None
                rows = await self._agreed(trail, ledger)
                if rows is not None:
                    return await self._file(thing, deployed, ledger, rows)
            except StateUnavailable as fault:
                if block is not None:
                    raise
                moved = fault  # the chain moved on, or was reorganised, between two questions
        if moved is not None:
            raise moved
        raise MirrorBehind("the service has not yet followed the chain to the newest entry of this trail; ask again")

    async def _deployed(self) -> Deployed:
        async with self._database.session() as session:
            deployed = await chain.deployed(session)
        if deployed is None:
            raise NotYetSealed("the contracts are not deployed yet, so nothing can be sealed")
        return deployed

    async def _agreed(self, trail: bytes, ledger: LedgerState) -> Sequence[SealedRow] | None:
        """The entries that fold into the proven head, None where the mirror is not there yet."""
        head = ledger.trails[trail].head
        if head == bytes(32):
            raise NotYetSealed("nothing of this trail is sealed yet; ask again after the next block")
        mirrored = await self._mirrored(trail, ledger)
        if fold(recorded_of(row) for row in mirrored.rows) == head:
            return mirrored.rows
        if mirrored.caught_up:
            raise TrailNotIntact(
                f"the {len(mirrored.rows)} entries that are kept of this trail do not fold into the head that the chain"
                f" proves at block {ledger.block.number}: the mirror was altered, and has to be followed anew"
            )
        return None

    async def _mirrored(self, trail: bytes, ledger: LedgerState) -> _Mirrored:
        number = ledger.block.number
        async with self._database.session() as session:
            last = await chain.last_block(session)
            followed = await chain.blocks_before(session, number, 1)
            rows = await store.sealed_entries(session, trail, (-1, -1), _MOST, number)
        same = bool(followed) and (followed[0].number, followed[0].hash) == (number, ledger.block.hash)
        return _Mirrored(rows, last is not None and last.number >= number and same)

    async def _file(
        self, thing: TrailPart, deployed: Deployed, ledger: LedgerState, rows: Sequence[SealedRow]
    ) -> bytes:
        state = ledger.trails[trail_of(thing.identifier, thing.salt)]
        parties = await self._parties(rows, state.custody)
        registry = await self._proofs.parties(deployed.participants, sorted(parties), ledger.block)
        names = {number: party.identifier for number, party in parties.items()}
        _check_registry(registry, parties)

        def dumped() -> bytes:
            entries = [_entry(thing.identifier, row) for row in rows]
            return assemble(thing, deployed.provenance, ledger, registry, names=names, entries=entries).dump()

        # Hashing and reading a long trail takes a while: in a thread, other requests are served meanwhile.
        return await asyncio.to_thread(dumped)

    async def _parties(self, rows: Sequence[SealedRow], custody: Custody) -> dict[int, PartyRow]:
        """The parties that entries and custody name, by number."""
        spoken = {row.party for row in rows}
        wanted = [number for number in (custody.custodian, custody.offered_to, custody.commissioner) if number]
        async with self._database.session() as session:
            named = await store.parties_by_id(session, sorted(spoken | {row.to for row in rows} - {NOBODY}))
            numbered = await store.parties_by_number(session, wanted)
        missing = [f"0x{party.hex()}" for party in spoken if party not in named or named[party].number is None]
        missing += [str(number) for number in wanted if number not in numbered]
        if missing:
            raise MirrorBehind(
                f"the service does not know the party {missing[0]} that the chain names on this trail: it has not"
                " followed the registry so far, or the party was registered past it"
            )
        return {party.number: party for party in named.values() if party.number is not None} | numbered


def _check_registry(registry: RegistryState, parties: dict[int, PartyRow]) -> None:
    for number, state in registry.parties.items():
        if state.id != party_of(parties[number].identifier):
            raise TrailNotIntact(
                f"the registry's party {number} is not {parties[number].identifier}: the kept parties were altered"
            )


def _entry(identifier: str, row: SealedRow) -> EntryPart:
    document, nonce = _disclosed(identifier, row)
    return EntryPart(
        seal=row.seal, party=row.party, to=row.to, step=row.step, time=row.time, document=document, nonce=nonce
    )


def _disclosed(identifier: str, row: SealedRow) -> tuple[dict[str, object] | None, bytes | None]:
    """Document and nonce, both None where they are erased, not ours, or contradict what their own party recorded.

    A party may, through another relay, record its seal with a recipient that its event does not name; with the document
    withheld the trail still proves who recorded what.
    """
    event = row.event
    if event is None or event.document is None or event.nonce is None:
        return None, None
    if not opens(event):
        raise TrailNotIntact(f"entry {event.event_id}: {ALTERED}")
    document: dict[str, object] = orjson.loads(event.document)
    step, recipient = said_on(identifier, steps_of(document), row.party) or (None, None)
    said = party_of(recipient) if recipient else NOBODY
    return (document, event.nonce) if (step, said) == (row.step, row.to) else (None, None)
