"""Attacks on what nobody is to read: by those who see the chain, the database after an erasure, or the logs."""

import io
import re
import secrets
from typing import Any

import orjson
import structlog
from sqlalchemy import text

from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import both, replaced
from bench.attacks.world import World, document, item, seen, shipped
from service.capture import Captures
from service.erasure.erasures import Erasures
from service.logs import configure_logs
from service.sealing.commitments import seal_of, trail_of
from service.trails.errors import TrailNotFound


@attack(
    "dictionary-on-seals",
    "Whoever reads the chain guesses an event whose every word but one is known, and compares seals",
    guarantee="G5",
    adversary=Adversary.OUTSIDER,
    without="an inspection's result is one of a dozen words: trying all of them reads it off the chain",
    where="`capture.draft`: a random nonce of 128 bits in each seal",
    undefended=replaced("service.capture.drafted:urandom", lambda _: bytes),
)
async def _seals(world: World) -> Outcome:
    captures = Captures(world.database, world.settings)
    receipt = await captures.accept(world.members["supplier"], document(seen(item(), disposition="damaged")))
    (row,) = await world.rows("SELECT document, seal FROM events WHERE capture = :id", id=receipt.id)
    known = orjson.loads(row[0])
    for word in ("in_progress", "damaged", "recalled", "expired"):
        guess = row[0].replace(known["disposition"].encode(), word.encode())
        for nonce in (bytes(16), b"\xff" * 16):
            if seal_of(guess, nonce) == row[1]:
                return survived(False, f"the disposition was {word}")
    return survived(True, "no guess opens the seal")


@attack(
    "dictionary-on-trails",
    "Whoever reads the chain tries all serial numbers of a product, and compares trail ids",
    guarantee="G5",
    adversary=Adversary.OUTSIDER,
    without="everybody sees who handles which serial number, and counts competitors' production",
    where="`commitments.salt_of`: salts follow from the consortium's secret",
    undefended=replaced("service.capture.draft:salt_of", lambda _: lambda _identifier, _secret: bytes(32)),
)
async def _trails(world: World) -> Outcome:
    from service.sealing import commitments

    captures, thing = Captures(world.database, world.settings), item()
    receipt = await captures.accept(world.members["supplier"], document(seen(thing)))
    (row,) = await world.rows(
        "SELECT trail FROM mentions JOIN events ON events.seq = mentions.event WHERE capture = :id", id=receipt.id
    )
    salts = [bytes(32), commitments.salt_of(thing, b""), commitments.salt_of(thing, bytes(32))]
    found = any(trail_of(thing, salt) == row[0] for salt in salts)
    return survived(not found, "the serial number is read off the chain" if found else "no salt fits")


def _handed_to_all(there: Any) -> Any:
    """Whoever writes on a trail gets a part in it."""
    return text(str(there).replace("SELECT id, :author FROM begun", "SELECT unnest(CAST(:ids AS bytea[])), :author"))


@attack(
    "reading-by-writing",
    "A stranger writes on a trail whose identifier it knows, to get a part in it",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a bar code on a box in a shop opens the box's whole history",
    where="`store.parts_in_trails`: nobody gets a part by writing on what others began",
    undefended=replaced("service.store.parts_in_trails:_BEGIN", _handed_to_all),
)
async def _writes(world: World) -> Outcome:
    thing = item()
    await world.capture("supplier", seen(thing))
    await world.capture("stranger", seen(thing))
    return await _unseen(world, thing)


@attack(
    "reading-by-shipping",
    "A stranger ships others' goods to an accomplice on paper, to get the accomplice a part in their trail",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="two API keys and an identifier open any trail",
    where="`store.parts_in_trails._OFFER`: only who has a part hands one on",
    undefended=replaced(
        "service.store.parts_in_trails:_OFFER",
        lambda _: text(
            "INSERT INTO trail_parties (trail, party) SELECT * FROM unnest(CAST(:trails AS bytea[]),"
            " CAST(:parties AS bytea[])) AS offered (trail, party) WHERE CAST(:author AS bytea) IS NOT NULL"
            " ON CONFLICT DO NOTHING RETURNING trail, party"
        ),
    ),
)
async def _ships(world: World) -> Outcome:
    thing = item()
    await world.capture("supplier", seen(thing))
    await world.capture("carrier", shipped(thing, "stranger"))
    return await _unseen(world, thing)


async def _unseen(world: World, thing: str) -> Outcome:
    try:
        view = await world.rooms.trails.read(world.members["stranger"], thing)
    except TrailNotFound as refusal:
        return survived(True, refusal.slug)
    return survived(False, f"the stranger reads {len(view.entries)} entries")


@attack(
    "grant-taken-back",
    "A member reads on after another stopped sharing with it",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="sharing once is sharing for ever",
    where="`store.parties.remove_grant`, read by every query",
    undefended=replaced("service.store.parties:remove_grant", lambda _: _kept),
)
async def _granted(world: World) -> Outcome:
    thing, grants = item(), world.rooms.grants
    supplier, stranger = world.members["supplier"], world.members["stranger"]
    await world.capture("supplier", seen(thing))
    await grants.grant(supplier, stranger.party)
    assert (await world.rooms.trails.read(stranger, thing)).entries
    await grants.revoke(supplier, stranger.party)
    outcome = await _unseen(world, thing)
    await world.rows("DELETE FROM grants WHERE grantee = :stranger", stranger=stranger.party)
    return outcome


async def _kept(*_: object) -> bool:
    return True


