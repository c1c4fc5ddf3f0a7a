"""What waits in the outbox goes to the chain, in order, once, whatever happens on the way."""

import asyncio
import itertools
import secrets
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from service.capture import Receipt
from service.config import Settings
from service.ledger import gas, registry, relay
from service.ledger.abi import SignedCapture, calldata, entries_of, record_calldata
from service.ledger.client import NodeRefused, hexed, number
from service.ledger.relay import Relay
from service.ledger.transactions import Fees, Signer
from service.ledger.watch import Watcher
from service.sealing.signing import address_of, sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from service.store import transactions
from service.store.transactions import UnminedTransaction
from tests.ledger.chainlog import everything_said
from tests.ledger.world import World, document, item, join, seen

Worker = Relay | Watcher
STRANGER = bytes.fromhex("ac" * 32)


def with_relay_key(world: World) -> Settings:
    return world.settings.model_copy(
        update={"relay_key": type(world.settings.consortium_secret)(secrets.token_bytes(32)), "admin_key": None}
    )


async def send_as(
    world: World, key: bytes, payload: bytes, to: bytes | None = None, gas_limit: int = 5_000_000
) -> None:
    """Somebody else's transaction, mined."""
    signer = Signer(key, world.deployed.chain_id)
    nonce, fees = await signer.count_on_chain(world.node), await Fees.now(world.node)
    made = signer.sign("", to or world.deployed.provenance, payload, nonce=nonce, gas=gas_limit, fees=fees)
    await world.node.call("eth_sendRawTransaction", hexed(made.raw))
    for _ in range(200):
        if await signer.count_on_chain(world.node) > nonce:
            return
        await asyncio.sleep(0.05)
    pytest.fail("somebody else's transaction got no block")


async def signed_parts(world: World) -> list[SignedCapture]:
    rows = await world.rows("SELECT entries, deadline, signature FROM parts WHERE state < 2 ORDER BY seq")
    return [SignedCapture(*row) for row in rows]


async def _work(one: Worker, begin: asyncio.Event, done: asyncio.Event) -> None:
    await begin.wait()
    while not done.is_set():
        if not await one.step():
            await asyncio.sleep(0.02)


async def test_order_on_chain_is_order_of_acceptance_with_many_relays_and_watchers(ledger: World) -> None:
    relays: list[Worker] = [
        Relay(ledger.database, ledger.node, ledger.deployed, settings)
        for settings in (ledger.settings, ledger.settings, with_relay_key(ledger), with_relay_key(ledger))
    ]
    watchers: list[Worker] = [Watcher(ledger.database, ledger.node, ledger.deployed) for _ in range(2)]
    begun, handed_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    begun.set()
    thing = item()
    async with asyncio.TaskGroup() as group:
        # One relay has an account of its own, and ends in the middle of it; the others take over.
        group.create_task(_work(relays[2], begun, handed_on))
        for one in (relays[0], relays[1], relays[3]):
            group.create_task(_work(one, handed_on, done))
        for one in watchers:
            group.create_task(_work(one, begun, done))
        for index in range(60):
            await ledger.accept(seen(thing), caller=(ledger.acme, ledger.bolt)[index % 2])
            if index == 30:
                handed_on.set()
            if index in (35, 50):
                await join(ledger.database, ledger.keys, f"did:example:newcomer-{index}")
            await asyncio.sleep(0.01)
        for _ in range(600):
            if await ledger.one("SELECT count(*) FROM parts WHERE state <> 2") == 0:
                break
            await asyncio.sleep(0.05)
        done.set()
    said = await ledger.assert_sealed_once()
    accepted = [row[0] for row in await ledger.rows("SELECT id FROM parts ORDER BY seq")]
    assert [one.part for one in said] == accepted
    accounts = await ledger.one("SELECT count(DISTINCT account) FROM transactions WHERE purpose = 'record'")
    assert accounts > 1, "only one relay got to work, so the order was never in danger"


