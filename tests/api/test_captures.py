from typing import Any
from uuid import uuid4

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from service.api.examples import DOCUMENT
from service.api.shapes import PreparedShape, ReceiptShape

from .conftest import Serve, Service
from .documents import document, event, item
from .problems import check_problem


async def custodial(service: Service, name: str = "acme") -> tuple[str, str]:
    party, token = await service.member(name)
    made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
    assert made.status_code == 201, made.text
    return party, token


async def test_a_document_is_accepted_and_followed(service: Service) -> None:
    _, token = await custodial(service)
    accepted = await service.call("POST", "/v1/captures", token, json=document(event("1"), event("2")))
    assert accepted.status_code == 202, accepted.text
    told = ReceiptShape.model_validate_json(accepted.content)
    assert (told.state, told.events, told.entries, len(told.eventIDs)) == ("captured", 2, 2, 2)
    followed = await service.call("GET", accepted.headers["location"], token)
    assert followed.status_code == 200
    assert followed.json() == accepted.json()


async def test_the_documented_example_is_accepted(service: Service) -> None:
    _, token = await custodial(service)
    for media_type in ("application/json", "application/ld+json; charset=utf-8"):
        thing = {**DOCUMENT["epcisBody"]["eventList"][0], "epcList": [item(str(len(media_type)))]}
        body = {**DOCUMENT, "epcisBody": {"eventList": [thing]}}
        accepted = await service.call("POST", "/v1/captures", token, json=body, headers={"Content-Type": media_type})
        assert accepted.status_code == 202, accepted.text


async def test_the_same_key_and_body_give_the_same_receipt(service: Service) -> None:
    _, token = await custodial(service)
    headers = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
    first = await service.call("POST", "/v1/captures", token, json=document(event("1")), headers=headers)
    again = await service.call("POST", "/v1/captures", token, json=document(event("1")), headers=headers)
    bare = {"Idempotency-Key": headers["Idempotency-Key"].strip('"')}
    unquoted = await service.call("POST", "/v1/captures", token, json=document(event("1")), headers=bare)
    assert first.status_code == again.status_code == unquoted.status_code == 202, again.text
    assert first.json() == again.json() == unquoted.json()
    assert first.headers["location"] == again.headers["location"]
    listed = (await service.call("GET", "/v1/captures", token)).json()["items"]
    assert len(listed) == 1


async def test_the_same_key_with_another_body_is_refused(service: Service) -> None:
    _, token = await custodial(service)
    headers = {"Idempotency-Key": "one"}
    await service.call("POST", "/v1/captures", token, json=document(event("1")), headers=headers)
    other = await service.call("POST", "/v1/captures", token, json=document(event("2")), headers=headers)
    check_problem(other, 422, "idempotency-key-reused")


async def test_two_parties_may_use_the_same_idempotency_key(service: Service) -> None:
    headers = {"Idempotency-Key": "one"}
    locations = set()
    for name in ("acme", "other"):
        _, token = await custodial(service, name)
        accepted = await service.call("POST", "/v1/captures", token, json=document(event("1")), headers=headers)
        locations.add(accepted.headers["location"])
    assert len(locations) == 2


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\tb"])
async def test_what_cannot_be_an_idempotency_key_is_refused(service: Service, key: str) -> None:
    _, token = await custodial(service)
    response = await service.call(
        "POST", "/v1/captures", token, json=document(event("1")), headers={"Idempotency-Key": key}
    )
    check_problem(response, 400, "bad-idempotency-key")


async def test_a_faulty_document_is_refused_whole_unless_asked_to_proceed(service: Service) -> None:
    _, token = await custodial(service)
    mixed = document(event("1"), event("2", action="TELEPORT"))
    refused = await service.call("POST", "/v1/captures", token, json=mixed)
    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"
    assert any("/eventList/1" in fault["pointer"] for fault in refused.json()["faults"])
    assert (await service.call("GET", "/v1/captures", token)).json()["items"] == []
    headers = {"GS1-Capture-Error-Behaviour": "proceed"}
    proceeded = await service.call("POST", "/v1/captures", token, json=mixed, headers=headers)
    assert proceeded.status_code == 202, proceeded.text
    assert proceeded.json()["events"] == 1
    assert [left_out["index"] for left_out in proceeded.json()["refused"]] == [1]
    odd = await service.call("POST", "/v1/captures", token, json=mixed, headers={"GS1-Capture-Error-Behaviour": "hope"})
    check_problem(odd, 422, "request-invalid")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000],
    ids=["nothing", "cut off", "null", "list", "not UTF-8", "deep lists", "deep objects"],
)
async def test_bytes_that_are_no_document_are_refused(service: Service, body: bytes) -> None:
    _, token = await custodial(service)
    for path in ("/v1/captures", "/v1/captures/prepare", "/v1/captures/signed"):
        response = await service.call("POST", path, token, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 422), (path, response.text)
        assert response.headers["content-type"] == "application/problem+json"


async def test_anothers_capture_is_not_there(service: Service) -> None:
    _, token = await custodial(service)
    _, stranger = await service.member("stranger")
    accepted = await service.call("POST", "/v1/captures", token, json=document(event("1")))
    probed = await service.call("GET", accepted.headers["location"], stranger)
    absent = await service.call("GET", f"/v1/captures/{uuid4()}", stranger)
    check_problem(probed, 404, "capture-not-found")
    check_problem(absent, 404, "capture-not-found")
    assert (await service.call("GET", "/v1/captures", stranger)).json()["items"] == []


