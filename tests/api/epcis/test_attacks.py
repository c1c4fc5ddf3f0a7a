"""What a member of the consortium who means harm tries by the bindings: to learn of others, and to hold others up."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from service.capture.draft import Drafter
from service.epcis.identifiers import canonical
from tests.api.conftest import Serve
from tests.api.documents import document
from tests.api.documents import event as event_of

from .conftest import Party

Join = Callable[..., Awaitable[Party]]
THING = "https://id.gs1.org/01/04012345111118/21/its-own"
SECRET: dict[str, Any] = {
    "eventID": "urn:uuid:00000000-0000-4000-8000-00000000cafe",
    "epcList": [THING],
    "bizStep": "https://example.com/steps/secret",
    "disposition": "https://example.com/dispositions/secret",
    "readPoint": {"id": "https://example.com/places/secret"},
    "bizLocation": {"id": "https://example.com/halls/secret"},
}
PATHS = {
    "/events/": SECRET["eventID"],
    "/epcs/": THING,
    "/bizSteps/": SECRET["bizStep"],
    "/dispositions/": SECRET["disposition"],
    "/readPoints/": "https://example.com/places/secret",
    "/bizLocations/": "https://example.com/halls/secret",
    "/queries/": "secret",
}
QUERIES: list[dict[str, str]] = [
    {"EQ_eventID": "urn:uuid:00000000-0000-4000-8000-00000000cafe"},
    {"MATCH_anyEPC": THING},
    {"EQ_bizStep": "https://example.com/steps/secret"},
    {"WD_readPoint": "https://example.com/places/site"},
    {"HASATTR_readPoint": "https://example.com/attributes/secret"},
    {"EQATTR_readPoint_https://example.com/attributes/secret": "yes"},
    {"maxEventCount": "1"},
    {"orderBy": "eventTime", "maxEventCount": "1"},
]


def event(**members: Any) -> dict[str, Any]:
    return event_of("1", **members)


def master_data() -> dict[str, Any]:
    attribute = {"id": "https://example.com/attributes/secret", "attribute": "yes"}
    place = {"id": "https://example.com/places/secret", "attributes": [attribute]}
    site = {"id": "https://example.com/places/site", "children": ["https://example.com/places/secret"]}
    vocabulary = {"type": "urn:epcglobal:epcis:vtype:ReadPoint", "vocabularyElementList": [place, site]}
    return {"epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}}}


@pytest.fixture
async def rival(acme: Party, party: Join) -> Party:
    """A party without part in what acme told, subscribed to and asked for."""
    await acme.capture(document(event(**SECRET)) | master_data())
    made = await acme.call("POST", "/queries", json={"name": "secret", "query": {}})
    assert made.status_code == 201, made.text
    return await party("rival")


def told(answer: httpx.Response, name: str) -> tuple[int, dict[str, str], str]:
    """An answer without what is its own: the request's id, and the name that was asked for."""
    headers = {key: value for key, value in answer.headers.items() if key not in ("x-request-id", "content-length")}
    text = answer.text.replace(answer.headers["x-request-id"], "").replace(quote(name, safe=""), "")
    return answer.status_code, headers, text.replace(name, "")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
async def test_what_others_have_is_told_like_what_nobody_has(rival: Party, method: str) -> None:
    for path, secret in PATHS.items():
        nothing = str(secret)[:-1] + "z"
        for rest in ("", "/events", "/subscriptions"):
            for form in ("application/json", "application/xml"):
                answers = [
                    told(
                        await rival.call(method, f"{path}{quote(str(name), safe='')}{rest}", headers={"Accept": form}),
                        str(name),
                    )
                    for name in (secret, nothing)
                ]
                assert answers[0] == answers[1], (path, rest)
                assert answers[0][0] in (404, 405), (path, rest)


@pytest.mark.parametrize("parameters", QUERIES, ids=lambda parameters: next(iter(parameters)))
async def test_no_query_tells_of_others_events(rival: Party, parameters: dict[str, str]) -> None:
    answer = await rival.get("/events", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []


@pytest.mark.parametrize("parameter", ["WD_readPoint", "HASATTR_readPoint", "EQATTR_readPoint_https"])
async def test_others_master_data_says_nothing_of_ones_own_events(rival: Party, parameter: str) -> None:
    """The rival's own event lies where acme's master data has a site and an attribute; it cannot ask by them."""
    await rival.capture(document(event(readPoint=SECRET["readPoint"])))
    wanted = next(one for one in QUERIES if next(iter(one)).startswith(parameter))
    answer = await rival.get("/events", params=wanted)
    assert answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []
    listed = await rival.get("/vocabularies", params={"WD_name": "https://example.com/places/site"})
    assert listed.json()["epcisBody"]["queryResults"]["resultsBody"]["vocabularyList"] == []


@pytest.mark.parametrize("path", ["/events", "/epcs", "/readPoints"])
async def test_a_page_token_is_of_no_use_to_another_party(acme: Party, rival: Party, path: str) -> None:
    for number in range(3):
        more = {"epcList": [f"{THING}{number}"], "readPoint": {"id": f"https://example.com/places/{number}"}}
        await acme.capture(document(event(**more)))
    first = await acme.get(path, params={"perPage": 1})
    onward = httpx.URL(first.headers["link"].partition(">")[0][1:]).params
    assert (await acme.get(path, params=onward)).status_code == 200
    assert (await rival.get(path, params=onward)).status_code == 400


async def test_a_context_is_not_multiplied_by_events_without_end(serve: Serve) -> None:
    """Each event is kept with the context of its document, so that it stands alone."""
    service = await serve(document_bytes="30000")
    id_, token = await service.member("bomber")
    assert (await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})).status_code == 201
    bomber = Party(service, id_, token)
    prefixes = {f"p{number}": f"https://example.com/{'x' * 100}/{number}/" for number in range(100)}
    bomb = document(*(event(epcList=[f"{THING}{number}"]) for number in range(20)))
    bomb["@context"].append(prefixes)
    for behaviour in ("rollback", "proceed"):
        refused = await bomber.call("POST", "/capture", json=bomb, headers={"GS1-Capture-Error-Behaviour": behaviour})
        assert refused.status_code == 413, refused.text
        assert "declare fewer prefixes" in refused.json()["detail"]
    await bomber.capture(bomb | {"epcisBody": {"eventList": bomb["epcisBody"]["eventList"][:3]}})


