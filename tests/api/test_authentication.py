import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import Serve, Service
from .problems import check_problem

GUARDED = [
    ("POST", "/v1/captures"),
    ("POST", "/v1/captures/prepare"),
    ("POST", "/v1/captures/signed"),
    ("GET", "/v1/captures"),
    ("GET", "/v1/captures/0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"),
    ("GET", "/v1/parties"),
    ("GET", "/v1/parties/me"),
    ("GET", "/v1/signing-keys"),
    ("GET", "/v1/api-keys"),
    ("GET", "/v1/grants"),
]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic dXNlcjpwYXNz",
        "Bearer ts_0123456789abcdef_wrong",
        "ts_0123456789abcdef_x",
    ],
)
async def test_a_request_without_a_good_key_is_refused(service: Service, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await service.client.get("/v1/parties", headers=headers)
    check_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_every_path_but_health_needs_a_key(service: Service) -> None:
    open_paths = {
        "/livez",
        "/readyz",
        "/metrics",
        "/v1/ledger",
        "/v1/captures/template.csv",
        "/v1/enrolments",
        "/verify",
    }
    tried = 0
    for path, methods in service.app.openapi()["paths"].items():
        for method in methods:
            if path not in open_paths:
                concrete = (
                    path.replace("{capture}", "0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10").replace("{", "").replace("}", "")
                )
                response = await service.client.request(method, concrete, headers={"Content-Type": "application/json"})
                assert response.headers["www-authenticate"].startswith("Bearer"), (method, path)
                if method == "head":
                    assert (response.status_code, response.content) == (401, b"")
                else:
                    check_problem(response, 401, "unauthenticated")
                tried += 1
    assert tried >= len(GUARDED)


async def test_a_key_with_a_wrong_secret_is_refused(service: Service) -> None:
    _, token = await service.member("acme")
    check_problem(await service.call("GET", "/v1/parties", token[:-2] + "zz"), 401, "unauthenticated")
    assert (await service.call("GET", "/v1/parties", token)).status_code == 200


async def test_an_expired_key_is_refused(service: Service) -> None:
    party, _ = await service.member("acme")
    soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    made = await service.call(
        "POST",
        f"/v1/parties/{party}/api-keys",
        service.admin,
        json={"label": "brief", "scopes": ["captures:read"], "expiresAt": soon},
    )
    token = made.json()["token"]
    assert (await service.call("GET", "/v1/captures", token)).status_code == 200
    await asyncio.sleep(0.6)
    check_problem(await service.call("GET", "/v1/captures", token), 401, "unauthenticated")


async def test_a_revoked_key_is_refused(service: Service) -> None:
    _, token = await service.member("acme")
    me = (await service.call("GET", "/v1/parties/me", token)).json()
    revoked = await service.call("DELETE", f"/v1/api-keys/{me['key']}", token)
    assert revoked.json()["revokedAt"] is not None
    check_problem(await service.call("GET", "/v1/parties/me", token), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/captures", "captures:write"),
        ("POST", "/v1/captures/prepare", "captures:write"),
        ("POST", "/v1/captures/signed", "captures:write"),
        ("GET", "/v1/captures", "captures:read"),
        ("GET", "/v1/captures/0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10", "captures:read"),
        ("GET", "/v1/signing-keys", "keys:write"),
        ("GET", "/v1/signing-keys/challenge?address=0x1", "keys:write"),
        ("GET", "/v1/api-keys", "keys:write"),
        ("DELETE", "/v1/api-keys/0123456789abcdef", "keys:write"),
        ("GET", "/v1/grants", "grants:write"),
        ("PUT", f"/v1/grants/0x{'11' * 32}", "grants:write"),
        ("DELETE", f"/v1/grants/0x{'11' * 32}", "grants:write"),
        ("POST", f"/v1/parties/0x{'11' * 32}/suspend", "consortium:admin"),
        ("POST", f"/v1/parties/0x{'11' * 32}/reinstate", "consortium:admin"),
    ],
)
async def test_a_key_serves_only_what_it_was_made_for(service: Service, method: str, path: str, scope: str) -> None:
    others = ["captures:write", "captures:read", "trails:read", "risk:read", "keys:write", "grants:write"]
    _, token = await service.member("acme", [other for other in others if other != scope])
    response = await service.call(method, path, token, headers={"Content-Type": "application/json"})
    check_problem(response, 403, "scope-missing")
    assert response.json()["scope"] == scope


async def test_a_key_makes_no_wider_key(service: Service) -> None:
    _, token = await service.member("acme", ["keys:write", "captures:read"])
    wider = await service.call("POST", "/v1/api-keys", token, json={"label": "wider", "scopes": ["captures:write"]})
    check_problem(wider, 403, "scope-too-wide")
    fine = await service.call("POST", "/v1/api-keys", token, json={"label": "fine", "scopes": ["captures:read"]})
    assert fine.status_code == 201
    assert (await service.call("GET", "/v1/captures", fine.json()["token"])).status_code == 200


async def test_too_many_requests_are_told_when_to_come_back(serve: Serve) -> None:
    service = await serve(requests_per_minute="5")
    _, token = await service.member("acme")
    _, other = await service.member("other")
    answers = [await service.call("GET", "/v1/parties/me", token) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    check_problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await service.call("GET", "/v1/parties/me", other)).status_code == 200
