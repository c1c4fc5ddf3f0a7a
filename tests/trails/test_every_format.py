"""XML, spreadsheets, words of one's own and events of no thing: what is prepared is what is sealed, and all of it
verifies offline.
"""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from service.capture.reading import Format
from service.ledger.client import hexed
from service.parties.registration import add
from service.parties.signing_keys import SigningKeys
from service.sealing.bundle import read
from service.sealing.commitments import journal_of
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verify import verify
from tests.capture.test_own_keys import signed
from tests.epcis.xml.examples import document as xml_document
from tests.ledger.world import caller_of, document
from tests.trails.consortium import Consortium, item, seen

WHEN = "<eventTime>2026-03-01T10:00:30+01:00</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
EXTENSION = '<example:x example:y="1">a<example:z/> &amp; &#x10FFFF;</example:x><example:n>1.10</example:n>'
CSV = "eventTime,bizStep,gtin,serial,sender,receiver\n2026-03-03T07:30:00+01:00,{step},(01)09521141234563,{serial},,\n"


def xml(thing: str) -> bytes:
    event = f"<ObjectEvent>{WHEN}<epcList><epc>{thing}</epc></epcList><action>ADD</action>{EXTENSION}</ObjectEvent>"
    return xml_document(event)


def csv(thing: str) -> bytes:
    return CSV.format(step="commissioning", serial=thing.rpartition("/")[2]).encode()


def own_words(thing: str) -> bytes:
    members: dict[str, Any] = {"bizStep": "https://example.com/steps/blessing", "disposition": "urn:x:blessed"}
    members |= {"@context": {"ex": "urn:ex:"}, "ex:n": [1, {"ex:m": "\u2028\uffff"}]}
    return document(seen(thing, **members))


CASES: list[tuple[Format, Any, bool]] = [("xml", xml, False), ("csv", csv, False), ("json", own_words, True)]


async def assert_verifies(consortium: Consortium, thing: str, documents: list[bytes]) -> None:
    """An auditor's bundle of the trail holds, and discloses these documents."""
    file = await consortium.trails.bundle(consortium.auditor, thing)
    number = Header.read(read(file).header).number
    block = await consortium.node.call("eth_getBlockByNumber", hex(number), False)
    verdict = verify(file, Trust(bytes.fromhex(block["hash"][2:])), steps_of, consortium.deployed.provenance)
    assert verdict.failed is None, verdict.failed
    assert verdict.counts.withheld == 0
    bundle = read(file)
    opened = {event.seal: event.document for event in bundle.events}
    assert [opened[entry.seal] for entry in bundle.trails[0].entries] == [orjson.loads(one) for one in documents]


@pytest.mark.parametrize(("format_", "make", "lenient"), CASES)
async def test_what_is_captured_in_any_format_verifies(
    consortium: Consortium, format_: Format, make: Any, lenient: bool
) -> None:
    thing = item()
    supplier = replace(consortium.supplier, lenient=lenient)
    prepared = await consortium.captures.prepare(supplier, make(thing), format=format_)
    receipt = await consortium.captures.accept(supplier, make(thing), format=format_)
    await consortium.settle()
    assert len(receipt.event_ids) == len(prepared.events) == 1
    await assert_verifies(consortium, thing, [document for document, _, _ in prepared.events])


@pytest.mark.parametrize(("format_", "make", "lenient"), CASES)
async def test_what_a_party_signs_itself_in_any_format_verifies(
    consortium: Consortium, format_: Format, make: Any, lenient: bool
) -> None:
    thing, wallet = item(), Account.create()
    identifier = f"urn:example:own:{wallet.address}"
    own = replace(caller_of(identifier, "Own"), lenient=lenient)
    keys = SigningKeys(consortium.database, consortium.settings)
    async with consortium.database.session() as session:
        await add(session, identifier, "Own", ["supplier"])
    challenge = await keys.challenge(own, wallet.address)
    await keys.add_own(own, wallet.address, hexed(wallet.sign_message(encode_defunct(text=challenge)).signature))
    prepared = await consortium.captures.prepare(own, make(thing), format=format_)
    typed = [encode_typed_data(full_message=orjson.loads(orjson.dumps(part))) for part in prepared.typed_data]
    signatures = [hexed(wallet.sign_message(part).signature) for part in typed]
    await consortium.captures.submit(own, signed(prepared, signatures))
    await consortium.settle()
    await assert_verifies(consortium, thing, [document for document, _, _ in prepared.events])


async def test_a_journal_verifies_and_is_nobody_else_s(consortium: Consortium) -> None:
    """Events of no thing, in two formats, on the journal of who told them."""
    journal = journal_of(consortium.carrier.party)
    goods = "https://id.gs1.org/01/09521141234563"
    quantities = f"<quantityList><quantityElement><epcClass>{goods}</epcClass></quantityElement></quantityList>"
    in_xml = xml_document(f"<ObjectEvent>{WHEN}<action>OBSERVE</action>{quantities}{EXTENSION}</ObjectEvent>")
    members: dict[str, Any] = {"epcList": [], "quantityList": [{"epcClass": goods, "quantity": 2.50}]}
    in_json = document(seen(**members))
    prepared = [
        *(await consortium.captures.prepare(consortium.carrier, in_xml, format="xml")).events,
        *(await consortium.captures.prepare(consortium.carrier, in_json)).events,
    ]
    await consortium.captures.accept(consortium.carrier, in_xml, format="xml")
    await consortium.captures.accept(consortium.carrier, in_json)
    await consortium.captures.accept(consortium.supplier, in_json)
    await consortium.settle()
    await assert_verifies(consortium, journal, [document for document, _, _ in prepared])
    assert hexed(consortium.carrier.party) in journal