async def test_captures_come_in_pages_the_newest_first(service: Service) -> None:
    _, token = await custodial(service)
    made = []
    for serial in range(5):
        accepted = await service.call("POST", "/v1/captures", token, json=document(event(str(serial))))
        made.append(accepted.json()["captureID"])
    seen: list[str] = []
    path = "/v1/captures?limit=2"
    pages = 0
    while path:
        response = await service.call("GET", path, token)
        seen += [receipt["captureID"] for receipt in response.json()["items"]]
        link = response.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0]
        assert bool(path) == ('rel="next"' in link) == (response.json()["next"] is not None)
        pages += 1
    assert seen == made[::-1]
    assert pages == 3


@pytest.mark.parametrize(
    "cursor", ["x", "!!", "bnVsbA", "IjEi", "WzFd", "MS41", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "dHJ1ZQ", "é"]
)
async def test_a_cursor_that_nobody_gave_out_is_refused(service: Service, cursor: str) -> None:
    check_problem(
        await service.call("GET", "/v1/captures", service.admin, params={"cursor": cursor}), 400, "bad-cursor"
    )


async def test_without_a_custodial_key_the_service_does_not_sign(service: Service) -> None:
    _, token = await service.member("acme")
    check_problem(await service.call("POST", "/v1/captures", token, json=document(event("1"))), 409, "no-signing-key")


async def test_a_custodial_key_is_refused_right_after_its_revocation(service: Service) -> None:
    _, token = await custodial(service)
    assert (await service.call("POST", "/v1/captures", token, json=document(event("1")))).status_code == 202
    (key,) = (await service.call("GET", "/v1/signing-keys", token)).json()["items"]
    revoked = await service.call("POST", f"/v1/signing-keys/{key['address']}/revoke", token)
    assert revoked.status_code == 200, revoked.text
    check_problem(await service.call("POST", "/v1/captures", token, json=document(event("2"))), 409, "no-signing-key")


async def own_key(service: Service, token: str) -> Any:
    account = Account.create()
    asked = await service.call("GET", "/v1/signing-keys/challenge", token, params={"address": account.address})
    proof = account.sign_message(encode_defunct(text=asked.json()["challenge"])).signature.hex()
    body = {"custody": "own", "address": account.address, "proof": f"0x{proof.removeprefix('0x')}"}
    added = await service.call("POST", "/v1/signing-keys", token, json=body)
    assert added.status_code == 201, added.text
    return account


def signed(account: Any, prepared: dict[str, Any]) -> dict[str, Any]:
    signatures = [
        "0x"
        + account.sign_message(encode_typed_data(full_message=part["typedData"])).signature.hex().removeprefix("0x")
        for part in prepared["parts"]
    ]
    events = [{"document": one["document"], "nonce": one["nonce"]} for one in prepared["events"]]
    return {"events": events, "deadline": prepared["deadline"], "signatures": signatures}


async def test_a_party_signs_for_itself_with_any_wallet(service: Service) -> None:
    _, token = await service.member("acme")
    account = await own_key(service, token)
    prepared = await service.call("POST", "/v1/captures/prepare", token, json=document(event("1")))
    PreparedShape.model_validate_json(prepared.content)
    submitted = await service.call("POST", "/v1/captures/signed", token, json=signed(account, prepared.json()))
    assert submitted.status_code == 202, submitted.text
    assert submitted.json()["parts"][0]["signer"] == account.address.lower()
    assert submitted.json()["parts"][0]["id"] == prepared.json()["parts"][0]["id"]


async def test_an_own_key_is_refused_right_after_its_revocation(service: Service) -> None:
    _, token = await service.member("acme")
    account = await own_key(service, token)
    prepared = await service.call("POST", "/v1/captures/prepare", token, json=document(event("1")))
    body = signed(account, prepared.json())
    await service.call("POST", f"/v1/signing-keys/{account.address}/revoke", token)
    check_problem(await service.call("POST", "/v1/captures/signed", token, json=body), 422, "signature-refused")


async def test_anothers_signature_is_refused(service: Service) -> None:
    _, token = await service.member("acme")
    await own_key(service, token)
    prepared = await service.call("POST", "/v1/captures/prepare", token, json=document(event("1")))
    body = signed(Account.create(), prepared.json())
    check_problem(await service.call("POST", "/v1/captures/signed", token, json=body), 422, "signature-refused")


async def test_a_signed_document_with_a_wrong_member_is_told_where(service: Service) -> None:
    _, token = await service.member("acme")
    body = {"events": [{"document": {}, "nonce": "0x12"}], "deadline": -1, "signatures": []}
    response = await service.call("POST", "/v1/captures/signed", token, json=body)
    check_problem(response, 422, "request-invalid")
    assert {fault["pointer"] for fault in response.json()["faults"]} == {"/events/0/nonce", "/deadline", "/signatures"}


async def test_a_suspended_party_reads_and_does_not_capture(service: Service) -> None:
    party, token = await custodial(service)
    await service.call("POST", f"/v1/parties/{party}/suspend", service.admin)
    check_problem(await service.call("POST", "/v1/captures", token, json=document(event("1"))), 403, "party-suspended")
    assert (await service.call("GET", "/v1/captures", token)).status_code == 200
    await service.call("POST", f"/v1/parties/{party}/reinstate", service.admin)
    assert (await service.call("POST", "/v1/captures", token, json=document(event("1")))).status_code == 202


async def test_more_events_than_allowed_are_refused(serve: Serve) -> None:
    service = await serve(document_events="3")
    _, token = await custodial(service)
    many = document(*[event(str(serial)) for serial in range(4)])
    check_problem(await service.call("POST", "/v1/captures", token, json=many), 413, "too-many-events")
