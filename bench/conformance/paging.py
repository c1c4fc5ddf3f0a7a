"""Paging: `perPage`, `nextPageToken`, `Link` (RFC 8288) and GS1-Next-Page-Token-Expires, each list to its end."""

from datetime import datetime
from typing import Any

import httpx

from bench.conformance import examples
from bench.conformance.asking import definition
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.service import NEVER, event_list, next_link, told
from bench.conformance.world import World

LISTS = (
    "/capture", "/events", "/eventTypes", "/eventTypes/{eventType}/events", "/epcs", "/epcs/{epc}/events", "/bizSteps",
    "/bizSteps/{bizStep}/events", "/bizLocations", "/bizLocations/{bizLocation}/events", "/readPoints",
    "/readPoints/{readPoint}/events", "/dispositions", "/dispositions/{disposition}/events", "/queries",
    "/queries/{queryName}/subscriptions", "/queries/{queryName}/events",
)  # fmt: skip


def paging(group: Group, world: World) -> None:
    """Part of group rest."""
    party = world.party
    for at in range(2):
        party.send("POST", "/queries", json=definition(f"page{at}x{examples.fresh()}", {"EQ_bizStep": ["holding"]}))
    group.each(LISTS, lambda template: _to_the_end(group, world, template))
    with group.check("a page token that is none: 400"):
        answer = party.get("/events", params={"nextPageToken": "no-such-token"})
        expect_equal(answer.status_code, 400, told(answer))
    for wrong in ("0", "-1", "many"):
        with group.check(f"perPage={wrong}: 400"):
            expect_equal(party.get("/events", params={"perPage": wrong}).status_code, 400, "status")
    with group.check("without perPage, a page has at most 30 events (OpenAPI: default 30)"):
        events = [
            examples.object_event(["urn:epc:id:sgtin:9521321.000001.page"], eventTime=f"2026-03-01T13:00:{at:02d}Z")
            for at in range(35)
        ]
        party.captured(examples.encoded(events))
        answer = party.get("/epcs/urn%3Aepc%3Aid%3Asgtin%3A9521321.000001.page/events")
        expect_equal(len(event_list(answer.json())), 30, "events on the first page")
        expect(next_link(answer), "no Link to a second page")


def _to_the_end(group: Group, world: World, template: str) -> None:
    party, path = world.party, world.path(template)
    with group.check(f"GET {template}: perPage=1 to the end is the same as all at once"):
        whole = items(party.get(path, params={"perPage": "1000"}, headers=NEVER))
        single: list[Any] = []
        for page in party.pages(path, (), 1, headers=NEVER):
            here = items(page)
            expect(len(here) <= 1, f"{len(here)} items on a page of one")
            single += here
        expect(len(single) == len(whole), f"{len(whole)} at once, {len(single)} page by page")
        expect_equal(sorted(map(key, single)), sorted(map(key, whole)), "items")
    with group.check(f"GET {template}: Link and GS1-Next-Page-Token-Expires where there is more, none at the end"):
        answer = party.get(path, params={"perPage": "1"})
        if next_link(answer) is not None:
            expires = answer.headers.get("GS1-Next-Page-Token-Expires")
            expect(expires, "Link to a next page without GS1-Next-Page-Token-Expires")
            datetime.fromisoformat(str(expires))
            expect("nextPageToken=" in str(next_link(answer)), f"Link {answer.headers['Link']}")
        answer = party.get(path, params={"perPage": "1000"})
        expect(next_link(answer) is None, f"Link on the only page: {answer.headers.get('Link')}")


def items(answer: httpx.Response) -> list[Any]:
    """What is listed on a page: events, members, or the list itself."""
    expect_equal(answer.status_code, 200, f"GET {answer.request.url} ({told(answer)})")
    value = answer.json()
    if isinstance(value, list):
        return value
    return list(value["member"]) if "member" in value else event_list(value)


def key(item: Any) -> str:
    """What tells one item from another."""
    if isinstance(item, dict):
        return str(item.get("eventID") or item.get("captureID") or item.get("subscriptionID") or item.get("name"))
    return str(item)
