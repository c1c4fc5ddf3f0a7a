"""A party that lost its keys is let in again by two administrators, and can read who did it and why."""

import asyncio
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.api.recoveries import HistoryShape, LogEntryShape, RecoveryShape, RecoveryWithCodes
from service.parties.bootstrap import first_admin_key

from .conftest import Service
from .problems import check_problem

REASON = "the office burnt down"


async def ask(service: Service, party: str, admin: str | None = None, **members: Any) -> Any:
    body = {"reason": REASON, **members}
    return await service.call("POST", f"/v1/parties/{party}/recovery", admin or service.admin, json=body)


async def signed_challenge(service: Service, token: str) -> dict[str, str]:
    """A fresh key of the party's own, with its proof of possession."""
    account = Account.create()
    asked = await service.call("GET", "/v1/signing-keys/challenge", token, params={"address": account.address})
    proof = account.sign_message(encode_defunct(text=asked.json()["challenge"])).signature.to_0x_hex()
    return {"custody": "own", "address": account.address.lower(), "proof": proof}


async def second_admin(service: Service) -> str:
    return await first_admin_key(service.database, "did:example:second", "Second operator")


async def log_of(service: Service, party: str, token: str) -> list[LogEntryShape]:
    told = await service.call("GET", f"/v1/parties/{party}/log", token, params={"limit": 500})
    assert told.status_code == 200, told.text
    return [LogEntryShape.model_validate(one) for one in told.json()["items"]]


async def enrol(service: Service, *codes: str) -> Any:
    return await service.call("POST", "/v1/enrolments", json={"codes": codes, "label": "after the fire"})


async def test_a_party_that_lost_all_keys_is_recovered_and_reads_by_whom(service: Service) -> None:
    party, lost = await service.member("acme")
    other = await second_admin(service)
    made = await service.call("POST", "/v1/api-keys", lost, json={"label": "scanner", "scopes": ["captures:read"]})
    address = (await service.call("POST", "/v1/signing-keys", lost, json={"custody": "service"})).json()["address"]

    asked = RecoveryWithCodes.model_validate((await ask(service, party, signingKeys=[address])).json())
    assert (asked.state, asked.needed, len(asked.codes)) == ("asked", 2, 1)
    assert (await service.call("GET", "/v1/parties/me", lost)).status_code == 200, "nothing happens before"
    check_problem(await enrol(service, *asked.codes), 403, "enrolment-refused")
    check_problem(
        await service.call("POST", f"/v1/recoveries/{asked.id}/confirm", service.admin),
        403, "second-administrator-needed",
    )  # fmt: skip
    confirmed = RecoveryWithCodes.model_validate(
        (await service.call("POST", f"/v1/recoveries/{asked.id}/confirm", other)).json()
    )
    assert (confirmed.state, len(confirmed.codes)) == ("confirmed", 1)
    for token in (lost, made.json()["token"]):
        check_problem(await service.call("GET", "/v1/parties/me", token), 401, "unauthenticated")

    # Neither administrator can enrol alone, and nobody twice.
    for half in (asked.codes, confirmed.codes):
        check_problem(await enrol(service, *half), 403, "enrolment-refused")
        check_problem(await enrol(service, *half, *half), 403, "enrolment-refused")
    racing = await asyncio.gather(*(enrol(service, *confirmed.codes, *asked.codes) for _ in range(5)))
    assert sorted(one.status_code for one in racing) == [201, 403, 403, 403, 403]
    token = next(one.json()["token"] for one in racing if one.status_code == 201)
    scopes = (await service.call("GET", "/v1/parties/me", token)).json()["scopes"]
    assert "consortium:admin" not in scopes
    own = await signed_challenge(service, token)
    bound = await service.call("POST", "/v1/signing-keys", token, json=own)
    assert bound.status_code == 201, bound.text
    keys = {one["address"]: one for one in (await service.call("GET", "/v1/signing-keys", token)).json()["items"]}
    assert keys[address]["revokedAt"] is not None
    assert keys[own["address"]]["revokedAt"] is None

    log = await log_of(service, party, token)
    assert [one.what for one in reversed(log)][-7:] == [
        "recovery-asked", "signing-key-revoked", "api-keys-revoked", "recovery-confirmed",
        "api-key-made", "recovery-used", "signing-key-bound",
    ]  # fmt: skip
    entries = {one.what: one for one in log}
    for what, name in (("recovery-asked", "Operator"), ("recovery-confirmed", "Second operator")):
        by = entries[what].by
        assert by is not None
        assert (by["name"], entries[what].details["reason"]) == (name, REASON)
    listed = await service.call("GET", f"/v1/parties/{party}/recoveries", token)
    assert [RecoveryShape.model_validate(one).state for one in listed.json()["items"]] == ["used"]


async def test_the_party_takes_back_what_it_did_not_ask_for(service: Service) -> None:
    party, token = await service.member("acme")
    _, stranger = await service.member("stranger")
    other = await second_admin(service)
    asked = (await ask(service, party)).json()
    check_problem(await ask(service, party), 409, "recovery-open")
    check_problem(await service.call("DELETE", f"/v1/recoveries/{asked['id']}", stranger), 404, "recovery-not-found")
    check_problem(await service.call("GET", f"/v1/parties/{party}/log", stranger), 404, "log-not-found")
    check_problem(await service.call("GET", f"/v1/parties/{party}/recoveries", stranger), 404, "recovery-not-found")
    taken = await service.call("DELETE", f"/v1/recoveries/{asked['id']}", token)
    assert taken.json()["state"] == "over"
    confirmed = await service.call("POST", f"/v1/recoveries/{asked['id']}/confirm", other)
    check_problem(confirmed, 409, "recovery-closed")
    assert (await service.call("GET", "/v1/parties/me", token)).status_code == 200
    assert (await log_of(service, party, token))[0].what == "recovery-taken-back"


