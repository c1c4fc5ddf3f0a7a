import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from service.cli import app as commands
from service.recall import Grower, Holder

from .conftest import Service
from .documents import document, event, item
from .problems import check_problem
from .test_captures import custodial
from .test_stream import listening, subscribed, within

PALLET = "https://id.gs1.org/00/095210010000000017"


async def told(service: Service, token: str, *events: dict[str, Any]) -> None:
    answer = await service.call("POST", "/v1/captures", token, json=document(*events))
    assert answer.status_code == 202, answer.text


def packed(*serials: str) -> dict[str, Any]:
    return {
        "type": "AggregationEvent",
        "eventTime": "2026-02-03T08:55:12.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "parentID": PALLET,
        "childEPCs": [item(serial) for serial in serials],
        "action": "ADD",
        "bizStep": "packing",
    }


def born(*things: str) -> dict[str, Any]:
    return event("1", epcList=list(things), action="ADD", bizStep="commissioning")


async def auditing(service: Service) -> str:
    """The token of an auditor that may recall."""
    party, _ = await service.member("audit", roles=["auditor"])
    return await service.key(party, ["trails:read", "captures:write"])


async def opened(service: Service, token: str, **members: Any) -> dict[str, Any]:
    asked = {"things": [PALLET], "reason": "8 °C exceeded", "hold": True} | members
    answer = await service.call("POST", "/v1/recalls", token, json=asked)
    assert answer.status_code == 201, answer.text
    recall: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/recalls/{recall['recallID']}"
    return recall


async def test_a_recall_from_the_first_look_to_its_end(service: Service) -> None:
    _, owner = await custodial(service)
    _, other = await service.member("other")
    await told(service, owner, born(PALLET), packed("a", "b"))
    trace = (await service.call("POST", "/v1/traces", owner, json={"things": [PALLET]})).json()
    assert (trace["things"], trace["hidden"], trace["complete"], trace["more"]) == (3, 0, True, 0)
    assert [step["how"] for step in trace["affected"][-1]["path"]] == [None, "was-in"]
    before = {"things": [PALLET], "until": "2026-02-03T07:00:00Z"}
    assert (await service.call("POST", "/v1/traces", owner, json=before)).json()["things"] == 1

    recall = await opened(service, owner)
    assert (recall["affected"], recall["hidden"], recall["complete"]) == (3, 0, True)
    # Only the pallet was commissioned by the owner; what it contains is noticed, not held.
    assert recall["holds"] == [{"step": "hold", "state": "waiting", "things": 1}]
    while await Holder(service.database, service.settings).step():
        pass
    path = f"/v1/recalls/{recall['recallID']}"
    first = await service.call("GET", f"{path}/things?limit=1", owner)
    assert [one["identifier"] for one in first.json()["items"]] == [PALLET]
    assert first.json()["items"][0]["hold"]["state"] == "captured"
    following = first.headers["link"].split(";")[0].strip("<>")
    rest = (await service.call("GET", following.replace("limit=1", "limit=5"), owner)).json()
    assert sorted(one["identifier"] for one in rest["items"]) == [item("a"), item("b")]
    assert rest["next"] is None
    one = await service.call("GET", f"{path}/things", owner, params={"identifier": item("b")})
    assert [found["identifier"] for found in one.json()["items"]] == [item("b")]
    assert [found["recallID"] for found in (await service.call("GET", "/v1/recalls", owner)).json()["items"]] == [
        recall["recallID"]
    ]
    for method, way in (
        ("GET", path),
        ("GET", f"{path}/things"),
        ("POST", f"{path}/close"),
        ("POST", f"{path}/prepare"),
    ):
        check_problem(await service.call(method, way, other), 404, "recall-not-found")
    assert (await service.call("GET", "/v1/recalls", other)).json()["items"] == []
    check_problem(await service.call("POST", f"{path}/prepare", owner), 409, "nothing-to-sign")
    closed = (await service.call("POST", f"{path}/close", owner)).json()
    assert closed["closedAt"] is not None
    assert (await service.call("POST", f"{path}/close", owner)).json()["closedAt"] == closed["closedAt"]


async def test_who_is_affected_hears_of_it_and_says_so(service: Service) -> None:
    _, owner = await custodial(service)
    _, other = await service.member("other")
    await told(service, owner, born(PALLET), packed("a"))
    auditor = await service.key(
        (await service.member("audit", roles=["auditor"]))[0], ["trails:read", "captures:write"]
    )
    async with listening(service) as base, subscribed(base, owner) as heard, subscribed(base, other) as silent:
        recall = await opened(service, auditor, hold=False)
        (news,) = await within(5, heard, 1)
        assert await within(0.7, silent, 1) == []
    assert news["event"] == "notice"
    assert (news["data"]["kind"], news["data"]["things"], news["data"]["recallID"]) == (
        "recall-opened",
        2,
        recall["recallID"],
    )
    assert [one["name"] for one in recall["notified"]] == ["acme"]
    notice = (await service.call("GET", "/v1/notices", owner)).json()["items"][0]
    assert (notice["noticeID"], notice["things"], notice["reason"]) == (news["data"]["noticeID"], 2, "8 °C exceeded")
    way = f"/v1/notices/{notice['noticeID']}"
    things = (await service.call("GET", f"{way}/things", owner)).json()["items"]
    assert sorted(one["identifier"] for one in things) == sorted([PALLET, item("a")])
    for method, path in (("GET", way), ("GET", f"{way}/things"), ("POST", f"{way}/acknowledge")):
        for stranger in (other, auditor):
            check_problem(await service.call(method, path, stranger), 404, "notice-not-found")
    seen = (await service.call("POST", f"{way}/acknowledge", owner)).json()
    assert seen["acknowledgedAt"] is not None
    assert (await service.call("GET", "/v1/notices?unacknowledged=true", owner)).json()["items"] == []
    now = (await service.call("GET", f"/v1/recalls/{recall['recallID']}", auditor)).json()
    assert now["notified"][0]["acknowledgedAt"] == seen["acknowledgedAt"]


