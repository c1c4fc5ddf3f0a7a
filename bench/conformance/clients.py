"""What clients do otherwise than the examples: media types, encodings, answers sent on, HEAD, paging meanwhile."""

import json
from collections.abc import Iterator

from bench.conformance import content, examples, freight, xmlform
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.examples import sgtin
from bench.conformance.service import JSON, NEVER, XML, Connection, event_list, next_link, told
from bench.conformance.world import World

NAMESPACES = {"example": examples.EXAMPLE}
HEADABLE = ("/", "/events", "/events/{eventID}", "/epcs", "/capture", "/queries", "/queries/{queryName}/events")


def clients(group: Group, world: World) -> None:
    """Part of group rest."""
    for title, body, media_type in _spelled():
        with group.check(f"captured: {title}"):
            world.party.captured(body, media_type)
    for value in ("2.0", "2.0.0"):
        with group.check(f"captured with GS1-EPCIS-Version and GS1-CBV-Version {value}"):
            headers = {"GS1-EPCIS-Version": value, "GS1-CBV-Version": value}
            world.party.captured(examples.encoded([examples.object_event()]), JSON, **headers)
    for template in HEADABLE:
        with group.check(f"HEAD {template} is GET without its content (RFC 9110, 9.3.2)"):
            answer = world.party.send("HEAD", world.path(template))
            expect_equal((answer.status_code, answer.content), (200, b""), "status and content")
    _sent_on(group, world)
    _meanwhile(group, world)


def _spelled() -> Iterator[tuple[str, bytes, str]]:
    """Documents that say the same as any, in other media types and encodings."""

    def text() -> str:
        event = examples.object_event(**{"example:city": "Zürich"})
        return xmlform.document([event], NAMESPACES).decode()

    def json_bytes() -> bytes:
        return examples.encoded([examples.object_event(**{"example:city": "Zürich"})])

    yield "JSON as application/ld+json", json_bytes(), "application/ld+json"
    yield "JSON with a charset", json_bytes(), "application/json; charset=utf-8"
    yield "XML as text/xml", text().encode(), "text/xml"
    yield "XML with a charset", text().encode(), "application/xml; charset=UTF-8"
    yield "XML in ISO-8859-1", text().replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("latin-1"), XML
    yield "XML in UTF-16", text().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"), XML
    yield "XML with a byte order mark", text().encode("utf-8-sig"), XML
    yield "XML without a declaration", text().partition("?>\n")[2].encode(), XML
    yield "XML with a default namespace for extensions", _default_namespace(text()), XML


def _default_namespace(text: str) -> bytes:
    """The extension's namespace declared on the extension element itself."""
    return (
        text.replace("<example:city>", f'<city xmlns="{examples.EXAMPLE}">')
        .replace("</example:city>", "</city>")
        .encode()
    )


def _sent_on(group: Group, world: World) -> None:
    """What one party is answered, another can capture: an EPCISQueryDocument (OpenAPI), nothing lost on the way.

    Both are on the trails of the same things then, so the sender sees the receiver's events beside its own.
    """
    ways: tuple[tuple[str, dict[str, str]], ...] = ((JSON, NEVER), (XML, NEVER), (JSON, {}), (XML, {}))
    for at, (media_type, headers) in enumerate(ways):
        with group.check(f"an answer in {media_type} {'as stored' if headers else 'as links'} can be captured"):
            sender, sent = world.service.party("sender"), _things_of_its_own(9521801 + at)
            sender.captured(sent)
            answer = sender.get("/events", params={"perPage": "100"}, headers={**headers, "Accept": media_type})
            expect_equal(answer.status_code, 200, told(answer))
            world.service.party("receiver").captured(answer.content, media_type)
            wanted = {event["eventID"]: event for event in content.json_events(json.loads(sent))}
            found = [
                event for page in sender.pages("/events", headers=NEVER) for event in content.json_events(page.json())
            ]
            expect_equal(sorted(event["eventID"] for event in found), sorted([*wanted, *wanted]), "eventIDs")
            apart = [more for event in found for more in content.differences(wanted[event["eventID"]], event)]
            expect(not headers or not apart, "; ".join(apart[:3]))


def _things_of_its_own(prefix: int) -> bytes:
    """The freight's events about things of another company, so that no other party is on their trails."""
    events = {label: event for label, event in freight.events().items() if label != "linked"}
    # Attributes hold text, so an extension of sensor metadata that is an object has no form in XML.
    events["sensed"]["sensorElementList"] = [
        {
            "sensorMetadata": {"time": freight.hour(16), "example:note": "n"},
            "sensorReport": [{"type": "Temperature", "value": 4.0, "uom": "CEL", "component": "latitude"}],
            "example:inner": {"example:leaf": 3},
        }
    ]
    return examples.encoded(events.values()).replace(examples.PREFIX.encode(), str(prefix).encode())


def _meanwhile(group: Group, world: World) -> None:
    """Pages of a party that goes on capturing: what was there at the beginning comes once."""
    party = world.service.party("paging")
    first = [_captured(party, at) for at in range(9)]
    for order in (
        {},
        {"orderBy": "eventTime", "orderDirection": "ASC"},
        {"orderBy": "eventTime", "orderDirection": "DESC"},
    ):
        with group.check(f"pages of 2 while others are captured, {order.get('orderDirection', 'without order')}"):
            answer = party.get("/events", params={**order, "LT_recordTime": "2999-01-01T00:00:00Z", "perPage": "2"})
            seen: list[str] = []
            for at in range(60):
                expect_equal(answer.status_code, 200, told(answer))
                seen += [event["eventID"] for event in event_list(answer.json())]
                following = next_link(answer)
                if following is None:
                    break
                if at < 3:
                    _captured(party, 20 + at)
                answer = party.http.get(party.absolute(following))
            expect(len(seen) == len(set(seen)), "an event came twice")
            expect(set(first) <= set(seen), f"{len(set(first) - set(seen))} events never came")
    with group.check("another party's page token is refused, or gives nothing of the first"):
        link = next_link(party.get("/events", params={"perPage": "2"}))
        stranger = world.service.party("stranger")
        answer = stranger.http.get(stranger.absolute(str(link)))
        expect(answer.status_code in (400, 404) or event_list(answer.json()) == [], told(answer))


def _captured(party: Connection, at: int) -> str:
    event = examples.object_event([sgtin(f"m{examples.fresh()}")], eventTime=f"2026-03-01T12:{at:02d}:00.000Z")
    answer = party.send("POST", "/events", json=event)
    expect_equal(answer.status_code, 201, told(answer))
    return str(event["eventID"])
