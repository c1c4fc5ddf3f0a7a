"""Audits of what is really sealed: by parties with keys, on a chain, with disputes, erasures and hidden things."""

from typing import Any

import pytest

from service.audit.audits import Audits
from service.findings import Severity
from service.findings.report import Report, as_json
from service.parties.caller import Caller
from service.trails.errors import TrailNotFound
from tests.trails.consortium import Consortium, item, made, packed, seen, sscc

DAY = "urn:epcglobal:cbv:mda:itemExpirationDate"


def handed(step: str, sender: Caller, recipient: Caller, *things: str, minute: int) -> dict[str, Any]:
    """The things change hands."""
    return seen(
        *things,
        minute=minute,
        bizStep=step,
        sourceList=[{"type": "possessing_party", "source": sender.identifier}],
        destinationList=[{"type": "possessing_party", "destination": recipient.identifier}],
    )


def commissioned(*things: str, minute: int = 0, **members: Any) -> dict[str, Any]:
    return seen(*things, minute=minute, action="ADD", bizStep="commissioning", **members)


def of(report: Report, rule: str) -> list[Severity]:
    return [one.severity for one in report.findings if one.rule == rule]


async def test_a_dispute_on_the_ledger_is_found_with_its_statement(consortium: Consortium) -> None:
    thing, c = item(), consortium
    await c.seal(c.supplier, commissioned(thing))
    await c.seal(c.carrier, handed("receiving", c.supplier, c.carrier, thing, minute=5))
    report = await Audits(c.database, c.settings).audit(c.supplier, thing)
    (dispute,) = [one for one in report.findings if one.rule == "ledger-dispute"]
    assert "NotOffered" in dispute.detail
    assert c.carrier.identifier in dispute.detail
    assert of(report, "receipt-without-shipment") == [Severity.HIGH]
    assert report.looked[0].statements == 2
    assert report.names[c.carrier.identifier] == "Carrier"


async def test_keys_are_known_from_the_registry(consortium: Consortium) -> None:
    thing, c = item(), consortium
    await c.seal(c.supplier, commissioned(thing))
    report = await Audits(c.database, c.settings).audit(c.supplier, thing)
    (key,) = [one.statement.key for one in report.case.trails[thing].told]
    assert key is not None
    assert key.bound_from is not None
    assert of(report, "late-key") == [Severity.LOW]  # the event is dated in spring, the key was bound just now
    since = int(key.bound_from.timestamp())
    await c.execute(
        "INSERT INTO registry_events (block, log, time, transaction, kind, party, key, compromised_from)"
        " VALUES (1, 9999, :since, '', 'KeyRevoked', :party, :key, :since)",
        since=since,
        party=c.supplier.party,
        key=key.address,
    )
    try:
        again = await Audits(c.database, c.settings).audit(c.supplier, thing)
        assert Severity.HIGH in of(again, "late-key")
    finally:
        await c.execute("DELETE FROM registry_events WHERE block = 1 AND log = 9999")


async def test_an_input_that_was_expired_is_found_along_the_way(consortium: Consortium) -> None:
    milk, cheese, c = item(), item(), consortium
    late = commissioned(milk, ilmd={DAY: "2026-02-27"})
    await c.seal(c.supplier, late, made([milk], [cheese], minute=60))
    audits = Audits(c.database, c.settings)
    assert of(await audits.audit(c.supplier, cheese), "expired-input") == [Severity.HIGH]
    alone = await audits.audit(c.supplier, cheese, journey=False)
    assert of(alone, "expired-input") == []
    assert [(one.trail, one.relation) for one in alone.looked] == [(cheese, "subject")]


async def test_a_process_is_whole_where_all_its_events_are_seen(consortium: Consortium) -> None:
    milk, more, cheese, c = item(), item(), item(), consortium
    process = f"urn:x:process:{cheese[-6:]}"
    await c.seal(
        c.supplier, made([milk], [], minute=1, process=process), made([more], [cheese], minute=2, process=process)
    )
    audits = Audits(c.database, c.settings)
    case, _, way = await audits.case(c.supplier, cheese)
    assert case.processes == {process}
    assert {row.identifier for row, relation, _ in way.trails if relation == "ancestor"} == {milk, more}
    assert (await audits.case(c.supplier, cheese, journey=False))[0].processes == set()


async def test_who_receives_a_pallet_has_what_is_on_it(consortium: Consortium) -> None:
    thing, pallet, c = item(), sscc(), consortium
    await c.seal(c.supplier, commissioned(thing, pallet), packed(pallet, thing, minute=1))
    await c.seal(c.supplier, handed("shipping", c.supplier, c.carrier, pallet, minute=2))
    await c.seal(c.carrier, handed("receiving", c.supplier, c.carrier, pallet, minute=3))
    await c.seal(c.carrier, handed("shipping", c.carrier, c.buyer, thing, minute=4))
    report = await Audits(c.database, c.settings).audit(c.auditor, thing)
    assert of(report, "custody-gap") == []
    assert [(one.trail, one.relation) for one in report.looked] == [(thing, "subject"), (pallet, "container")]


async def test_what_was_altered_is_not_read_and_what_was_erased_is_counted(consortium: Consortium) -> None:
    thing, c = item(), consortium
    receipt = await c.seal(c.supplier, commissioned(thing), seen(thing, minute=1), seen(thing, minute=2))
    ids = receipt.event_ids
    await c.execute(
        "UPDATE events SET document = :other WHERE event_id = :id", other=b'{"type":"ObjectEvent"}', id=ids[1]
    )
    await c.execute("UPDATE events SET document = NULL WHERE event_id = :id", id=ids[2])
    report = await Audits(c.database, c.settings).audit(c.supplier, thing)
    (looked,) = report.looked
    assert (looked.statements, looked.altered, looked.erased, looked.withheld) == (3, 1, 1, 0)
    assert [line.state for line in report.lines] == ["stands", "withheld", "erased"]
    assert as_json(report)["notLookedAt"]["altered"] == 1


async def test_what_waits_for_the_chain_is_counted_and_not_judged(consortium: Consortium) -> None:
    thing, c = item(), consortium
    await c.capture(c.supplier, commissioned(thing))
    report = await Audits(c.database, c.settings).audit(c.supplier, thing)
    assert [(one.statements, one.unsealed) for one in report.looked] == [(0, 1)]
    assert report.findings == []
    await c.settle()


async def test_what_a_party_may_not_see_is_neither_there_nor_judged(consortium: Consortium) -> None:
    milk, cheese, c = item(), item(), consortium
    await c.seal(c.supplier, commissioned(milk, ilmd={DAY: "2026-02-27"}), made([milk], [cheese], minute=60))
    await c.seal(c.supplier, handed("shipping", c.supplier, c.carrier, cheese, minute=61))
    audits = Audits(c.database, c.settings)
    with pytest.raises(TrailNotFound) as refused:
        await audits.audit(c.stranger, cheese)
    with pytest.raises(TrailNotFound) as absent:
        await audits.audit(c.stranger, item())
    assert str(refused.value.detail)[:20] == str(absent.value.detail)[:20]
    report = await audits.audit(c.carrier, cheese)
    assert [one.trail for one in report.looked] == [cheese]
    assert report.hidden == 1
    assert milk not in [line.trail for line in report.lines]
    assert of(report, "expired-input") == []
