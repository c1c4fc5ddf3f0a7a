import random
import string
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from tests.api.documents import document, event

from .conftest import Party

SITES = "urn:epcglobal:epcis:vtype:BusinessLocation"
PLANT, HALL, DOCK = (f"urn:epc:id:sgln:9521001.0000{index}.0" for index in range(3))
NAME, CITY = "urn:epcglobal:cbv:mda#name", "urn:epcglobal:cbv:mda#city"


def told(*elements: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    vocabulary = {"type": SITES, "vocabularyElementList": list(elements)}
    return {
        **document(*events),
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}},
    }


PLACES = told(
    {"id": PLANT, "attributes": [{"id": NAME, "attribute": "Plant"}], "children": [HALL]},
    {
        "id": HALL,
        "attributes": [{"id": NAME, "attribute": "Hall"}, {"id": CITY, "attribute": "Köln"}],
        "children": [DOCK],
    },
    {"id": DOCK, "attributes": [{"id": NAME, "attribute": "Dock"}]},
)


async def names(party: Party, **parameters: Any) -> list[str]:
    answer = await party.get("/vocabularies", params=parameters)
    assert answer.status_code == 200, answer.text
    results = answer.json()["epcisBody"]["queryResults"]
    assert results["queryName"] == "SimpleMasterDataQuery"
    elements = [one for each in results["resultsBody"]["vocabularyList"] for one in each["vocabularyElementList"]]
    return [next(each["attribute"] for each in one["attributes"] if each["id"] == NAME) for one in elements]


async def test_master_data_without_events_is_captured_and_asked_for(acme: Party) -> None:
    job = (await acme.get(await acme.capture(PLACES))).json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    assert await names(acme) == ["Plant", "Hall", "Dock"]
    assert await names(acme, vocabularyName=SITES, EQ_name=HALL) == ["Hall"]
    assert await names(acme, WD_name="https://id.gs1.org/414/9521001000017") == ["Hall", "Dock"]
    assert await names(acme, HASATTR=CITY) == ["Hall"]
    assert await names(acme, **{f"EQATTR_{NAME}": "Dock|Plant"}) == ["Plant", "Dock"]
    assert await names(acme, vocabularyName="urn:epcglobal:epcis:vtype:EPCClass") == []


async def test_the_last_word_counts_wholly(acme: Party) -> None:
    await acme.capture(PLACES)
    await acme.capture(told({"id": HALL, "attributes": [{"id": NAME, "attribute": "Hall 2"}]}))
    assert await names(acme) == ["Plant", "Hall 2", "Dock"]
    assert await names(acme, HASATTR=CITY) == []
    assert await names(acme, WD_name=PLANT) == ["Plant", "Hall 2"]


async def test_events_are_found_by_places_above_theirs(acme: Party) -> None:
    await acme.capture(
        told(
            *PLACES["epcisHeader"]["epcisMasterData"]["vocabularyList"][0]["vocabularyElementList"],
            events=(event("1", bizLocation={"id": DOCK}),),
        )
    )
    found = (await acme.get("/events", params={"WD_bizLocation": PLANT})).json()
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1
    found = (await acme.get("/events", params={f"EQATTR_bizLocation_{NAME}": "Dock"})).json()
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


async def test_pages_show_every_element_once(acme: Party) -> None:
    await acme.capture(PLACES)
    seen: list[str] = []
    path: str | None = "/vocabularies?perPage=1"
    while path is not None:
        answer = await acme.get(path)
        lists = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["vocabularyList"]
        seen += [one["id"] for each in lists for one in each["vocabularyElementList"]]
        link = answer.headers.get("link")
        path = link.partition("/epcis")[2].partition(">")[0] if link else None
    assert seen == [f"https://id.gs1.org/414/{gln}" for gln in ("9521001000000", "9521001000017", "9521001000024")]


async def test_other_parties_see_it_with_a_grant_only(acme: Party, party: Callable[..., Awaitable[Party]]) -> None:
    await acme.capture(PLACES)
    bolt = await party("bolt")
    assert await names(bolt) == []
    granted = await acme.service.call("PUT", f"/v1/grants/{bolt.id}", acme.token)
    assert granted.status_code in (200, 201, 204), granted.text
    assert await names(bolt) == ["Plant", "Hall", "Dock"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"vocabulary": SITES},
        {"EQ_name": "no uri"},
        {"includeAttributes": "perhaps"},
        {"maxElementCount": "-1"},
        {"maxElementCount": "1e400"},
        {"maxElementCount": "0000000001" + "9" * 40},
        {"maxElementCount": "100001"},
        {"vocabularyName": "\0"},
        {"EQATTR_urn:x:a": "\0"},
        {"HASATTR": ""},
        {"nextPageToken": "!"},
    ],
)
async def test_a_wrong_parameter_is_named(acme: Party, parameters: dict[str, str]) -> None:
    answer = await acme.get("/vocabularies", params=parameters)
    assert answer.status_code == 400, answer.text
    assert next(iter(parameters)) in answer.json()["detail"]


async def test_too_many_elements_are_refused(acme: Party) -> None:
    await acme.capture(PLACES)
    answer = await acme.get("/vocabularies", params={"maxElementCount": 2})
    assert (answer.status_code, answer.json()["type"]) == (413, "epcisException:QueryTooLargeException")


async def test_an_element_as_long_as_may_be_is_kept(acme: Party) -> None:
    """Of text that does not compress: an index entry has little room."""
    draw = random.Random(1)

    def text(length: int) -> str:
        return "urn:x:" + "".join(draw.choices(string.ascii_letters + string.digits, k=length - 6))

    document = orjson.loads(orjson.dumps(PLACES))
    vocabulary: dict[str, Any] = {
        "type": text(500),
        "vocabularyElementList": [{"id": text(2048), "children": [text(2048)]}],
    }
    document["epcisHeader"]["epcisMasterData"]["vocabularyList"] = [vocabulary]
    await acme.capture(document)
    answer = await acme.get("/vocabularies", params={"vocabularyName": vocabulary["type"]})
    assert answer.json()["epcisBody"]["queryResults"]["resultsBody"]["vocabularyList"] == [vocabulary]
    vocabulary["type"] += "x"
    assert (await acme.call("POST", "/capture", json=document)).status_code == 400
