import re

import pytest
from sqlalchemy import text

from service.api.app import from_environment
from service.config import BadSettings
from service.health import BLOCKS_BEHIND, Health

from .conftest import Service
from .documents import document, event
from .test_captures import custodial

DID_NOT_GET_THERE = """
    UPDATE parts SET state = 3, refusal = 'KeyRevoked' WHERE seq = (SELECT min(seq) FROM parts);
    UPDATE captures SET received_at = received_at - interval '90 s';
    INSERT INTO transactions (hash, account, nonce, raw, purpose, block, failed, created_at)
      VALUES ('a', 'x', 1, '', 'reinstate', 7, true, now()), ('b', 'x', 2, '', 'record', 7, true, now()),
      ('c', 'x', 3, '', 'record', NULL, false, now() - interval '30 s')
"""


async def test_the_process_tells_that_it_lives(service: Service) -> None:
    assert (await service.client.get("/livez")).text == "ok"


async def test_without_a_chain_it_still_takes_captures_and_says_so(service: Service) -> None:
    response = await service.client.get("/readyz")
    assert response.status_code == 200
    told = response.json()
    assert (told["ready"], told["database"], told["migrated"], told["chain"]) == (True, True, True, False)


async def test_with_other_tables_it_is_not_ready(service: Service) -> None:
    async with service.database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    response = await service.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrated"] is False


async def test_figures_count_requests_and_events(service: Service) -> None:
    _, token = await custodial(service)
    await service.call("POST", "/v1/captures", token, json=document(event("1"), event("2")))
    page = (await service.client.get("/metrics")).text
    assert "trailseal_events_accepted_total 2.0" in page
    assert re.search(
        r'trailseal_http_request_seconds_count\{method="POST",route="/v1/captures",status="202"\} 1\.0', page
    )
    assert "trailseal_parts_waiting 1.0" in page


async def test_what_did_not_get_to_the_chain_is_shown(service: Service) -> None:
    _, token = await custodial(service)
    for name in ("1", "2"):
        await service.call("POST", "/v1/captures", token, json=document(event(name)))
    async with service.database.session() as session:
        for statement in DID_NOT_GET_THERE.split(";"):
            await session.execute(text(statement))
    told = (await service.client.get("/readyz")).json()
    assert told["ready"] is True
    assert (told["waitingParts"], told["refusedParts"]) == (1, {"KeyRevoked": 1})
    assert (told["unminedTransactions"], told["failedCalls"]) == (1, {"reinstate": 1})
    assert told["waitingCalls"] >= 1, "the suppliers' registrations"
    assert 90 <= told["waitingSeconds"] < 150
    assert 30 <= told["unminedSeconds"] < 90
    page = (await service.client.get("/metrics")).text
    assert 'trailseal_parts_refused{reason="KeyRevoked"} 1.0' in page
    assert 'trailseal_registry_calls_failed{purpose="reinstate"} 1.0' in page
    assert "trailseal_transactions_unmined 1.0" in page
    assert "trailseal_chain_answers 0.0" in page


class Chain:
    """A node whose newest block is the one with this number."""

    def __init__(self, number: int) -> None:
        self.number = number

    async def call(self, method: str) -> str:
        assert method == "eth_blockNumber"
        return hex(self.number)


@pytest.mark.parametrize(
    ("top", "behind", "ready"),
    [
        (3, 0, True),
        (10, 0, True),
        (10 + BLOCKS_BEHIND, BLOCKS_BEHIND, True),
        (11 + BLOCKS_BEHIND, BLOCKS_BEHIND + 1, False),
    ],
)
async def test_a_mirror_too_far_behind_the_chain_is_not_ready(
    service: Service, top: int, behind: int, ready: bool
) -> None:
    async with service.database.session() as session:
        await session.execute(text("INSERT INTO blocks (number, hash, time) VALUES (10, 'x', 0)"))
    health = Health(service.database, Chain(top))  # type: ignore[arg-type]
    seen = await health.look()
    assert (seen.chain, seen.blocks_behind, seen.ready) == (True, behind, ready)


def test_the_application_says_which_settings_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAILSEAL_CONSORTIUM_SECRET", "5ec7e7")
    with pytest.raises(BadSettings) as refused:
        from_environment()
    assert "TRAILSEAL_DATABASE_URL" in refused.value.detail
    assert "5ec7e7" not in refused.value.detail