async def test_one_administrator_is_enough_only_where_there_is_no_other(service: Service) -> None:
    party, token = await service.member("acme")
    # An administrator that the first one made is no other: it may be the same person.
    operator = (await service.call("GET", "/v1/parties/me", service.admin)).json()
    twin = await service.call(
        "POST", "/v1/api-keys", service.admin, json={"label": "twin", "scopes": ["consortium:admin"]}
    )
    alone = RecoveryWithCodes.model_validate((await ask(service, party, twin.json()["token"])).json())
    assert (alone.state, alone.needed, len(alone.codes)) == ("confirmed", 1, 2)
    enrolled = await enrol(service, *alone.codes)
    assert enrolled.status_code == 201
    log = await log_of(service, party, enrolled.json()["token"])
    assert {one.details.get("administratorsNeeded") for one in log if one.what.startswith("recovery")} == {1}
    check_problem(await service.call("GET", "/v1/parties/me", token), 401, "unauthenticated")
    check_problem(await ask(service, operator["party"]["id"]), 422, "recovering-oneself")

    # Who gets rid of the other administrator is not alone for a week.
    second = await second_admin(service)
    me = (await service.call("GET", "/v1/parties/me", second)).json()
    await service.call("DELETE", f"/v1/api-keys/{me['key']}", second)
    assert (await ask(service, party)).json()["needed"] == 2


async def test_administrators_make_api_keys_for_a_party_on_its_first_day_only(service: Service) -> None:
    party, token = await service.member("acme")
    await service.key(party, ["captures:read"])
    async with service.database.session() as session:
        await session.execute(text("UPDATE parties SET created_at = created_at - interval '2 days'"))
    late = await service.call(
        "POST", f"/v1/parties/{party}/api-keys", service.admin, json={"label": "mine now", "scopes": ["captures:read"]}
    )
    check_problem(late, 409, "party-has-keys")
    made = [one for one in await log_of(service, party, token) if one.what == "api-key-made"]
    assert {one.by["name"] for one in made if one.by} == {"Operator"}
    fresh, _ = await service.member("newcomer", scopes=["captures:read"])
    assert fresh != party


async def test_revoking_an_api_key_revokes_what_it_made(service: Service) -> None:
    _, first = await service.member("acme")

    async def make(maker: str, label: str) -> tuple[str, str]:
        body = {"label": label, "scopes": ["keys:write"]}
        made = (await service.call("POST", "/v1/api-keys", maker, json=body)).json()
        return made["id"], made["token"]

    child, stolen = await make(first, "stolen")
    grandchild, thief = await make(stolen, "made by the thief")
    _, third = await make(thief, "and by that")
    sibling, good = await make(first, "good")
    gone = (await service.call("DELETE", f"/v1/api-keys/{child}", first)).json()
    assert grandchild in gone["alsoRevoked"]
    assert len(gone["alsoRevoked"]) == 2
    for token in (stolen, thief, third):
        check_problem(await service.call("GET", "/v1/parties/me", token), 401, "unauthenticated")
    assert (await service.call("GET", "/v1/parties/me", good)).status_code == 200
    # Rotation of a key that nobody stole keeps what it made.
    root = (await service.call("GET", "/v1/parties/me", first)).json()["key"]
    kept = await service.call("DELETE", f"/v1/api-keys/{root}", good, params={"made": "keep"})
    assert kept.json()["alsoRevoked"] == []
    assert (await service.call("GET", "/v1/parties/me", good)).status_code == 200
    listed = (await service.call("GET", "/v1/api-keys", good)).json()["items"]
    makers = {one["id"]: one["madeBy"] for one in listed}
    assert makers[sibling] == makers[root]


async def test_a_retry_makes_no_second_key(service: Service) -> None:
    _, token = await service.member("acme")
    once = {"Idempotency-Key": '"once"'}

    async def bind() -> Any:
        return await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"}, headers=once)

    answers = await asyncio.gather(*(bind() for _ in range(4)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["address"] for one in answers}) == 1
    own = await signed_challenge(service, token)
    other = await service.call("POST", "/v1/signing-keys", token, json=own, headers=once)
    check_problem(other, 422, "repeated-otherwise")

    body = {"label": "scanner", "scopes": ["captures:read"]}
    first = await service.call("POST", "/v1/api-keys", token, json=body, headers=once)
    again = await service.call("POST", "/v1/api-keys", token, json=body, headers=once)
    check_problem(again, 409, "api-key-made")
    assert again.json()["key"] == first.json()["id"]
    different = await service.call("POST", "/v1/api-keys", token, json={**body, "label": "x"}, headers=once)
    check_problem(different, 422, "repeated-otherwise")
    items = (await service.call("GET", "/v1/api-keys", token)).json()["items"]
    assert [one["label"] for one in items].count("scanner") == 1


async def test_the_log_cannot_be_changed_even_by_who_runs_the_service(service: Service) -> None:
    party, token = await service.member("acme")
    assert await log_of(service, party, token)
    for statement in ("UPDATE party_log SET what = 'nothing'", "DELETE FROM party_log", "TRUNCATE party_log"):
        with pytest.raises(DBAPIError, match="kept as they are"):
            async with service.database.session() as session:
                await session.execute(text(statement))


async def test_the_history_of_a_party_is_every_members_to_read(service: Service) -> None:
    party, _ = await service.member("acme")
    _, stranger = await service.member("stranger")
    told = await service.call("GET", f"/v1/parties/{party}/history", stranger)
    assert HistoryShape.model_validate(told.json()).items == []
    check_problem(await service.call("GET", f"/v1/parties/0x{'00' * 32}/history", stranger), 404, "party-not-found")
