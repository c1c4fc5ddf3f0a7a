from typing import Any

import pytest

from tests.api.conftest import Service
from tests.api.documents import document, event, item

from .conftest import Party

EVERYWHERE = {
    "gs1-epcis-version": "2.0.0",
    "gs1-epcis-max": "2.0.0",
    "gs1-cbv-version": "2.0.0",
    "gs1-cbv-max": "2.0.0",
    "gs1-epc-format": "Always_GS1_Digital_Link",
    "gs1-cbv-xml-format": "Always_URN",
    "gs1-extensions": "trailseal=urn:trailseal:epcis:",
}
TOP = ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")


def methods(answer: Any) -> set[str]:
    """The methods that `Allow` names."""
    return set(answer.headers["allow"].split(", "))


async def test_every_path_tells_what_can_be_done_there(acme: Party) -> None:
    made = event("1", eventID="urn:uuid:831c0292-4de1-430a-8255-2aca821abaab", readPoint={"id": "urn:x:1"})
    job = await acme.capture(document({**made, "bizLocation": {"id": "urn:x:1"}, "disposition": "in_transit"}))
    await acme.call("POST", "/queries", json={"name": "mine", "query": {"EQ_action": ["OBSERVE"]}})
    values = ("ObjectEvent", item("1").replace("/", "%2F"), "shipping", "urn:x:1", "urn:x:1", "in_transit")
    reading = {"GET", "HEAD", "OPTIONS"}
    expected: dict[str, set[str]] = {
        "": reading,
        "/": reading,
        "/capture": {*reading, "POST"},
        job: reading,
        "/events": {*reading, "POST"},
        "/events/urn:uuid:831c0292-4de1-430a-8255-2aca821abaab": reading,
        "/queries": {*reading, "POST"},
        "/queries/mine": {*reading, "DELETE"},
        "/queries/mine/subscriptions": {*reading, "POST"},
        "/queries/mine/events": reading,
        "/nextPageToken/x": {"DELETE", "OPTIONS"},
    }
    for name, value in zip(TOP, values, strict=True):
        expected |= {f"/{name}": reading, f"/{name}/{value}": reading, f"/{name}/{value}/events": reading}
    for path, allowed in expected.items():
        answer = await acme.call("OPTIONS", path)
        assert answer.status_code == 204, (path, answer.text)
        assert answer.content == b""
        assert methods(answer) == allowed, path
        assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
        assert answer.headers["gs1-vendor-version"].startswith("trailseal-")
        oldest = "1.2.0" if path == "/capture" else "2.0.0"
        assert answer.headers["gs1-epcis-min"] == answer.headers["gs1-cbv-min"] == oldest
        if "GET" in allowed:
            assert (await acme.get(path)).status_code == 200, path
            head = await acme.call("HEAD", path)
            assert (head.status_code, head.content) == (200, b"")
        assert (await acme.call("OPTIONS", path, headers={"GS1-EPCIS-Min": "2.1"})).status_code == 406
        wrong = await acme.call("PATCH", path)
        assert wrong.status_code == 405
        assert methods(wrong) == allowed, path
        assert (await acme.service.call("OPTIONS", f"/epcis{path}")).status_code == 401


async def test_capture_tells_its_limits(serve: Any) -> None:
    service: Service = await serve(document_events="17", document_bytes="4711")
    _, token = await service.member("acme")
    for path in ("capture", "events"):
        answer = await service.call("OPTIONS", f"/epcis/{path}", token)
        assert answer.headers["gs1-epcis-capture-limit"] == "17"
        assert answer.headers["gs1-epcis-capture-file-size-limit"] == "4711"
        assert answer.headers["gs1-capture-error-behaviour"] == "all"


async def test_the_root_names_the_resources(acme: Party) -> None:
    for path in ("", "/"):
        told = (await acme.get(path)).json()
        assert told["@context"] == "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
        assert told["type"] == "Collection"
        assert set(told["member"]) == {*TOP, "capture", "events", "queries"}


async def test_versions_that_are_not_spoken_are_refused(acme: Party) -> None:
    for headers in (
        {"GS1-EPCIS-Min": "3.0.0"},
        {"GS1-EPCIS-Max": "1.2"},
        {"GS1-CBV-Min": "2.1"},
        {"GS1-CBV-Max": "1.9.9"},
        {"GS1-EPCIS-Version": "1.2.0"},
        {"GS1-EPCIS-Version": "two"},
        {"GS1-EPCIS-Min": "9" * 5000},
        {"GS1-CBV-Version": "é"},
        {"GS1-EPC-Format": "Sometimes"},
        {"GS1-CBV-XML-Format": ""},
        {"Accept": "text/html"},
        {"Accept": "application/json;q=0"},
        {"Accept": "nonsense"},
    ):
        answer = await acme.get("/events", headers={name: value.encode() for name, value in headers.items()})
        assert answer.status_code == 406, headers
        assert answer.json()["type"] == "epcisException:NotAcceptableException"
    for good in (
        {"GS1-EPCIS-Min": "1.0.0", "GS1-EPCIS-Max": "2.0.0"},
        {"GS1-EPCIS-Max": "2"},
        {"GS1-CBV-Min": "2.0", "GS1-CBV-Max": "2.0.1"},
        {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0"},
        {"GS1-Extensions": "no prefix at all"},
        {"Accept": "text/html, application/json;q=0.1"},
    ):
        assert (await acme.get("/events", headers=good)).status_code == 200, good
    for version, status in (("2.0.0", 202), ("1.2", 406), ("3.0.0", 406)):
        headers = {"GS1-EPCIS-Version": version}
        answer = await acme.call("POST", "/capture", json=document(event(version)), headers=headers)
        assert answer.status_code == status, version


async def test_a_refusal_has_the_form_that_is_accepted(acme: Party) -> None:
    for accept, media_type in (
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("text/html", "application/problem+json"),
        ("application/xml", "application/problem+xml"),
        ("application/problem+xml", "application/problem+xml"),
        ("application/json;q=0.5, text/xml", "application/problem+xml"),
    ):
        headers = {"Accept": accept} if accept else {}
        answer = await acme.get("/nothing/here", headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == media_type, accept
    sent = {"Content-Type": "application/xml", "Accept": "application/xml"}
    answer = await acme.call("POST", "/capture", content=b"<x", headers=sent)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+xml")
    assert b"ValidationException" in answer.content


async def test_an_unforeseen_fault_is_an_implementation_exception(acme: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    async def explode(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(type(acme.service.app.state.rooms.queries), "events", explode)
    answer = await acme.get("/events")
    assert answer.status_code == 500
    assert answer.json()["type"] == "epcisException:ImplementationException"
    assert "hunter2" not in answer.text


async def test_letting_go_of_a_page_token_leaves_nothing_behind(acme: Party) -> None:
    for token in ("x", "a%2Fb", "%00"):
        assert (await acme.call("DELETE", f"/nextPageToken/{token}")).status_code == 204