async def test_of_several_accounts_one_packs_at_a_time(ledger: World) -> None:
    """What they packed by turns would be mined by turns, a block for each."""
    other = Relay(ledger.database, ledger.node, ledger.deployed, with_relay_key(ledger))
    packed = "SELECT count(*) FROM transactions WHERE purpose = 'record'"
    await ledger.accept(seen())
    await ledger.relay.step()
    await ledger.accept(seen())
    assert other._relay is not None
    assert not await other._pack_captures(other._relay)
    assert await ledger.one(packed) == 1
    await ledger.mine()
    while await ledger.watcher.step():
        pass
    assert await other._pack_captures(other._relay)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_capture_that_relies_on_a_registration_comes_after_it(ledger: World) -> None:
    newcomer = await join(ledger.database, ledger.keys, "did:example:newcomer")
    await ledger.accept(seen(), caller=newcomer)
    await ledger.settle()
    assert await ledger.states() == [(2, None)]
    assert await ledger.one("SELECT attempts FROM parts") == 0


async def test_captures_that_were_sent_before_a_revocation_are_sealed_under_the_old_key(ledger: World) -> None:
    await ledger.accept(seen())
    await ledger.relay.step()
    old = await ledger.one("SELECT signer FROM parts")
    await ledger.keys.create(ledger.acme)
    await ledger.keys.revoke(ledger.acme, hexed(old))
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT signer FROM parts") == old
    assert await ledger.one("SELECT attempts FROM parts") == 0


async def test_captures_that_wait_when_their_key_is_revoked_are_signed_anew_and_keep_their_place(ledger: World) -> None:
    await ledger.keys.create(ledger.acme)
    await ledger.settle()
    thing = item()
    for _ in range(3):
        await ledger.accept(seen(thing))
    old = await ledger.one("SELECT DISTINCT signer FROM parts")
    await ledger.keys.revoke(ledger.acme, hexed(old))
    await ledger.accept(seen(thing))
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert [one.part for one in said] == [row[0] for row in await ledger.rows("SELECT id FROM parts ORDER BY seq")]
    assert old not in {row[0] for row in await ledger.rows("SELECT signer FROM parts")}


async def test_a_refused_capture_of_a_revoked_key_is_signed_anew(ledger: World) -> None:
    await ledger.accept(seen())
    old = await ledger.one("SELECT signer FROM parts")
    # Another registrar revokes the key on the chain itself; our database does not know.
    assert ledger.settings.admin_key is not None
    await ledger.settle()
    await ledger.accept(seen())
    revocation = calldata("Participants", "revokeKey", [hexed(old), 0])
    await send_as(ledger, ledger.settings.admin_key.get_secret_value(), revocation, ledger.deployed.participants)
    for _ in range(100):
        await ledger.relay.step()
        await ledger.watcher.step()
        if (3, "KeyRevoked") in await ledger.states():
            break
        await asyncio.sleep(0.05)
    assert await ledger.one("SELECT revoked_at IS NOT NULL FROM signing_keys WHERE address = :key", key=old)
    await ledger.keys.create(ledger.acme)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_suspended_partys_captures_are_sealed_once_it_is_reinstated(ledger: World) -> None:
    await ledger.accept(seen())
    async with ledger.database.session() as session:
        await registry.suspend(session, ledger.acme.party)
    for _ in range(100):
        await ledger.step()
        if (3, "PartySuspended") in await ledger.states():
            break
        await asyncio.sleep(0.05)
    assert await ledger.states() == [(3, "PartySuspended")]
    for _ in range(10):
        await ledger.step()
    assert await ledger.one("SELECT attempts FROM parts") == 1, "it was sent again though nothing had changed"
    async with ledger.database.session() as session:
        await registry.reinstate(session, ledger.acme.party)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_registry_call_that_reverts_is_noted_and_said_aloud(ledger: World) -> None:
    async with ledger.database.session() as session:
        await registry.reinstate(session, ledger.acme.party)  # it is not suspended, so this reverts
    with capture_logs() as logs:
        await ledger.settle()
    async with ledger.database.session() as session:
        (failed,) = await transactions.failed_calls(session)
    assert failed[1] == "reinstate"
    assert [entry["purpose"] for entry in logs if entry["log_level"] == "error"] == ["reinstate"]
    await ledger.accept(seen())
    await ledger.settle()
    await ledger.assert_sealed_once()