async def test_one_large_event_keeps_nobody_waiting(acme: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted_in: list[int] = []
    draft = Drafter.draft

    def noting(*given: Any) -> Any:
        drafted_in.append(threading.get_ident())
        return draft(*given)

    monkeypatch.setattr(Drafter, "draft", noting)
    await acme.capture(document(event(epcList=[f"{THING}{number}" for number in range(3_000)])))
    assert drafted_in
    assert threading.get_ident() not in drafted_in


def test_a_path_of_any_length_is_read_in_one_go() -> None:
    """Looked at anew from each segment on, this one would take a quarter of an hour."""
    page = "https://example.com/414/4012345000009/" + "01/" * 500_000 + "x"
    assert canonical(page) == page


HOSTILE = [
    *(f"/vocabularies?{name}=%00" for name in ("vocabularyName", "EQ_name", "HASATTR", "EQATTR_x", "nextPageToken")),
    *(f"/events?{name}=%00" for name in ("EQ_bizStep", "MATCH_epc", "orderBy", "EQ_%00", "EXISTS_%00", "perPage")),
    *(f"/{name}/%00%FF%ED%A0%80" for name in ("events", "epcs", "bizSteps", "queries", "capture", "nextPageToken")),
    "/vocabularies?maxElementCount=0000000001" + "9" * 50,
    "/events?GE_quantity=1e99999999&GE_value=" + "9" * 4400 + "^KGM",
    "/events?GE_eventTime=0001-01-01T00:00:00%2B14:00&LT_eventTime=9999-12-31T23:59:59-14:00",
    "/events?MATCH_anyEPC=urn:epc:idpat:" + "*." * 3000,
    "/events?EXISTS_INNER_" + "a/" * 3000,
    "/events?EQ_bizStep=%ED%A0%80&eventCountLimit=" + "9" * 30,
]


async def test_nothing_that_is_asked_fails_on_our_side(acme: Party) -> None:
    for url in HOSTILE:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            answer = await acme.call(method, url)
            assert answer.status_code < 500, (method, url[:80], answer.text)


async def test_nothing_that_is_told_becomes_markup(acme: Party) -> None:
    """Values and names of extensions, as XML: text, or refused; never elements, never an answer that cannot be read."""
    from lxml import etree

    values = ["</x><evil/>", "]]>", "<!--", "&xxe;", "\x07", "\uffff", "{http://x}evil", "\r\n"]
    names = [
        "ex:a b",
        "ex:a><evil",
        "ex:1",
        'ex:a"b',
        "ex:xmlns",
        "xmlns:foo",
        "ex:a&b",
        "http://example.com/<evil/>#x",
    ]
    members = [{"ex:n": value} for value in values] + [{name: "x"} for name in names]
    events = [
        event(**{"@context": {"ex": "urn:ex:"}, "epcList": [f"{THING}{number}"], **one})
        for number, one in enumerate(members)
    ]
    headers = {"GS1-Capture-Error-Behaviour": "proceed"}
    assert (await acme.call("POST", "/capture", json=document(*events), headers=headers)).status_code == 202
    answer = await acme.get("/events", params={"perPage": 100}, headers={"Accept": "application/xml"})
    assert answer.status_code == 200
    tree = etree.fromstring(answer.content)
    assert not [one for one in tree.iter() if "evil" in str(one.tag)]
    assert len(tree.findall(".//ObjectEvent")) >= len(values)
    for path in ("/events?<evil/>=1", "/events/<evil/>", "/queries/<evil/>", "/bizSteps/%07%EF%BF%BF"):
        problem = etree.fromstring((await acme.get(path, headers={"Accept": "application/xml"})).content)
        assert not [one for one in problem.iter() if "evil" in str(one.tag)]
    assert orjson.loads((await acme.get("/events")).content)