async def _left_of(world: World, canary: str) -> list[str]:
    """The tables of the database that have the text somewhere, as text or as bytes."""
    tables = [row[0] for row in await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return [
        table
        for table in tables
        if await world.one(
            f"SELECT EXISTS (SELECT FROM {table} AS one WHERE one::text LIKE :text OR one::text LIKE :hex)",  # noqa: S608
            text=f"%{canary}%",
            hex=f"%{canary.encode().hex()}%",
        )
    ]


async def _erased(world: World, canary: str) -> tuple[str, dict[str, Any]]:
    """An event with the canary in it, captured and erased; its eventID, and the document as it was."""
    event = seen(
        item(), eventID=f"https://example.org/{canary}", bizLocation={"id": f"https://example.org/at/{canary}"}
    )
    receipt = await world.capture("supplier", event)
    (row,) = await world.rows("SELECT document, seal, seq FROM events WHERE capture = :id", id=receipt.id)
    erasures = Erasures(world.database, world.settings)
    await erasures.erase(world.members["supplier"], event["eventID"], "asked for")
    return event["eventID"], {"document": row[0], "seal": row[1], "seq": row[2]}


def _half_hearted(_erase: Any) -> Any:
    async def erase(session: Any, found: Any, _alias: str) -> None:
        await session.execute(text("UPDATE events SET document = NULL WHERE seq = :seq"), {"seq": found.event})

    return erase


@attack(
    "erased-but-still-there",
    "After an erasure somebody searches the whole database for what was erased",
    guarantee="G5",
    adversary=Adversary.DATABASE,
    without="indexes, value lists and names keep what the party had to have erased",
    where="`store.erasure.erase`: document, nonce, terms, values, names",
    undefended=replaced("service.store.erasure:erase", _half_hearted),
)
async def _still_there(world: World) -> Outcome:
    canary = f"canary{secrets.token_hex(6)}"
    await _erased(world, canary)
    left = await _left_of(world, canary)
    return survived(not left, f"left in: {', '.join(left) or 'nothing'}")


def _nonce_kept(erase: Any) -> Any:
    async def forgetful(session: Any, found: Any, alias: str) -> None:
        nonce = (
            await session.execute(text("SELECT nonce FROM nonces WHERE event = :seq"), {"seq": found.event})
        ).scalar_one()
        await erase(session, found, alias)
        await session.execute(
            text("INSERT INTO nonces (event, nonce) VALUES (:seq, :nonce)"), {"seq": found.event, "nonce": nonce}
        )

    return forgetful


@attack(
    "erased-event-guessed",
    "After an erasure somebody with the database guesses what the event said, and compares seals",
    guarantee="G5",
    adversary=Adversary.DATABASE,
    without="an erased document of few words is read back from its seal and nonce",
    where="`store.erasure.erase`: the nonce goes with the document",
    undefended=replaced("service.store.erasure:erase", _nonce_kept),
)
async def _guessed(world: World) -> Outcome:
    _, was = await _erased(world, f"canary{secrets.token_hex(6)}")
    nonces = [row[0] for row in await world.rows("SELECT nonce FROM nonces WHERE event = :seq", seq=was["seq"])]
    opened = any(seal_of(was["document"], nonce) == was["seal"] for nonce in nonces)
    return survived(not opened, "the right guess is confirmed" if opened else "no guess can be confirmed")


@attack(
    "payload-in-the-logs",
    "An unforeseen fault quotes a document, and the logs keep it",
    guarantee="G5",
    adversary=Adversary.OPERATOR,
    without="whoever reads logs reads payloads, erased ones too",
    where="`logs.told_safely`: classes and places of a fault, never its message",
    undefended=replaced("service.api.requests:told_safely", lambda _: lambda fault: {"fault": repr(fault)}),
)
async def _logged(world: World) -> Outcome:
    canary = f"canary{secrets.token_hex(6)}"

    async def fails(_self: Any, _caller: Any, body: bytes, **_: Any) -> None:
        raise RuntimeError(body.decode())

    with replaced("service.capture.captures:Captures.accept", lambda _: fails)(world):
        logged = await _logging(world, "POST", "/v1/captures", content=document(seen(item(), disposition=canary)))
    return survived(canary not in logged, "the document is in the log" if canary in logged else "no word of it")


async def _logging(world: World, method: str, path: str, **request: Any) -> str:
    """What a supplier's request logs."""
    stream, before = io.StringIO(), structlog.get_config()
    configure_logs(stream)
    try:
        headers = {"Content-Type": "application/json", **request.pop("headers", {})}
        await world.call("supplier", method, path, headers=headers, **request)
    finally:
        structlog.configure(**before)
    return stream.getvalue()


@attack(
    "log-injection",
    "A request's id closes its log line and forges another",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="whoever attacks writes the log that is to show it",
    where="`api.requests._GIVEN_ID`, `logs._as_json`: values are quoted, never pasted",
    undefended=both(
        replaced("service.api.requests:_GIVEN_ID", lambda _: re.compile(".*")),
        replaced("service.logs:_as_json", lambda _: _pasted),
    ),
)
async def _injected(world: World) -> Outcome:
    forged = 'somebody","party":"0xf0f0","request":"'
    logged = await _logging(world, "GET", "/v1/parties/me", headers={"X-Request-ID": forged})
    parties = [orjson.loads(line).get("party") for line in logged.splitlines()]
    return survived("0xf0f0" not in parties, f"the log says that {parties} asked")


def _pasted(_log: Any, _name: str, event: Any) -> str:
    """A log line put together as text."""
    return "{" + ",".join(f'"{name}":"{event[name]}"' for name in sorted(event)) + "}"
