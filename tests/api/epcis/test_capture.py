from typing import Any
from uuid import UUID, uuid4

from tests.api.documents import document, event

from .conftest import Party


async def test_a_document_is_captured_and_its_job_followed(acme: Party) -> None:
    answer = await acme.call("POST", "/capture", json=document(event("1"), event("2")))
    assert answer.status_code == 202
    assert answer.headers["gs1-epcis-version"] == "2.0.0"
    assert answer.headers["gs1-cbv-version"] == "2.0.0"
    assert answer.headers["location"].startswith("http://trailseal.test/epcis/capture/")
    job = await acme.service.call("GET", answer.headers["location"], acme.token)
    assert job.status_code == 200
    told = job.json()
    assert str(UUID(told["captureID"])) == told["captureID"]
    assert told["finishedAt"] == told["createdAt"]
    assert (told["running"], told["success"], told["errors"]) == (False, True, [])
    assert told["captureErrorBehaviour"] == "rollback"
    assert told["trailseal:state"] == "captured"


async def test_a_bad_document_is_refused_whole(acme: Party) -> None:
    answer = await acme.call("POST", "/capture", json=document(event("1"), event("2", action="TELEPORT")))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "epcisException:ValidationException"
    assert told["slug"] == "invalid-document"
    assert told["faults"][0]["pointer"] == "/epcisBody/eventList/1/action"
    assert (await acme.get("/capture")).json() == []


async def test_good_events_of_a_bad_document_are_kept_where_that_is_asked_for(acme: Party) -> None:
    mixed = document(event("1"), event("2", action="TELEPORT"))
    answer = await acme.call("POST", "/capture", json=mixed, headers={"GS1-Capture-Error-Behaviour": "proceed"})
    assert answer.status_code == 202
    told = (await acme.service.call("GET", answer.headers["location"], acme.token)).json()
    assert (told["success"], told["captureErrorBehaviour"]) == (False, "proceed")
    (error,) = told["errors"]
    assert error["type"] == "epcisException:ValidationException"
    assert error["status"] == 400
    assert error["faults"][0]["pointer"] == "/epcisBody/eventList/1/action"


async def test_proceeding_is_remembered_where_nothing_was_wrong(acme: Party) -> None:
    headers = {"GS1-Capture-Error-Behaviour": "proceed"}
    answer = await acme.call("POST", "/capture", json=document(event("1")), headers=headers)
    told = (await acme.service.call("GET", answer.headers["location"], acme.token)).json()
    assert (told["success"], told["captureErrorBehaviour"]) == (True, "proceed")


async def test_jobs_come_in_pages_to_the_end(acme: Party) -> None:
    made = [await acme.capture(document(event(str(serial)))) for serial in range(5)]
    seen: list[str] = []
    url: str | None = "/epcis/capture?perPage=2"
    while url:
        page = await acme.service.call("GET", url, acme.token)
        assert page.status_code == 200
        seen += [job["captureID"] for job in page.json()]
        assert ("next" in page.links) == ("gs1-next-page-token-expires" in page.headers)
        url = page.links.get("next", {}).get("url")
    assert seen == [path.rpartition("/")[2] for path in reversed(made)]


async def test_an_event_is_captured_once(acme: Party) -> None:
    named = event("1", eventID="urn:uuid:11111111-2222-4333-8444-555555555555")
    await acme.capture(document(named))
    again = await acme.call("POST", "/capture", json=document(named))
    assert again.status_code == 400
    assert again.json()["type"] == "epcisException:ValidationException"
    assert again.json()["slug"] == "duplicate-event"


async def test_the_same_key_gives_the_same_job(acme: Party) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await acme.call("POST", "/capture", json=document(event("1")), headers=headers)
    again = await acme.call("POST", "/capture", json=document(event("1")), headers=headers)
    other = await acme.call("POST", "/capture", json=document(event("2")), headers=headers)
    assert first.headers["location"] == again.headers["location"]
    assert (other.status_code, other.json()["slug"]) == (400, "idempotency-key-reused")


