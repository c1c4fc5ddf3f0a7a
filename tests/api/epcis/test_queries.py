from typing import Any

from tests.api.documents import document, event

from .conftest import Party
from .test_events import listed, serials

SHIPPED = {"name": "shipped", "query": {"EQ_bizStep": ["shipping"], "eventType": ["ObjectEvent"]}}
WEBHOOK = {"dest": "https://client.example.com/callback", "signatureToken": "a secret", "stream": True}


async def test_a_query_is_kept_asked_and_deleted(acme: Party) -> None:
    made = await acme.call("POST", "/queries", json=SHIPPED)
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "http://trailseal.test/epcis/queries/shipped"
    assert made.headers["gs1-epcis-version"] == "2.0.0"
    assert (await acme.get("/queries/shipped")).json() == SHIPPED
    assert (await acme.get("/queries")).json() == [{"name": "SimpleEventQuery", "query": {}}, SHIPPED]
    await acme.capture(document(event("1"), event("2", bizStep="receiving"), event("3")))
    answer = await acme.get("/queries/shipped/events")
    assert sorted(serials(answer)) == ["1", "3"]
    assert answer.json()["epcisBody"]["queryResults"]["queryName"] == "shipped"
    first = await acme.get("/queries/shipped/events?perPage=1")
    rest = await acme.service.call("GET", first.links["next"]["url"], acme.token)
    assert sorted(serials(first) + serials(rest)) == ["1", "3"]
    assert (await acme.call("DELETE", "/queries/shipped")).status_code == 204
    for path in ("/queries/shipped", "/queries/shipped/events", "/queries/shipped/subscriptions"):
        answer = await acme.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"] == "epcisException:NoSuchNameException"
    assert (await acme.call("DELETE", "/queries/shipped")).status_code == 404


