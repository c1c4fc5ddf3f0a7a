"""The judge is judged: a loss and a double are injected, both for real, and it has to count one more of each."""

import asyncio
import secrets

import httpx

from bench.faults.clients import Suppliers
from bench.faults.stage import RELAYS, Stage
from bench.faults.verdict import Said, everything_said, judge, rows
from service.ledger.abi import SignedCapture, entry_words, record_calldata
from service.ledger.client import hexed
from service.ledger.transactions import Fees, Signer
from service.parties.signing_keys import SigningKeys
from service.sealing.commitments import party_of
from service.sealing.entries import Entry
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest

_DEADLINE = 2**40


async def judge_fails_when_it_should(stage: Stage, suppliers: Suppliers) -> bool:
    """Whether the judge counts exactly one loss and one double more; the stage is no use afterwards."""
    assert stage.deployed is not None
    before = await everything_said(stage.node, stage.deployed)
    lost, doubled = judge(suppliers.accepted, suppliers.abandoned, before)
    for name in RELAYS:
        await stage.kill(name)
    victim = suppliers.accepted[0]
    part = next(iter(victim.parts))
    await _record_again(stage, victim.posting.supplier, next(one for one in before if one.part == part))
    missing = await _accept_and_lose(stage, suppliers)
    after = await everything_said(stage.node, stage.deployed)
    now_lost, now_doubled = judge(suppliers.accepted, suppliers.abandoned, after)
    return now_lost == lost | {missing} and now_doubled == doubled | {victim.capture}


async def _record_again(stage: Stage, supplier: str, said: Said) -> None:
    """The same entry in another capture, which the contract cannot know to be the same event."""
    assert stage.deployed is not None
    entries = [
        Entry(said.trail, said.seal, said.step, said.to),
        Entry(secrets.token_bytes(32), secrets.token_bytes(32), 0),
    ]
    async with stage.database.session() as session:
        _, key = await SigningKeys(stage.database, stage.settings).signing_key(session, party_of(supplier))
    domain = domain_separator(stage.deployed.chain_id, stage.deployed.provenance)
    signature = sign(signing_digest(domain, capture_id(entries), _DEADLINE), key)
    stranger = Signer(secrets.token_bytes(32), stage.deployed.chain_id)
    await stage.node.call("anvil_setBalance", hexed(stranger.address), hex(10**24))
    payload = record_calldata([SignedCapture(entry_words(entries), _DEADLINE, signature)])
    made = stranger.sign(
        "", stage.deployed.provenance, payload, nonce=0, gas=1_000_000, fees=await Fees.now(stage.node)
    )
    await stage.node.call("eth_sendRawTransaction", hexed(made.raw))
    for _ in range(100):
        if await stranger.count_on_chain(stage.node):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the injected double got no block")


async def _accept_and_lose(stage: Stage, suppliers: Suppliers) -> str:
    """A capture that its client got a 2xx for, and that nobody will seal."""
    async with httpx.AsyncClient(trust_env=False) as client:
        capture = await suppliers.post_one(client)
    await rows(stage, "DELETE FROM parts WHERE capture::text = :capture RETURNING id", capture=capture)
    return capture