async def test_anothers_job_is_not_there(acme: Party, party: Any) -> None:
    path = await acme.capture(document(event("1")))
    stranger = await party("stranger")
    for probed in (path, f"/capture/{uuid4()}", "/capture/nothing", "/capture/a%2Fb", "/capture/%00"):
        answer = await stranger.get(probed)
        assert answer.status_code == 404, probed
        assert answer.json()["type"] == "epcisException:NoSuchResourceException"
        assert (await stranger.call("OPTIONS", probed)).status_code == 404
    assert (await acme.call("OPTIONS", path)).status_code == 204


async def test_more_than_is_taken_at_once_is_refused_with_the_limits(serve: Any) -> None:
    small = await serve(document_events="1", document_bytes="2000")
    _, token = await small.member("acme")
    many = await small.call("POST", "/epcis/capture", token, json=document(event("1"), event("2")))
    long = await small.call("POST", "/epcis/capture", token, json=document(event("1" * 3000)))
    for answer in (many, long):
        assert answer.status_code == 413, answer.text
        assert answer.json()["type"] == "epcisException:CaptureLimitExceededException"
        assert answer.headers["gs1-epcis-capture-limit"] == "1"
        assert answer.headers["gs1-epcis-capture-file-size-limit"] == "2000"


async def test_a_body_that_is_no_document_is_not_read(acme: Party) -> None:
    for media_type in ("text/plain", "application/pdf", "application/x-www-form-urlencoded"):
        answer = await acme.call("POST", "/capture", content=b"{}", headers={"Content-Type": media_type})
        assert answer.status_code == 415
        assert answer.json()["type"] == "epcisException:UnsupportedMediaTypeException"


async def test_who_may_not_capture_is_told_so(acme: Party) -> None:
    service = acme.service
    nobody = await service.call("POST", "/epcis/capture", json=document(event("1")))
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert nobody.json()["type"] == "epcisException:SecurityException"
    reader = await service.key(acme.id, ["trails:read"])
    for told in (
        await service.call("POST", "/epcis/capture", reader, json=document(event("1"))),
        await service.call("GET", "/epcis/capture", reader),
    ):
        assert told.status_code == 403
        assert told.json()["type"] == "epcisException:SecurityException"
    _, keyless = await service.member("keyless")
    alone = await service.call("POST", "/epcis/capture", keyless, json=document(event("1")))
    assert (alone.status_code, alone.json()["slug"]) == (403, "no-signing-key")


async def test_a_behaviour_that_nobody_knows_is_refused(acme: Party) -> None:
    headers = {"GS1-Capture-Error-Behaviour": "hope"}
    answer = await acme.call("POST", "/capture", json=document(event("1")), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "epcisException:ValidationException"


async def test_paging_that_makes_no_sense_is_refused(acme: Party) -> None:
    for query in ("perPage=0", "perPage=x", "perPage=-1", "perPage=" + "9" * 5000, "nextPageToken=x"):
        answer = await acme.get(f"/capture?{query}")
        assert answer.status_code == 400, query
        assert answer.json()["type"] == "epcisException:QueryParameterException"


async def test_a_document_of_which_nothing_is_left_tells_every_fault(acme: Party) -> None:
    bad = document(event("1", action="TELEPORT"), event("2", eventTime="yesterday"))
    answer = await acme.call("POST", "/capture", json=bad, headers={"GS1-Capture-Error-Behaviour": "proceed"})
    assert answer.status_code == 400
    places = [fault["pointer"] for fault in answer.json()["faults"]]
    assert places == ["/epcisBody/eventList/0/action", "/epcisBody/eventList/1/eventTime"]
    assert (await acme.get("/capture")).json() == []


async def test_a_host_that_is_none_is_not_repeated(acme: Party) -> None:
    for serial, host in enumerate(("[", "a b", "x" * 300, '"', "evil.example/@")):
        answer = await acme.call("POST", "/capture", json=document(event(str(serial))), headers={"Host": host})
        assert answer.status_code == 202
        assert answer.headers["location"].startswith("http://trailseal.test/epcis/capture/"), host
    named = await acme.call("POST", "/capture", json=document(event("named")), headers={"Host": "epcis.example:8443"})
    assert named.headers["location"].startswith("http://epcis.example:8443/epcis/capture/")
