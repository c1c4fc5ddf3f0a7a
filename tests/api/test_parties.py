import pytest

from service.api.shapes import ApiKeyShape, ApiKeyWithToken, CallerShape, GrantShape, PartyShape, SigningKeyShape

from .conftest import Service
from .problems import check_problem

PGLN = "https://id.gs1.org/417/9521321000018"


async def test_a_party_is_registered_and_found(service: Service) -> None:
    new = {"identifier": "urn:epc:id:pgln:9521321.00001", "name": "Acme", "roles": ["supplier"]}
    made = await service.call("POST", "/v1/parties", service.admin, json=new)
    assert made.status_code == 201, made.text
    assert PartyShape.model_validate_json(made.content).identifier == PGLN
    found = await service.call("GET", made.headers["location"], service.admin)
    assert found.json() == made.json()
    again = await service.call("POST", "/v1/parties", service.admin, json={**new, "identifier": PGLN})
    check_problem(again, 409, "party-exists")
    assert again.json()["party"] == made.json()["id"]


@pytest.mark.parametrize("party", ["0x", "0x" + "11" * 32, "0x" + "zz" * 32, "%00", "0X" + "11" * 32])
async def test_a_party_that_is_none_is_not_found(service: Service, party: str) -> None:
    check_problem(await service.call("GET", f"/v1/parties/{party}", service.admin), 404, "party-not-found")


async def test_members_come_in_pages(service: Service) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        await service.member(name)
    _, token = await service.member("e")
    seen: list[str] = []
    path = "/v1/parties?limit=4"
    while path:
        response = await service.call("GET", path, token)
        seen += [PartyShape.model_validate(one).name for one in response.json()["items"]]
        path = response.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert seen == [*names, "e", "Operator"]


async def test_a_caller_asks_who_it_is(service: Service) -> None:
    party, token = await service.member("acme", ["captures:read"])
    told = CallerShape.model_validate_json((await service.call("GET", "/v1/parties/me", token)).content)
    assert (told.party.id, told.scopes) == (party, ["captures:read"])


async def test_roles_and_standing_change(service: Service) -> None:
    party, _ = await service.member("acme")
    changed = await service.call("PUT", f"/v1/parties/{party}/roles", service.admin, json={"roles": ["auditor"]})
    assert changed.json()["roles"] == ["auditor"]
    assert (await service.call("POST", f"/v1/parties/{party}/suspend", service.admin)).json()["suspended"] is True
    check_problem(
        await service.call("POST", f"/v1/parties/{party}/suspend", service.admin), 409, "party-state-unchanged"
    )
    assert (await service.call("POST", f"/v1/parties/{party}/reinstate", service.admin)).json()["suspended"] is False


async def test_a_token_is_shown_once(service: Service) -> None:
    _, token = await service.member("acme")
    made = await service.call("POST", "/v1/api-keys", token, json={"label": "scanner", "scopes": ["captures:write"]})
    shown = ApiKeyWithToken.model_validate_json(made.content)
    listed = await service.call("GET", "/v1/api-keys", token)
    assert shown.token.split("_", 2)[2] not in listed.text
    keys = [ApiKeyShape.model_validate(one) for one in listed.json()["items"]]
    assert shown.id in {key.id for key in keys}


@pytest.mark.parametrize("key", ["0123456789abcdef", "%00", "x" * 200])
async def test_anothers_api_key_is_not_there(service: Service, key: str) -> None:
    _, token = await service.member("acme")
    _, stranger = await service.member("stranger")
    own = (await service.call("GET", "/v1/parties/me", token)).json()["key"]
    check_problem(await service.call("DELETE", f"/v1/api-keys/{own}", stranger), 404, "api-key-not-found")
    check_problem(await service.call("DELETE", f"/v1/api-keys/{key}", stranger), 404, "api-key-not-found")
    assert (await service.call("GET", "/v1/parties/me", token)).status_code == 200


async def test_anothers_signing_key_is_not_there(service: Service) -> None:
    _, token = await service.member("acme")
    _, stranger = await service.member("stranger")
    made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
    address = SigningKeyShape.model_validate_json(made.content).address
    probed = await service.call("POST", f"/v1/signing-keys/{address}/revoke", stranger)
    check_problem(probed, 404, "signing-key-not-found")
    assert (await service.call("GET", "/v1/signing-keys", stranger)).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"custody": "moon"},
        {"custody": "own"},
        {"custody": "service", "address": "0x1"},
        {"custody": "own", "address": "0x1"},
    ],
)
async def test_a_signing_key_of_an_odd_kind_is_refused(service: Service, body: dict[str, str]) -> None:
    check_problem(await service.call("POST", "/v1/signing-keys", service.admin, json=body), 422, "request-invalid")


async def test_grants_are_given_listed_and_taken_back(service: Service) -> None:
    _, token = await service.member("acme")
    guest, _ = await service.member("guest")
    granted = await service.call("PUT", f"/v1/grants/{guest}", token)
    assert GrantShape.model_validate_json(granted.content).party == guest
    listed = (await service.call("GET", "/v1/grants", token)).json()["items"]
    assert [one["party"] for one in listed] == [guest]
    assert (await service.call("DELETE", f"/v1/grants/{guest}", token)).status_code == 204
    check_problem(await service.call("DELETE", f"/v1/grants/{guest}", token), 404, "grant-not-found")