async def test_the_query_that_every_repository_has(acme: Party) -> None:
    await acme.capture(document(event("1"), event("2", bizStep="receiving")))
    assert sorted(serials(await acme.get("/queries/SimpleEventQuery/events"))) == ["1", "2"]
    assert serials(await acme.get("/queries/SimpleEventQuery/events?EQ_bizStep=receiving")) == ["2"]
    assert (await acme.get("/queries/SimpleEventQuery")).json() == {"name": "SimpleEventQuery", "query": {}}
    assert (await acme.get("/queries/SimpleEventQuery/subscriptions")).json() == []
    taken = await acme.call("POST", "/queries", json={"name": "SimpleEventQuery", "query": {}})
    assert (taken.status_code, taken.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    kept = await acme.call("DELETE", "/queries/SimpleEventQuery")
    assert (kept.status_code, kept.json()["type"]) == (403, "epcisException:SecurityException")
    asked = await acme.call("POST", "/queries/SimpleEventQuery/subscriptions", json=WEBHOOK)
    assert (asked.status_code, asked.json()["type"]) == (403, "epcisException:SubscribeNotPermittedException")


async def test_queries_come_in_pages(acme: Party) -> None:
    names = ["SimpleEventQuery", "a", "b", "c"]
    for name in names[1:]:
        await acme.call("POST", "/queries", json={"name": name, "query": {"EQ_action": ["ADD"]}})
    for size in (1, 2, 3, 4, 100):
        found: list[str] = []
        url: Any = f"/epcis/queries?perPage={size}"
        while url:
            page = await acme.service.call("GET", url, acme.token)
            assert len(page.json()) <= size
            found += [one["name"] for one in page.json()]
            url = page.links.get("next", {}).get("url")
        assert found == names, size


async def test_queries_that_make_no_sense_are_refused(acme: Party) -> None:
    good = {"EQ_action": ["ADD"]}
    for body, exception in (
        ({"name": "x", "query": {"EQ_action": ["MOVE"]}}, "QueryParameterException"),
        ({"name": "x", "query": {"EQ_nothing": 1}}, "QueryParameterException"),
        ({"name": "x", "query": {"eventCountLimit": 3}}, "QueryParameterException"),
        ({"name": "x"}, "QueryValidationException"),
        ({"name": "x", "query": 5}, "QueryValidationException"),
        ({"name": "", "query": good}, "QueryValidationException"),
        ({"name": "a/b", "query": good}, "QueryValidationException"),
        ({"name": "\0", "query": good}, "QueryValidationException"),
        ([], "QueryValidationException"),
    ):
        answer = await acme.call("POST", "/queries", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["type"] == f"epcisException:{exception}", body
    for content in (b"", b"{", b"\xff", b"[" * 5000, b'{"name": "x", "query": {"EQ_quantity": 1e999}}'):
        answer = await acme.call("POST", "/queries", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, content
    typed = await acme.call("POST", "/queries", content=b"x", headers={"Content-Type": "text/csv"})
    assert (typed.status_code, typed.json()["type"]) == (415, "epcisException:UnsupportedMediaTypeException")
    assert (await acme.call("POST", "/queries", json=SHIPPED)).status_code == 201
    again = await acme.call("POST", "/queries", json=SHIPPED)
    assert (again.status_code, again.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    more = await acme.get("/queries/shipped/events?EQ_action=ADD")
    assert (more.status_code, more.json()["type"]) == (400, "epcisException:QueryParameterException")
    timed = await acme.get("/queries/shipped/events?stream=true")
    assert (timed.status_code, timed.json()["type"]) == (400, "epcisException:SubscriptionControlsException")


async def test_a_query_is_its_partys_own(acme: Party, party: Any) -> None:
    await acme.call("POST", "/queries", json=SHIPPED)
    other = await party("other")
    assert (await other.get("/queries/shipped")).status_code == 404
    assert (await other.call("DELETE", "/queries/shipped")).status_code == 404
    assert (await other.call("POST", "/queries", json=SHIPPED)).status_code == 201
    await acme.capture(document(event("1")))
    assert listed(await other.get("/queries/shipped/events")) == []
    reader = await acme.service.key(acme.id, ["trails:read"])
    for method, path in (("POST", "/queries"), ("DELETE", "/queries/shipped")):
        answer = await acme.service.call(method, f"/epcis{path}", reader, json=SHIPPED)
        assert (answer.status_code, answer.json()["type"]) == (403, "epcisException:SecurityException")


async def test_a_query_in_xml(acme: Party) -> None:
    poll = (
        '<epcisq:Poll xmlns:epcisq="urn:epcglobal:epcis-query:xsd:2"><queryName>packed</queryName><params><param>'
        "<name>EQ_bizStep</name><value><string>packing</string></value></param></params></epcisq:Poll>"
    )
    made = await acme.call("POST", "/queries", content=poll, headers={"Content-Type": "application/xml"})
    assert made.status_code == 201, made.text
    assert (await acme.get("/queries/packed")).json() == {"name": "packed", "query": {"EQ_bizStep": ["packing"]}}
    for path in ("/queries", "/queries/packed"):
        shown = await acme.get(path, headers={"Accept": "text/xml"})
        assert shown.headers["content-type"].startswith("text/xml")
        assert b"packed" in shown.content


async def test_a_webhook_is_subscribed_listed_and_deleted(acme: Party) -> None:
    await acme.call("POST", "/queries", json=SHIPPED)
    made = await acme.call("POST", "/queries/shipped/subscriptions", json=WEBHOOK)
    assert made.status_code == 201, made.text
    told = made.json()
    path = f"/queries/shipped/subscriptions/{told['subscriptionID']}"
    assert made.headers["location"] == f"http://trailseal.test/epcis{path}"
    assert (told["dest"], told["stream"], told["epcFormat"]) == (WEBHOOK["dest"], True, "Always_GS1_Digital_Link")
    assert "a secret" not in made.text
    assert (await acme.get(path)).json() == told
    scheduled = {"dest": WEBHOOK["dest"], "schedule": {"hour": "1", "minute": "5"}, "reportIfEmpty": True}
    headers = {"GS1-EPC-Format": "Never_Translates"}
    second = (await acme.call("POST", "/queries/shipped/subscriptions", json=scheduled, headers=headers)).json()
    assert (second["schedule"], second["reportIfEmpty"]) == (scheduled["schedule"], True)
    assert second["epcFormat"] == "Never_Translates"
    found = (await acme.get("/queries/shipped/subscriptions?perPage=1")).json()
    rest = (await acme.get("/queries/shipped/subscriptions?perPage=10")).json()
    assert len(found) == 1
    assert {one["subscriptionID"] for one in rest} == {told["subscriptionID"], second["subscriptionID"]}
    as_xml = await acme.get(path, headers={"Accept": "application/xml"})
    assert told["subscriptionID"].encode() in as_xml.content
    assert (await acme.call("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE", "OPTIONS"):
        gone = await acme.call(method, path)
        assert gone.status_code == 404
        assert gone.json()["type"] == "epcisException:NoSuchResourceException"


async def test_subscriptions_that_make_no_sense_are_refused(acme: Party) -> None:
    await acme.call("POST", "/queries", json=SHIPPED)
    dest = WEBHOOK["dest"]
    bodies: list[Any] = [
        {"dest": dest},
        {"dest": dest, "stream": True, "schedule": {"hour": "1"}},
        {"dest": dest, "schedule": {"hour": "25"}},
        {"dest": dest, "schedule": {}},
        {"stream": True},
        {"dest": "http://10.0.0.1/", "stream": True},
        {"dest": "file:///etc/passwd", "stream": True},
        {"dest": dest, "stream": True, "signatureToken": ""},
        [],
    ]
    for body in bodies:
        answer = await acme.call("POST", "/queries/shipped/subscriptions", json=body)
        assert answer.status_code == 400, body
        assert answer.json()["type"] == "epcisException:SubscriptionControlsException", body
    absent = await acme.call("POST", "/queries/none/subscriptions", json=WEBHOOK)
    assert (absent.status_code, absent.json()["type"]) == (404, "epcisException:NoSuchNameException")
    for odd in ("x", "%00", "a%2Fb", "é", "00000000-0000-4000-8000-000000000000"):
        answer = await acme.get(f"/queries/shipped/subscriptions/{odd}")
        assert (answer.status_code, answer.json()["slug"]) == (404, "subscription-not-found")
        assert (await acme.get(f"/queries/{odd}")).status_code == 404
