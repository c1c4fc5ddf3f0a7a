from typing import Any
from urllib.parse import quote

import httpx

from tests.api.documents import document, event, item

from .conftest import Party
from .test_events import listed, serials

URN = "urn:epc:id:sgtin:9521321.000001.10001"
LINK = item("10001")
PLACE, PLACE_LINK = "urn:epc:id:sgln:9521321.00002.0", "https://id.gs1.org/414/9521321000025"


async def members(party: Party, path: str, **headers: str) -> list[str]:
    """The members of a collection, over all its pages."""
    found: list[str] = []
    url = f"http://trailseal.test/epcis{path}"
    while url:
        page = await party.service.call("GET", url, party.token, headers=headers)
        assert page.status_code == 200, page.text
        assert page.json()["type"] == "Collection"
        found += page.json()["member"]
        url = str(page.links.get("next", {}).get("url", ""))
    assert len(found) == len(set(found))
    return found


async def test_standard_values_are_always_there_and_others_once_they_are_used(acme: Party) -> None:
    assert len(await members(acme, "/eventTypes")) == 5
    assert {"shipping", "receiving", "void_shipping"} <= set(await members(acme, "/bizSteps?perPage=7"))
    assert {"in_transit", "active"} <= set(await members(acme, "/dispositions"))
    for path in ("/epcs", "/bizLocations", "/readPoints"):
        assert await members(acme, path) == []
    own = "https://example.com/steps/baking"
    lost = "https://example.com/disp/lost"
    told = event("1", bizStep=own, disposition=lost, readPoint={"id": PLACE}, bizLocation={"id": "urn:x:shed"})
    await acme.capture(document(told, event("2", epcList=[URN], bizStep="shipping")))
    steps = await members(acme, "/bizSteps?perPage=10")
    assert own in steps
    assert steps.count("shipping") == 1
    assert lost in await members(acme, "/dispositions?perPage=1")
    assert await members(acme, "/readPoints") == [PLACE_LINK]
    assert await members(acme, "/bizLocations") == ["urn:x:shed"]
    assert sorted(await members(acme, "/epcs?perPage=1")) == [item("1"), LINK]


async def test_prefixes_that_the_client_declares_are_written_and_read(acme: Party) -> None:
    await acme.capture(document(event("1", bizStep="https://example.com/steps/baking")))
    headers = {"GS1-Extensions": "ex=https://example.com/steps/"}
    answer = await acme.get("/bizSteps?perPage=100", headers=headers)
    assert "ex:baking" in answer.json()["member"]
    assert answer.json()["@context"][1] == {"ex": "https://example.com/steps/"}
    assert serials(await acme.get("/bizSteps/ex:baking/events", headers=headers)) == ["1"]


async def test_a_value_leads_to_its_events_in_every_spelling(acme: Party) -> None:
    place = {"id": PLACE}
    told = event("x", epcList=[URN], disposition="in_transit", readPoint=place, bizLocation=place)
    await acme.capture(document(told, event("other", bizStep="receiving")))
    spellings = {
        "epcs": [URN, LINK, "https://example.com/gtin/09521321000018/ser/10001"],
        "readPoints": [PLACE, PLACE_LINK],
        "bizLocations": [PLACE, PLACE_LINK],
        "bizSteps": ["shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"],
        "dispositions": ["in_transit", "urn:epcglobal:cbv:disp:in_transit", "https://ref.gs1.org/cbv/Disp-in_transit"],
    }
    for name, values in spellings.items():
        for value in values:
            for written in {value, quote(value, safe=""), value.replace("://", ":/")}:
                about = await acme.get(f"/{name}/{written}")
                assert about.status_code == 200, (name, written, about.text)
                assert about.json()["member"] == ["events"]
                found = await acme.get(f"/{name}/{written}/events")
                assert [one["epcList"] for one in listed(found)] == [[LINK]], (name, written)
                more = await acme.get(f"/{name}/{written}/events?EQ_action=ADD")
                assert listed(more) == []
    assert len(listed(await acme.get("/eventTypes/ObjectEvent/events"))) == 2
    assert listed(await acme.get("/eventTypes/TransformationEvent/events")) == []


