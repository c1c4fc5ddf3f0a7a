"""Record, drift, reproduction and models over HTTP, for whom they are and for nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml.gs1_keys import sscc
from ml.simulate import season
from ml.to_epcis import to_epcis
from service.risk.following import Follower
from service.risk.scoring import Scoring
from tests.api.conftest import Serve, Service, logs, serve, service

__all__ = ["Serve", "logs", "serve", "service"]


async def get(service: Service, token: str, path: str, expected: int = 200, **params: str) -> Any:
    answer = await service.call("GET", f"/v1/risk/{path}", token, params=params)
    assert answer.status_code == expected, answer.text
    return answer.json()


@pytest.fixture
async def scored(service: Service) -> tuple[Service, str, str]:
    """The service, the token of a party, and the id of a score that it was shown."""
    _, token = await service.member("acme")
    made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
    assert made.status_code == 201, made.text
    booked = datetime.now(UTC) - timedelta(days=2)
    (one,) = season(1, 11, booked)
    document = to_epcis(one.shipment, booked)
    document["epcisBody"]["eventList"] = document["epcisBody"]["eventList"][:3]
    captured = await service.call("POST", "/v1/captures", token, json=document)
    assert captured.status_code == 202, captured.text
    assert one.shipment.nr is not None
    asked = {"shipments": [{"shipment": sscc(one.shipment.nr, "o")}]}
    answer = await service.call("POST", "/v1/risk/assessments", token, json=asked)
    assert answer.status_code == 200, answer.text
    return service, token, answer.json()["items"][0]["assessmentID"]


async def test_a_score_is_computed_again_and_told_where_it_is(scored: tuple[Service, str, str]) -> None:
    service, token, assessment = scored
    told = await get(service, token, f"assessments/{assessment}/reproduction")
    assert (told["reproduced"], told["from"], told["differs"]) == (True, "events", [])
    told = await get(service, token, f"assessments/{assessment}/seal")
    assert (told["state"], told["why"]) == ("stored", "unsealed: no scoring party configured")
    told = await get(service, token, f"assessments/{assessment}/inputs")
    assert told["assessmentID"] == assessment


async def test_of_what_one_does_not_see_nothing_is_told(scored: tuple[Service, str, str]) -> None:
    service, _, assessment = scored
    _, stranger = await service.member("stranger")
    for what in ("reproduction", "seal", "inputs"):
        hidden = await get(service, stranger, f"assessments/{assessment}/{what}", 404)
        absent = await get(service, stranger, f"assessments/00000000-0000-4000-8000-000000000000/{what}", 404)
        assert (hidden["type"], hidden["title"]) == (absent["type"], absent["title"])
    assert (await get(service, stranger, "backtest"))["all"]["shown"] == 0
    assert (await get(service, stranger, "drift"))["scores"] == 0


async def test_the_record_counts_what_was_shown(scored: tuple[Service, str, str]) -> None:
    service, token, _ = scored
    told = await get(service, token, "backtest", by="lane")
    assert told["all"]["shown"] == 1
    assert told["all"]["judged"] == 0
    await get(service, token, "backtest", 422, since="2026-03-02T00:00:00Z", until="2026-03-01T00:00:00Z")
    told = await get(service, token, "drift")
    assert told["model"]


async def test_only_an_administrator_decides_which_model_scores(scored: tuple[Service, str, str]) -> None:
    service, token, _ = scored
    (model,) = (await get(service, token, "models"))["items"]
    assert model["scores"] is True
    assert model["hash"] in (await get(service, token, f"models/{model['hash']}"))["card"]
    path = f"/v1/risk/models/{model['hash']}"
    assert (await service.call("POST", f"{path}/promotion", token, json={})).status_code == 403
    assert (await service.call("POST", f"{path}/promotion", service.admin, json={"anyway": True})).status_code == 200
    retired = await service.call("POST", f"{path}/retirement", service.admin)
    assert retired.json()["scores"] is False
    assert (await service.call("POST", f"{path}/promotion", service.admin, json={"anyway": True})).json()["scores"]
    missing = "/v1/risk/models/" + "0" * 64
    assert (await service.call("GET", missing, token)).status_code == 404
    assert (await service.call("POST", f"{missing}/retirement", service.admin)).status_code == 404


async def test_the_list_of_a_watchlist_is_the_watchlists_own(scored: tuple[Service, str, str]) -> None:
    service, token, _ = scored
    _, stranger = await service.member("stranger")
    for worker in (Follower(service.database), Scoring(service.database, service.settings)):
        while await worker.step():
            pass
    entries = [{"kind": "party", "value": "did:example:acme"}]
    made = await service.call("POST", "/v1/risk/watchlists", token, json={"name": "mine", "entries": entries})
    assert made.status_code == 201, made.text
    own = made.json()["watchlistID"]
    told = await get(service, token, f"watchlists/{own}/shipments")
    assert len(told["items"]) == 1
    assert await get(service, token, "shipments", watchlist=own) == told
    absent = "00000000-0000-4000-8000-000000000000"
    for whose, which in ((stranger, own), (token, absent)):
        refused = [
            await get(service, whose, path, 404, **params)
            for path, params in ((f"watchlists/{which}/shipments", {}), ("shipments", {"watchlist": which}))
        ]
        assert len({(one["type"], one["title"], one["detail"]) for one in refused}) == 1
    await get(service, token, "shipments", 422, watchlist="mine")
