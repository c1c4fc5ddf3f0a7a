import re

from .conftest import Service
from .documents import document, event
from .test_captures import custodial


async def test_the_process_tells_that_it_lives(service: Service) -> None:
    assert (await service.client.get("/livez")).text == "ok"


async def test_without_a_chain_it_still_takes_captures_and_says_so(service: Service) -> None:
    response = await service.client.get("/readyz")
    assert response.status_code == 200
    told = response.json()
    assert (told["ready"], told["database"], told["migrated"], told["chain"]) == (True, True, True, False)


async def test_with_other_tables_it_is_not_ready(service: Service) -> None:
    from sqlalchemy import text

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
