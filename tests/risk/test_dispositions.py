"""What analysts say is kept, in order, apart from other parties, and becomes labels that say how they came about."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from service.parties.errors import PartyIsSuspended, ScopeMissing
from service.risk.dispositions import Dispositions, labels
from service.risk.errors import AlertNotFound, AssessmentNotFound, DisposedMeanwhile, WorkKeyReused
from service.risk.policies import Policies, Policy
from service.risk.reading import Alerts
from tests.risk.desk import BEGIN, Desk, at, desk_over


@pytest.fixture(name="desk")
async def running(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def alerted(desk: Desk, **policy: Any) -> dict[str, Any]:
    """The analyst's alert."""
    wanted = Policy(alerts=True, **{"inspection": 0.0, **policy})
    await Policies(desk.database, desk.settings).put(desk.analyst, wanted)
    await desk.score(dict.fromkeys(await desk.book(), 0.9), at(23.9))
    return (await Alerts(desk.database).listed(desk.analyst, None, 10))[0][0]


async def test_what_is_said_stays_and_the_last_word_stands(desk: Desk) -> None:
    alert, said = await alerted(desk), Dispositions(desk.database)
    first = await said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "confirmed", note="flight cancelled")
    second = await said.dispose_of_alert(
        desk.analyst, UUID(alert["alertID"]), "acted", note="rebooked", replaces=UUID(first["dispositionID"])
    )
    history, following = await said.of_alert(desk.analyst, UUID(alert["alertID"]), None, 10)
    assert (history, following) == ([first, second], None)
    assert (second["number"], second["byKey"], second["note"]) == (2, "analyst-key", "rebooked")
    page, after = await said.of_alert(desk.analyst, UUID(alert["alertID"]), None, 1)
    assert [*page, *(await said.of_alert(desk.analyst, UUID(alert["alertID"]), after, 1))[0]] == history
    alerts = Alerts(desk.database)
    assert (await alerts.read(desk.analyst, UUID(alert["alertID"])))["disposition"] == second
    assert (await alerts.listed(desk.analyst, None, 10, undisposed=True))[0] == []
    for statement in ("UPDATE dispositions SET verdict = 'dismissed'", "DELETE FROM dispositions"):
        with pytest.raises(DBAPIError, match="kept as they are"):
            await desk.rows(statement)


async def test_of_two_analysts_at_once_one_is_told_what_the_other_said(desk: Desk) -> None:
    alert, said = await alerted(desk), Dispositions(desk.database)
    colleague = replace(desk.analyst, key_id="colleague")
    spoken = await asyncio.gather(
        said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "dismissed"),
        said.dispose_of_alert(colleague, UUID(alert["alertID"]), "acted"),
        return_exceptions=True,
    )
    (heard,) = [one for one in spoken if isinstance(one, dict)]
    (refused,) = [one for one in spoken if isinstance(one, DisposedMeanwhile)]
    assert refused.extra["latest"] == heard
    with pytest.raises(DisposedMeanwhile):
        await said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "acted", replaces=uuid4())


async def test_the_same_request_again_says_nothing_twice(desk: Desk) -> None:
    alert, said = await alerted(desk), Dispositions(desk.database)
    first = await said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "acted", idempotency_key="k")
    assert await said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "acted", idempotency_key="k") == first
    with pytest.raises(WorkKeyReused):
        await said.dispose_of_alert(desk.analyst, UUID(alert["alertID"]), "dismissed", idempotency_key="k")


async def test_nobody_else_reads_it_and_what_one_does_not_see_is_not_there(desk: Desk) -> None:
    alert, said = await alerted(desk), Dispositions(desk.database)
    assessment = UUID(alert["assessmentID"])
    await said.dispose(desk.analyst, assessment, "acted", note="secret")
    assert (await said.of_assessment(desk.acme, assessment, None, 10))[0] == []
    await said.dispose(desk.acme, assessment, "dismissed")  # it sees the shipment, and has a word of its own
    for unknown in (assessment, uuid4()):
        with pytest.raises(AssessmentNotFound):
            await said.of_assessment(desk.stranger, unknown, None, 10)
        with pytest.raises(AssessmentNotFound):
            await said.dispose(desk.stranger, unknown, "acted")
    with pytest.raises(AlertNotFound):
        await said.dispose_of_alert(desk.acme, UUID(alert["alertID"]), "acted")
    with pytest.raises(ScopeMissing):
        await said.dispose(replace(desk.analyst, scopes=frozenset({"risk:read"})), assessment, "acted")
    with pytest.raises(PartyIsSuspended):
        await said.dispose(replace(desk.analyst, suspended=True), assessment, "acted")


async def test_labels_say_how_likely_it_was_to_be_looked_at(desk: Desk) -> None:
    await Policies(desk.database, desk.settings).put(desk.analyst, Policy(alerts=True, budget=1, inspection=0.5))
    trails = await desk.book(12)
    chances: dict[bytes, float | None] = dict.fromkeys(trails, 0.01)
    rows = await desk.score(chances | {trails[0]: 0.9}, at(23.9))
    said = Dispositions(desk.database)
    drawn = {row[0] for row in await desk.rows("SELECT trail FROM inspections")}
    left = next(trail for trail in trails[1:] if trail not in drawn)
    looked = next(iter(drawn))
    await said.dispose(desk.analyst, rows[trails[0]].id, "acted")
    await said.dispose(desk.analyst, rows[looked].id, "dismissed")
    await said.dispose(desk.analyst, rows[left].id, "confirmed")
    booking = (await desk.rows("SELECT event FROM shipments WHERE trail = :trail", trail=looked))[0][0]
    outcome = (
        "INSERT INTO shipment_outcomes (booking, known_from, delivered_at, late, minutes)"
        " VALUES (:booking, now(), now(), true, 90)"
    )
    await desk.rows(outcome, booking=booking)
    async with desk.database.session() as session:
        found = {row.trail: row for row in await labels(session, BEGIN, at(48), party=desk.analyst.party)}
        before = await labels(session, BEGIN, at(48), known_by=BEGIN)
    assert before == []
    assert set(found) == {trails[0], left, *drawn}
    assert [
        (found[trail].source, found[trail].propensity, found[trail].verdict) for trail in (trails[0], left, looked)
    ] == [
        ("alert", 1.0, "acted"),
        ("chosen", None, "confirmed"),
        ("inspection", 0.5, "dismissed"),
    ]
    assert (found[looked].late, found[left].late) == (True, None)
