"""Makes the bundles in tests/vectors: `python -m tests.sealing.make_vectors` after a contract or the format changed.

tests/vectors/bundles holds those of made-up chains, the same in every run. tests/vectors/bundle.json is from a run of
Anvil: the fold of a trail holds block times and its proof holds a whole chain, so every run gives other bytes; what is
pinned is that these bytes verify, wherever and whenever, against the block hash that is written beside them.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import orjson

from service.devstack import Anvil
from service.ledger.client import Node
from service.ledger.proofs import Proofs
from service.sealing.commitments import trail_of
from service.sealing.hashing import canonical_json
from service.sealing.typeddata import capture_id, domain_separator
from service.store.bundles import EntryRow, EventRow
from service.store.chain import Deployed
from service.trails.assemble import Kept, Thing, assemble
from service.trails.signatures import proven, signed_captures
from tests.sealing.cases import cases
from tests.trails.chain import Chain
from tests.trails.freight import PARTIES, SALT, SSCC, entry_of, nonce_of, story
from tests.vectors import VECTORS

WITHHELD = 3


async def make(url: str) -> tuple[bytes, dict[str, str]]:
    """The bundle file of the story on a chain, one document withheld, and what an auditor knows from elsewhere."""
    node = Node(url)
    try:
        chain = await Chain.found(node, PARTIES)
        rows, events, captures = [], [], []
        for index, (speaker, document) in enumerate(story()):
            entry = entry_of(document)
            signed = chain.signed(speaker, [entry])
            time = await chain.time_of(await chain.record(speaker, [entry]))
            part = capture_id([entry])
            rows.append(EntryRow(entry.trail, 0, index, part, entry.seal, speaker.id, entry.to, entry.step, time))
            events.append(EventRow(entry.seal, speaker.id, "", canonical_json(document), nonce_of(document)))
            captures.append(signed)
        proofs = Proofs(node)
        ledger = await proofs.trails(chain.provenance, [trail_of(SSCC, SALT)], await proofs.newest_block())
        keys = [speaker.address for speaker in chain.speakers]
        registry = await proofs.registry(chain.participants, [1, 2, 3], keys, ledger.block)
    finally:
        await node.close()
    numbers = {speaker.id: speaker.number for speaker in chain.speakers}
    names = {speaker.number: speaker.identifier for speaker in chain.speakers}
    candidates = signed_captures(domain_separator(chain.chain_id, chain.provenance), captures)
    kept = Kept(
        {trail_of(SSCC, SALT): rows},
        [event for index, event in enumerate(events) if index != WITHHELD],
        [],
        proven(rows, candidates, registry.keys, numbers),
        numbers,
        names,
    )
    deployed = Deployed(chain.provenance, chain.participants, chain.chain_id, 0)
    file = assemble([Thing(SSCC, SALT)], deployed, ledger, registry, kept).dump()
    return file, {"block": f"0x{ledger.block.hash.hex()}", "ledger": f"0x{chain.provenance.hex()}"}


def write_cases(folder: Path) -> int:
    """Writes the files of all cases, and an index with what goes into their verification and comes out of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    index = []
    for case in cases():
        (folder / f"{case.name}.json").write_bytes(case.file)
        about = {"name": case.name, "about": case.about, "file": f"{case.name}.json"}
        index.append({**about, **case.inputs, "verdict": case.verdict})
    content = orjson.dumps({"cases": index}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (folder / "index.json").write_bytes(content)
    return len(index)


def main() -> None:
    """Writes everything."""
    sys.stdout.write(f"{write_cases(VECTORS / 'bundles')} bundles of made-up chains\n")
    with tempfile.TemporaryDirectory() as folder:
        anvil = Anvil(Path(folder), block_time=0.2)
        anvil.start()
        try:
            file, trusted = asyncio.run(make(anvil.url))
        finally:
            anvil.stop()
    (VECTORS / "bundle.json").write_bytes(file)
    (VECTORS / "bundle.trusted.json").write_bytes(orjson.dumps(trusted, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.write(f"{len(file)} bytes, block {trusted['block']}\n")


if __name__ == "__main__":
    main()