@pytest.mark.parametrize("spent", ["relay", "admin"])
async def test_a_nonce_used_elsewhere_costs_nothing_but_time(
    ledger: World, monkeypatch: pytest.MonkeyPatch, spent: str
) -> None:
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.3)
    secret = ledger.settings.relay_key if spent == "relay" else ledger.settings.admin_key
    assert secret is not None
    newcomer = await join(ledger.database, ledger.keys, "did:example:newcomer")
    await ledger.accept(seen())
    await ledger.accept(seen(), caller=newcomer)
    # Packed, but before it is sent the account's nonce goes to a transaction that somebody else made with its key.
    for signer in (ledger.relay._admin, ledger.relay._relay):
        assert signer is not None
        await (ledger.relay._pack_registry if signer is ledger.relay._admin else ledger.relay._pack_captures)(signer)
    await send_as(ledger, secret.get_secret_value(), b"", address_of(STRANGER))
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT number FROM parties WHERE id = :id", id=newcomer.party) is not None


async def test_a_gap_before_our_nonces_is_filled(ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an account was used elsewhere before, and the chain then lost those transactions."""
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.3)
    assert ledger.relay._relay is not None
    account = ledger.relay._relay.address
    async with ledger.database.session() as session:
        await transactions.next_nonce(session, account, 3)
    await ledger.accept(seen())
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT count(*) FROM transactions WHERE purpose = 'gap'") == 3


async def test_a_risen_base_fee_is_followed(own_ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = own_ledger  # for the base fee outlives a snapshot
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.3)
    assert ledger.relay._relay is not None
    await ledger.accept(seen())
    await ledger.relay._pack_captures(ledger.relay._relay)  # with the fees of a chain without fees
    account = hexed(ledger.relay._relay.address)
    await ledger.node.call("anvil_setBalance", account, hex(10**24))
    for _ in range(100):
        await ledger.node.call("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        await ledger.step()
        if not await ledger.one("SELECT EXISTS (SELECT FROM parts WHERE state <> 2)"):
            break
        await asyncio.sleep(0.1)
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT cardinality(former) FROM transactions WHERE purpose = 'record'") >= 1


async def test_a_transaction_that_is_mined_under_its_former_fees_counts(ledger: World) -> None:
    assert ledger.relay._relay is not None
    signer = ledger.relay._relay
    await ledger.accept(seen())
    await ledger.relay._pack_captures(signer)
    async with ledger.database.session() as session:
        (stored,) = await transactions.unmined_of(session, signer.address)
        dearer = signer.dearer(stored, Fees(1000, 10, 100))
        await transactions.replace_transaction(session, stored.hash, dearer)
        await transactions.mark_sent(session, [dearer.hash])
    assert await ledger.one("SELECT transaction FROM parts") == dearer.hash
    await ledger.node.call("eth_sendRawTransaction", hexed(stored.raw))
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT transaction FROM parts") == stored.hash
    assert await ledger.one("SELECT former FROM transactions WHERE purpose = 'record'") == [dearer.hash]


async def test_a_dearer_transaction_says_the_same(ledger: World) -> None:
    assert ledger.relay._relay is not None
    signer = ledger.relay._relay
    for to in (ledger.deployed.provenance, None):
        cheap = signer.sign("record", to, b"payload", nonce=7, gas=21_000, fees=Fees(1000, 10, 100))
        stored = UnminedTransaction(cheap.hash, signer.address, 7, cheap.raw, "record", 4)
        dear = signer.dearer(stored, Fees(500, 5, 50))
        again = signer.sign("record", to, b"payload", nonce=7, gas=21_000, fees=Fees(1126, 12, 100))
        assert dear == again


async def test_what_ran_out_of_gas_is_sent_again_alone_with_all_the_gas_there_is(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "gas_of", lambda steps: 10_000 * len(steps))  # enough to begin with, no more
    for _ in range(3):
        await ledger.accept(*(seen() for _ in range(20)))
    with capture_logs() as logs:
        await ledger.settle()
    await ledger.assert_sealed_once()
    assert any("without effect" in entry["event"] for entry in logs)
    assert await ledger.one("SELECT count(*) FROM transactions WHERE purpose = 'record'") == 4


async def test_what_no_block_takes_is_replaced_and_goes_another_way(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(relay, "gas_of", len)  # less than the transaction's data alone cost
    for _ in range(3):
        await ledger.accept(*(seen() for _ in range(20)))
    with capture_logs() as logs:
        await ledger.settle()
    await ledger.assert_sealed_once()
    assert any("no block takes" in entry["event"] for entry in logs)


async def test_a_capture_that_never_gets_through_is_refused_aloud_and_tried_again_by_the_next_relay(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Relay(
        ledger.database, ledger.node, replace(ledger.deployed, provenance=ledger.deployed.participants), ledger.settings
    )
    await ledger.accept(seen())
    for _ in range(400):
        await wrong.step()
        await ledger.watcher.step()
        if await ledger.states() == [(3, "TransactionFailed")]:
            break
        await asyncio.sleep(0.02)
    assert await ledger.states() == [(3, "TransactionFailed")]
    ledger.relay = Relay(ledger.database, ledger.node, ledger.deployed, ledger.settings)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_nothing_is_sent_to_a_superseded_ledger(ledger: World) -> None:
    assert ledger.settings.admin_key is not None
    payload = calldata("Provenance", "supersede", [hexed(ledger.deployed.participants)])
    await send_as(ledger, ledger.settings.admin_key.get_secret_value(), payload)
    await ledger.accept(seen())
    with capture_logs() as logs:
        for _ in range(5):
            await ledger.step()
    assert await ledger.states() == [(0, None)]
    assert any("superseded" in entry["event"] for entry in logs)


async def test_a_capture_that_a_third_party_relays_is_sealed_and_not_recorded_again(ledger: World) -> None:
    await ledger.accept(seen())
    await ledger.accept(seen())
    first, second = await signed_parts(ledger)
    await send_as(ledger, STRANGER, record_calldata([first]))  # one before we send it
    await ledger.watcher.step()
    assert await ledger.states() == [(2, None), (0, None)]
    assert ledger.relay._relay is not None
    await ledger.relay._pack_captures(ledger.relay._relay)
    await send_as(ledger, STRANGER, record_calldata([second]))  # one between packing and sending
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_spoilt_copy_that_somebody_brings_does_not_count(ledger: World) -> None:
    await ledger.accept(seen())
    (part,) = await signed_parts(ledger)
    spoilt = replace(part, deadline=part.deadline + 1)
    broken = replace(part, signature=bytes(65))
    await ledger.relay._pack_captures(ledger.relay._relay or pytest.fail("no key"))
    await send_as(ledger, STRANGER, record_calldata([spoilt, broken, replace(part, deadline=1)]))
    await ledger.watcher.step()
    assert await ledger.states() == [(1, None)]
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_the_same_entries_signed_by_another_party_do_not_seal_ours(ledger: World) -> None:
    await ledger.accept(seen())
    (part,) = await signed_parts(ledger)
    async with ledger.database.session() as session:
        _, key = await ledger.keys.signing_key(session, ledger.bolt.party)
    domain = domain_separator(ledger.deployed.chain_id, ledger.deployed.provenance)
    theirs = sign(signing_digest(domain, capture_id(entries_of(part.words)), part.deadline), key)
    await send_as(ledger, STRANGER, record_calldata([replace(part, signature=theirs)]))
    await ledger.watcher.step()
    assert await ledger.one("SELECT party FROM ledger_entries") == ledger.bolt.party
    assert await ledger.states() == [(0, None)]
    await ledger.settle()
    assert [one.party for one in await everything_said(ledger.node, ledger.deployed)] == [
        ledger.bolt.party,
        ledger.acme.party,
    ]
    assert await ledger.states() == [(2, None)]


async def test_a_stuck_relay_does_not_hold_up_a_revocation(ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.05)
    await ledger.accept(seen())
    stuck = Signer(STRANGER, ledger.deployed.chain_id)
    async with ledger.database.session() as session:
        # Beyond what the chain lets in one block: it stays in the pool, as for want of funds.
        nonce = await transactions.next_nonce(session, stuck.address, 0)
        never = stuck.sign("record", b"\1" * 20, b"", nonce=nonce, gas=2**40, fees=Fees(0, 0, 0))
        await transactions.save_transactions(session, stuck.address, [never])
    key = await ledger.one("SELECT signer FROM parts")
    await ledger.keys.revoke(ledger.acme, hexed(key))
    for _ in range(100):
        await ledger.relay.step()
        await ledger.watcher.step()
        if await ledger.one("SELECT block IS NOT NULL FROM transactions WHERE purpose = 'revokeKey'"):
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("the revocation never got a block")


async def test_thousands_of_entries_in_one_document_are_cut_packed_and_sealed_in_order(ledger: World) -> None:
    things = [item() for _ in range(1500)]
    receipt = await ledger.accept(*(seen(thing) for thing in things))
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert [part.entries for part in receipt.parts] == [200] * 7 + [100]
    order = await ledger.rows("SELECT trail FROM mentions ORDER BY event")
    assert [one.trail for one in said] == [row[0] for row in order]
    gas_limits = [
        number((await ledger.node.call("eth_getTransactionByHash", hexed(row[0])))["gas"])
        for row in await ledger.rows("SELECT hash FROM transactions WHERE purpose = 'record'")
    ]
    assert max(gas_limits) <= ledger.settings.transaction_gas < gas.TRANSACTION_CAP


async def test_a_restarted_relay_sends_what_its_predecessor_stored(ledger: World) -> None:
    await ledger.accept(seen())
    assert ledger.relay._relay is not None
    await ledger.relay._pack_captures(ledger.relay._relay)  # and then it dies
    without_keys = ledger.settings.model_copy(update={"relay_key": None, "admin_key": None})
    ledger.relay = Relay(ledger.database, ledger.node, ledger.deployed, without_keys)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_node_that_refuses_everything_loses_nothing(ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ledger.accept(seen())
    real = ledger.node.batch

    async def refuse(calls: list[tuple[str, list[object]]]) -> list[object]:
        return [NodeRefused(method, -32005, "limit exceeded") for method, _ in calls]

    monkeypatch.setattr(ledger.node, "batch", refuse)
    for one in (ledger.relay, ledger.watcher):
        with pytest.raises(NodeRefused):
            await one.step()
    monkeypatch.setattr(ledger.node, "batch", real)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_two_receipts_of_one_document_are_one_capture(ledger: World) -> None:
    body = document(*(seen() for _ in range(5)))
    both: list[Receipt] = await asyncio.gather(
        *(ledger.captures.accept(ledger.acme, body, idempotency_key="order-7") for _ in range(5))
    )
    assert len({receipt.id for receipt in both}) == 1
    ledger.receipts.append(both[0])
    await ledger.settle()
    assert len(await ledger.assert_sealed_once()) == 5
    assert next(itertools.islice(both, 1)).events == 5
