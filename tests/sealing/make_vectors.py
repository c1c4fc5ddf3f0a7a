"""Makes tests/vectors/bundle.json from a run of Anvil: `python -m tests.sealing.make_vectors` after a contract changed.

The fold of a trail holds block times and its proof holds a whole chain, so every run gives other bytes; what is pinned
is that these bytes verify, wherever and whenever, against the block hash that is written beside them.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import orjson

from service.devstack import Anvil
from service.ledger.client import Node
from service.ledger.proofs import Proofs
from service.sealing.bundle import EntryPart, TrailPart
from service.sealing.commitments import trail_of
from service.trails.assemble import assemble
from tests.trails.chain import Chain
from tests.trails.freight import PARTIES, SALT, SSCC, entry_of, nonce_of, story
from tests.vectors import VECTORS

WITHHELD = 3


async def recorded(chain: Chain) -> list[EntryPart]:
    """The story on the chain, with one document withheld."""
    parts = []
    for index, (speaker, document) in enumerate(story()):
        entry = entry_of(document)
        receipt = await chain.record(speaker, [entry])
        shown = index != WITHHELD
        parts.append(
            EntryPart(
                seal=entry.seal,
                party=speaker.id,
                to=entry.to,
                step=entry.step,
                time=await chain.time_of(receipt),
                document=document if shown else None,
                nonce=nonce_of(document) if shown else None,
            )
        )
    return parts


async def make(url: str) -> tuple[bytes, dict[str, str]]:
    """The bundle file, and what an auditor has to know from elsewhere."""
    node = Node(url)
    try:
        chain = await Chain.found(node, PARTIES)
        entries = await recorded(chain)
        proofs = Proofs(node)
        ledger = await proofs.trails(chain.provenance, [trail_of(SSCC, SALT)], await proofs.newest_block())
        registry = await proofs.parties(chain.participants, [1, 2, 3], ledger.block)
        names = {speaker.number: speaker.identifier for speaker in chain.speakers}
        thing = TrailPart(identifier=SSCC, salt=SALT)
        bundle = assemble(thing, chain.provenance, ledger, registry, names=names, entries=entries)
    finally:
        await node.close()
    return bundle.dump(), {"block": f"0x{ledger.block.hash.hex()}", "ledger": f"0x{chain.provenance.hex()}"}


def main() -> None:
    """Writes the bundle and its trusted block."""
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
