"""Scores become sealed statements, each once, seen by who sees the shipment and by nobody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from service.config import Settings
from service.epcis.faults import InvalidDocument
from service.parties.identity import party_id
from service.risk.sealing import Sealer, risk_trail
from service.risk.statement import decimal, document_of
from service.sealing.commitments import risk_of
from service.store import score_seals
from service.store.database import copy
from service.store.score_seals import ScoreRow
from tests.ledger.world import World, join, seen, world

SCORER = "https://id.gs1.org/417/4012345000023"
UNITS = "https://id.gs1.org/01/04012345111118/21/risk"


@pytest.fixture
async def scored(database_url: str, chain_url: str) -> AsyncIterator[World]:
    async with world(database_url, chain_url, risk_party=SCORER) as made:
        await join(made.database, made.keys, SCORER, ("analyst",))
        await made.settle()
        yield made


def score(trail: bytes, probability: float | None = 0.37, minute: int = 0) -> dict[str, Any]:
    at = datetime(2026, 3, 1, 12, minute, tzinfo=UTC)
    return {
        "id": uuid4(), "trail": trail, "as_of": at, "probability": probability, "band": "elevated", "stage": "hub",
        "expected_end": at, "planned_end": at, "reasons": "[]", "model_hash": "ab" * 32, "input_hash": "cd" * 32,
        "party": b"\1" * 32, "recorded_by": at, "known_seq": 7, "arrival": [at] * 5, "calibration": "ef" * 32,
    }  # fmt: skip


async def shipment(room: World, name: str = "") -> bytes:
    """The trail of a unit that acme speaks of."""
    thing = f"{UNITS}{name}"
    await room.accept(seen(thing))
    return bytes(await room.one("SELECT id FROM trails WHERE identifier = :name", name=thing))


async def store(room: World, *rows: dict[str, Any]) -> list[UUID]:
    async with room.database.session() as session:
        await copy(session, "assessments", list(rows[0]), [list(row.values()) for row in rows])
    return [row["id"] for row in rows]


async def drained(*sealers: Sealer) -> None:
    while any(await asyncio.gather(*(sealer.step() for sealer in sealers))):
        pass


async def told(room: World) -> list[str]:
    """The assessments whose statements are captured, by all events that there are."""
    found = await room.rows("SELECT document FROM events WHERE document IS NOT NULL ORDER BY seq")
    documents = [orjson.loads(row[0]) for row in found]
    return [one["eventID"].removeprefix("urn:uuid:") for one in documents if "trailseal:assessment" in one]


async def test_a_score_is_told_in_full_and_sealed_and_who_sees_the_shipment_sees_it(scored: World) -> None:
    trail = await shipment(scored)
    row = score(trail, 0.1 + 0.2)
    (given,) = await store(scored, row)
    async with scored.database.session() as session:
        assert (await score_seals.seals_of(session, [given]))[0][1:] == (None, None, None, None)
    await drained(Sealer(scored.database, scored.settings))
    await scored.settle()
    async with scored.database.session() as session:
        (seal,) = await score_seals.seals_of(session, [given])
    assert seal.captured_at is not None
    assert seal.block is not None
    statement = orjson.loads(
        await scored.one("SELECT document FROM events WHERE event_id = :id", id=f"urn:uuid:{given}")
    )
    assert statement["epcList"] == [risk_of(trail)]
    assert statement["trailseal:assessment"] == {
        "trailseal:assessmentID": str(given),
        "trailseal:asOf": "2026-03-01T12:00:00.000000Z",
        "trailseal:recordedBy": "2026-03-01T12:00:00.000000Z",
        "trailseal:expectedEnd": "2026-03-01T12:00:00.000000Z",
        "trailseal:plannedEnd": "2026-03-01T12:00:00.000000Z",
        "trailseal:probability": "0.30000000000000004",
        "trailseal:stage": "hub",
        "trailseal:band": "elevated",
        "trailseal:calibration": "ef" * 32,
        "trailseal:arrival": ["2026-03-01T12:00:00.000000Z"] * 5,
        "trailseal:modelHash": "ab" * 32,
        "trailseal:inputHash": "cd" * 32,
    }
    risk = risk_trail(trail, scored.settings.consortium_secret.get_secret_value())
    parties = {bytes(row[0]) for row in await scored.rows("SELECT party FROM trail_parties WHERE trail = :t", t=risk)}
    assert scored.acme.party in parties
    assert scored.bolt.party not in parties


async def test_who_gets_the_shipment_later_gets_its_scores_too(scored: World) -> None:
    trail = await shipment(scored, "handed")
    await store(scored, score(trail))
    sealer = Sealer(scored.database, scored.settings)
    await drained(sealer)
    sides = {
        "sourceList": [{"type": "possessing_party", "source": scored.acme.identifier}],
        "destinationList": [{"type": "possessing_party", "destination": scored.bolt.identifier}],
    }
    await scored.accept(seen(f"{UNITS}handed", bizStep="shipping", **sides))
    await drained(sealer)
    seen_by_bolt = await scored.one(
        "SELECT count(*) FROM event_parties JOIN events ON seq = event WHERE event_parties.party = :party"
        " AND event_id IN (SELECT 'urn:uuid:' || id FROM assessments)",
        party=scored.bolt.party,
    )
    assert seen_by_bolt == 1


async def test_several_workers_tell_each_score_once(scored: World) -> None:
    trail = await shipment(scored)
    given = await store(scored, *(score(trail, index / 1000) for index in range(450)))
    sealers = [Sealer(scored.database, scored.settings) for _ in range(3)]
    await drained(*sealers)
    assert sorted(await told(scored)) == sorted(map(str, given))
    assert await scored.one("SELECT count(*) FROM score_batches WHERE captured_at IS NULL") == 0


@pytest.mark.parametrize("killed", ["before it is captured", "before it is noted"])
async def test_a_worker_killed_half_way_leaves_nothing_untold_or_told_twice(
    scored: World, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between two transactions; another worker finds what it left after some seconds."""
    trail = await shipment(scored)
    given = await store(scored, *(score(trail, minute=minute) for minute in range(3)))
    dying = Sealer(scored.database, scored.settings)

    async def dies(*_: object, **__: object) -> None:
        raise SystemExit(-9)

    if killed == "before it is captured":
        monkeypatch.setattr(dying._captures, "accept", dies)
    else:
        monkeypatch.setattr(dying, "_finish", dies)
    with pytest.raises(SystemExit):
        await dying.step()
    other = Sealer(scored.database, scored.settings)
    assert await other.step() is False  # it may still be at it
    await scored.rows("UPDATE score_batches SET made_at = made_at - interval '6 seconds'")
    if killed == "before it is captured":
        assert await told(scored) == []
    await drained(other, Sealer(scored.database, scored.settings))
    assert sorted(await told(scored)) == sorted(map(str, given))
    assert await scored.one("SELECT count(*) FROM score_batches") == 1