async def test_a_lot_leads_to_the_events_of_its_class(acme: Party) -> None:
    lot = "urn:epc:class:lgtin:9521321.000001.L1"
    await acme.capture(document(event("x", epcList=[], quantityList=[{"epcClass": lot, "quantity": 3}])))
    link = "https://id.gs1.org/01/09521321000018/10/L1"
    assert await members(acme, "/epcs") == [link]
    for value in (lot, link):
        assert len(listed(await acme.get(f"/epcs/{quote(value, safe='')}/events"))) == 1


async def test_a_place_whose_name_ends_like_a_path_is_told_apart_where_it_is_encoded(acme: Party) -> None:
    place, tail = "https://example.com/shed", "https://example.com/shed/events"
    await acme.capture(document(event("1", readPoint={"id": place}), event("2", readPoint={"id": tail})))
    assert serials(await acme.get(f"/readPoints/{quote(place, safe='')}/events")) == ["1"]
    assert serials(await acme.get(f"/readPoints/{quote(tail, safe='')}/events")) == ["2"]
    assert (await acme.get(f"/readPoints/{quote(tail, safe='')}")).json()["member"] == ["events"]
    assert serials(await acme.get(f"/readPoints/{place}/events")) == ["1"]
    assert serials(await acme.get(f"/readPoints/{tail}/events")) == ["2"]


async def test_what_no_event_has_is_not_there(acme: Party, party: Any) -> None:
    await acme.capture(document(event("1", epcList=[URN])))
    stranger = await party("stranger")
    paths = [f"/epcs/{quote(LINK, safe='')}"]
    for value in ("urn:x:none", "nothing", "%00", "%ff", "a%0Ab", "%20", "%25", "x" * 3000, "urn:epc:id:sgtin:1.2.3"):
        paths += [f"/{name}/{value}" for name in ("epcs", "readPoints", "bizLocations", "bizSteps", "dispositions")]
        paths.append(f"/eventTypes/{value}")
    for path in paths:
        for probed in (path, f"{path}/events"):
            answer = await stranger.get(probed)
            assert answer.status_code == 404, probed
            assert answer.json()["type"] == "epcisException:NoSuchResourceException"
    assert (await stranger.call("OPTIONS", paths[0])).status_code == 404


async def test_pages_of_a_value_lead_to_the_end(acme: Party) -> None:
    place = {"id": PLACE}
    await acme.capture(document(*(event(str(serial), readPoint=place) for serial in range(5))))
    seen: list[str] = []
    page: httpx.Response | None = await acme.get(f"/readPoints/{quote(PLACE, safe='')}/events?perPage=2")
    while page is not None:
        seen += serials(page)
        url = page.links.get("next", {}).get("url")
        page = await acme.service.call("GET", url, acme.token) if url else None
    assert sorted(seen) == list("01234")


async def test_a_token_that_makes_no_sense_is_refused(acme: Party) -> None:
    for path in ("/bizSteps", "/epcs", "/eventTypes", "/readPoints", "/queries"):
        for token in ("x", "s", "sx", "v!", "vx", "s" + "9" * 400, "%00", "n%00", "nx"):
            answer = await acme.get(f"{path}?nextPageToken={token}")
            assert answer.status_code == 400, (path, token)
            assert answer.json()["type"] == "epcisException:QueryParameterException"


async def test_identifiers_are_listed_as_they_were_sent_where_that_is_asked_for(acme: Party, party: Any) -> None:
    place = {"id": PLACE}
    await acme.capture(document(event("x", epcList=[URN], readPoint=place, bizLocation=place), event("link")))
    for wanted, epcs, at in (
        (None, [LINK, item("link")], PLACE_LINK),
        ("Always_GS1_Digital_Link", [LINK, item("link")], PLACE_LINK),
        ("Always_EPC_URN", [URN, item("link")], PLACE),
        ("Never_Translates", [URN, item("link")], PLACE),
    ):
        headers = {"GS1-EPC-Format": wanted} if wanted else {}
        assert sorted(await members(acme, "/epcs?perPage=1", **headers)) == sorted(epcs), wanted
        assert await members(acme, "/readPoints", **headers) == [at]
        assert await members(acme, "/bizLocations", **headers) == [at]
    auditor = await party("auditor", roles=["auditor"])
    assert await members(auditor, "/readPoints", **{"GS1-EPC-Format": "Never_Translates"}) == [PLACE]
    stranger = await party("stranger")
    assert await members(stranger, "/epcs", **{"GS1-EPC-Format": "Never_Translates"}) == []