async def test_a_stream_goes_on_after_the_last_notice(service: Service) -> None:
    _, owner = await custodial(service)
    await told(service, owner, born(PALLET))
    auditor = await service.key(
        (await service.member("audit", roles=["auditor"]))[0], ["trails:read", "captures:write"]
    )
    async with listening(service) as base:
        async with subscribed(base, owner) as heard:
            await opened(service, auditor, hold=False)
            (first,) = await within(5, heard, 1)
        await opened(service, auditor, hold=False, reason="again")
        async with subscribed(base, owner, first["id"]) as heard:
            (second,) = await within(5, heard, 1)
        assert second["data"]["reason"] == "again"
        # An id that an older release gave out goes on with captures and entries, and with notices from now on.
        async with subscribed(base, owner, ".".join(second["id"].split(".")[:4])) as heard:
            assert await within(1, heard, 1) == []


async def test_a_key_opens_a_recall_once(service: Service) -> None:
    _, owner = await custodial(service)
    await told(service, owner, born(PALLET))
    asked = {"things": [PALLET], "reason": "once"}
    headers = {"Idempotency-Key": f'"{uuid4()}"'}
    answers = [await service.call("POST", "/v1/recalls", owner, json=asked, headers=headers) for _ in range(2)]
    assert len({answer.json()["recallID"] for answer in answers}) == 1
    other = await service.call("POST", "/v1/recalls", owner, json=asked | {"reason": "twice"}, headers=headers)
    check_problem(other, 422, "recall-key-reused")


@pytest.mark.parametrize(
    ("asked", "status", "slug"),
    [
        ({"things": []}, 422, "nothing-to-trace"),
        ({"things": [item("nobody-has-it")]}, 404, "thing-not-found"),
        ({"things": ["no identifier"]}, 422, "not-an-identifier"),
        ({"things": [PALLET], "since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, 422, "bad-window"),
        ({"things": [PALLET], "since": "2026-03-02T00:00:00"}, 422, "request-invalid"),
        ({"things": [PALLET], "direction": "sideways"}, 422, "request-invalid"),
        ({"things": [PALLET], "reason": "x", "colour": "red"}, 422, "request-invalid"),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    service: Service, asked: dict[str, Any], status: int, slug: str
) -> None:
    _, owner = await custodial(service)
    await told(service, owner, born(PALLET))
    check_problem(await service.call("POST", "/v1/traces", owner, json=asked), status, slug)
    check_problem(await service.call("POST", "/v1/recalls", owner, json={"reason": "x"} | asked), status, slug)


async def test_what_it_takes_to_recall(service: Service) -> None:
    _, owner = await custodial(service)
    await told(service, owner, event("1", epcList=[PALLET], bizStep="inspecting"))
    asked = {"things": [PALLET], "reason": "not mine"}
    check_problem(await service.call("POST", "/v1/recalls", owner, json=asked), 403, "not-yours-to-recall")
    _, reader = await service.member("reader", ["trails:read"])
    check_problem(await service.call("POST", "/v1/recalls", reader, json=asked), 403, "scope-missing")
    check_problem(await service.call("POST", "/v1/recalls", None, json=asked), 401, "unauthenticated")
    check_problem(await service.call("POST", "/v1/traces", reader, json={"things": [PALLET]}), 404, "thing-not-found")


async def test_a_body_may_name_ten_thousand_things_and_no_more(service: Service) -> None:
    _, owner = await custodial(service)
    await told(service, owner, born(PALLET))
    many = {"things": [item(f"{number}") for number in range(10_000)]}
    check_problem(await service.call("POST", "/v1/traces", owner, json=many), 404, "thing-not-found")
    many["things"].append(PALLET)
    check_problem(await service.call("POST", "/v1/traces", owner, json=many), 422, "request-invalid")
    assert not await Grower(service.database).step()


async def test_the_commands_say_what_to_do_next(service: Service) -> None:
    _, owner = await custodial(service)
    _, other = await service.member("other")
    await told(service, owner, born(PALLET), packed("a", "b"))
    auditor = await service.key(
        (await service.member("audit", roles=["auditor"]))[0], ["trails:read", "captures:write"]
    )

    async def said(token: str, *words: str) -> str:
        given = [*words, "--url", base, "--key", token]
        result = await asyncio.to_thread(CliRunner().invoke, commands, given)
        assert result.exit_code == 0, (result.output, result.exception)
        return " ".join(result.output.split())

    async with listening(service) as base:
        looked = await said(owner, "trace", PALLET, "--since", "2026-02-03T07:00:00Z")
        assert "3 things, 0 of them not yours to see" in looked
        assert "was in 00/095210010000000017" in looked
        assert "01/09521321000018/21/a" in looked
        opened = await said(auditor, "recall", PALLET, "--reason", "8 °C exceeded")
        assert "notified: acme (3 things), NOT acknowledged: call them" in opened
        assert "Nothing is held" in opened
        recall = (await service.call("GET", "/v1/recalls", auditor)).json()["items"][0]["recallID"]
        assert "8 °C exceeded" in await said(auditor, "recalls", recall)
        assert "no recalls" in await said(other, "recalls")
        assert json.loads(await said(auditor, "recalls", recall, "--close", "--json"))["closedAt"] is not None