async def test_without_a_scoring_party_scores_wait(scored: World) -> None:
    trail = await shipment(scored)
    given = await store(scored, score(trail))
    nobody = scored.settings.model_copy(update={"risk_party": None})
    assert await Sealer(scored.database, nobody).step() is False
    stranger = scored.settings.model_copy(update={"risk_party": "https://id.gs1.org/417/4012345000030"})
    assert await Sealer(scored.database, stranger).step() is False
    await drained(Sealer(scored.database, scored.settings))
    assert await told(scored) == list(map(str, given))


async def test_a_batch_of_a_former_scoring_party_is_told_by_the_one_there_is(scored: World) -> None:
    trail = await shipment(scored)
    given = await store(scored, score(trail))
    async with scored.database.session() as session:
        assert await score_seals.claim(session, uuid4(), b"\7" * 32, 10) is not None
    await scored.rows("UPDATE score_batches SET made_at = made_at - interval '1 hour'")
    await drained(Sealer(scored.database, scored.settings))
    assert await told(scored) == list(map(str, given))


@pytest.mark.parametrize("spelling", ["urn:trailseal:risk:0x", "URN:Trailseal%3aRisk:0x"])
async def test_nobody_else_names_a_risk_trail(scored: World, spelling: str) -> None:
    with pytest.raises(InvalidDocument, match="risk trail"):
        await scored.accept(seen(spelling + "ab" * 32))


async def test_the_scoring_party_cannot_move_a_risk_trail(scored: World) -> None:
    author = replace(scored.acme, party=_scoring(scored.settings))
    with pytest.raises(InvalidDocument, match="risk trails"):
        await scored.accept(seen("urn:trailseal:risk:0xAB" + "ab" * 31), caller=author)
    receipt = await scored.accept(seen(f"urn:trailseal:risk:0x{'ab' * 32}", action="ADD"), caller=author)
    assert (
        await scored.one("SELECT step FROM mentions JOIN events ON seq = event WHERE capture = :c", c=receipt.id) == 0
    )


def _scoring(settings: Settings) -> bytes:
    assert settings.risk_party is not None
    return party_id(settings.risk_party)


def test_a_document_of_the_same_scores_is_the_same() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    row = ScoreRow(
        UUID(int=1), bytes(32), at, at, None, "unknown", None, None, None, None, None, None, None, None, "m", "i"
    )
    assert document_of([row], at) == document_of([row], at)
    assert b"probability" not in document_of([row], at)
    assert [decimal(value) for value in (1e-06, 1.0, 0.5, 0.1 + 0.2)] == [
        "0.000001",
        "1.0",
        "0.5",
        "0.30000000000000004",
    ]
