"""Erasing over HTTP: what is told, what is refused, and what readers see afterwards."""

from uuid import uuid4

from service.api.erasures import ErasureShape
from service.api.trail_shapes import EventShape, TrailShape

from .conftest import EVERYTHING, Service
from .documents import event, item
from .problems import check_problem
from .test_captures import custodial
from .test_trails import captured

REASON = "request of the data subject"
CANARY = "Wilhelmina-Canary-7731"


async def eraser(service: Service, party: str) -> str:
    return await service.key(party, [*EVERYTHING, "events:erase"])


def named() -> str:
    return f"urn:uuid:{uuid4()}"


async def test_an_erased_event_is_told_as_erased(service: Service) -> None:
    party, token = await custodial(service)
    erasing = await eraser(service, party)
    (told,) = await captured(
        service, token, event("1", eventID=named(), readPoint={"id": f"https://a.example/{CANARY}"})
    )
    asked = {"eventID": told, "reason": REASON}
    check_problem(await service.call("POST", "/v1/erasures", token, json=asked), 403, "scope-missing")
    done = await service.call("POST", "/v1/erasures", erasing, json=asked)
    assert done.status_code == 200, done.text
    (erasure,) = [ErasureShape.model_validate(one) for one in done.json()["erasures"]]
    assert (erasure.reason, erasure.stated, erasure.prepared, erasure.label) == (REASON, True, None, "test")
    again = await service.call("POST", "/v1/erasures", erasing, json={**asked, "reason": "another"})
    assert again.json() == done.json()
    listed = await service.call("GET", "/v1/erasures", erasing)
    assert [one["seal"] for one in listed.json()["items"]] == [erasure.seal]

    for spelling in (told, erasure.eventID):
        seen = await service.call("GET", "/v1/events", token, params={"eventID": spelling})
        view = EventShape.model_validate_json(seen.content)
        assert (view.document, view.intact) == (None, True)
        assert view.erased is not None
        assert view.erased.reason == REASON
    trail = await service.call("GET", "/v1/trail", token, params={"identifier": item("1")})
    page = TrailShape.model_validate_json(trail.content)
    assert [entry.event and entry.event.erased is not None for entry in page.entries] == [True, False]
    assert page.intact
    assert (await service.call("GET", "/v1/trail/journey", token, params={"identifier": item("1")})).status_code == 200
    found = await service.call("GET", "/epcis/events", token)
    assert CANARY not in found.text
    check_problem(
        await service.call("POST", "/v1/erasures", erasing, json={**asked, "eventID": erasure.statement}),
        409, "statement-stays",
    )  # fmt: skip


async def test_what_others_captured_is_not_there_to_be_erased(service: Service) -> None:
    party, token = await custodial(service)
    (told,) = await captured(service, token, event("1", eventID=named()))
    stranger, _ = await service.member("stranger")
    theirs = await eraser(service, stranger)
    for event_id in (told, named()):
        asked = {"eventID": event_id, "reason": REASON}
        check_problem(await service.call("POST", "/v1/erasures", theirs, json=asked), 404, "nothing-to-erase")
        check_problem(await service.call("POST", "/v1/erasures", service.admin, json=asked), 404, "nothing-to-erase")
    assert (await service.call("GET", "/v1/erasures", theirs)).json()["items"] == []
    seen = await service.call("GET", "/v1/events", token, params={"eventID": told})
    assert seen.json()["document"] is not None
    assert party


async def test_an_event_of_no_thing_is_erased_from_its_partys_journal(service: Service) -> None:
    party, token = await custodial(service)
    counted = event("1", eventID=named(), quantityList=[{"epcClass": "https://id.gs1.org/01/09521321000018"}])
    del counted["epcList"]
    (told,) = await captured(service, token, counted)
    done = await service.call(
        "POST", "/v1/erasures", await eraser(service, party), json={"eventID": told, "reason": REASON}
    )
    assert [one["stated"] for one in done.json()["erasures"]] == [True]


async def test_a_party_that_signs_itself_gets_the_statement_to_sign(service: Service) -> None:
    party, token = await custodial(service)
    (told,) = await captured(service, token, event("1", eventID=named()))
    (key,) = (await service.call("GET", "/v1/signing-keys", token)).json()["items"]
    await service.call("POST", f"/v1/signing-keys/{key['address']}/revoke", token)
    done = await service.call(
        "POST", "/v1/erasures", await eraser(service, party), json={"eventID": told, "reason": REASON}
    )
    (erasure,) = [ErasureShape.model_validate(one) for one in done.json()["erasures"]]
    assert not erasure.stated
    assert erasure.prepared is not None
    assert erasure.prepared.events[0].document["trailseal:erases"] == erasure.seal
    seen = await service.call("GET", "/v1/events", token, params={"eventID": told})
    assert seen.json()["document"] is None, "the erasure does not wait for the statement"
