"""Every fixed parameter and every family of the query language (EPCIS 2.0, 8.2.7.1), once to find and once to miss."""

from pathlib import Path
from typing import Any

from bench.conformance import examples, families, freight, parameters
from bench.conformance.asking import EXTENSIONS, WAYS, ask, definition, pairs
from bench.conformance.cases import Inquiry
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.service import NEVER, Connection, Service, event_list, told

CASES = (
    *parameters.fixed(),
    *parameters.matches(),
    *parameters.places(),
    *parameters.measured(),
    *families.extensions(),
    *families.sensors(),
)


def queries(group: Group, service: Service, _: Path) -> None:
    """Group queries."""
    party, events = service.party("queries"), freight.events()
    labels = {event["eventID"]: label for label, event in events.items()}
    with group.check("the events and their master data are captured"):
        party.captured(examples.encoded(events.values(), epcisHeader=freight.header()))

    inquiry = Inquiry(group, party, labels)
    group.each(CASES, inquiry.judge)
    _ordering(inquiry)
    _limits(group, party)
    _refused(group, party)
    _spellings(inquiry)


def _ordering(inquiry: Inquiry) -> None:
    group, by_time = inquiry.group, [*freight.events()]
    for way in WAYS:
        for direction, wanted in (("ASC", by_time), ("DESC", by_time[::-1]), (None, by_time[::-1])):
            with group.check(f"orderBy eventTime, orderDirection {direction or 'left out'}, {way}"):
                asked: dict[str, Any] = {"orderBy": "eventTime"}
                asked |= {"orderDirection": direction} if direction else {}
                expect_equal(inquiry.ordered(asked, way), wanted, "the order")
        with group.check(f"orderBy recordTime, {way}"):
            found = inquiry.ordered({"orderBy": "recordTime", "orderDirection": "ASC"}, way)
            expect_equal(sorted(found), sorted(by_time), "events")
        for field in ("example:count", "example:kind"):
            for direction, order in (("ASC", ["commission", "pack"]), ("DESC", ["pack", "commission"])):
                with group.check(f"orderBy {field}, {direction}, {way}"):
                    question: dict[str, Any] = {"orderBy": field, "orderDirection": direction, f"EXISTS_{field}": True}
                    expect_equal(inquiry.ordered(question, way), order, "the order")
        with group.check(f"eventCountLimit keeps the first, {way}"):
            question = {"orderBy": "eventTime", "orderDirection": "ASC", "eventCountLimit": 3}
            expect_equal(inquiry.ordered(question, way), by_time[:3], "the events")
    _paged(inquiry, by_time)


def _paged(inquiry: Inquiry, by_time: list[str]) -> None:
    for per_page in (1, 3):
        with inquiry.group.check(f"order and eventCountLimit hold over pages of {per_page}"):
            asked = {"orderBy": "eventTime", "orderDirection": "DESC", "eventCountLimit": "5"}
            pages = inquiry.party.pages("/events", asked, per_page)
            found = [inquiry.label(event) for page in pages for event in event_list(page.json())]
            expect_equal(found, by_time[::-1][:5], "the events")
    with inquiry.group.check("a page is not longer than perPage"):
        sizes = [len(event_list(page.json())) for page in inquiry.party.pages("/events", (), 4)]
        expect(max(sizes) <= 4 and sum(sizes) == len(by_time), f"page sizes {sizes}")


def _limits(group: Group, party: Connection) -> None:
    total = len(freight.events())
    with group.check("maxEventCount that is not exceeded"):
        expect_equal(len(ask(party, {"maxEventCount": total})), total, "events")
    with group.check("maxEventCount exceeded: 413 QueryTooLargeException"):
        answer = party.get("/events", params={"maxEventCount": str(total - 1)})
        expect_equal(answer.status_code, 413, f"GET /events ({told(answer)})")
        expect_equal(answer.json()["type"], "epcisException:QueryTooLargeException", "type")


def _refused(group: Group, party: Connection) -> None:
    """What the query language itself refuses (8.2.7.1, 8.2.5), in both ways of asking."""
    parameter, faulty = "QueryParameterException", "a query"
    for title, asked, exception in (
        ("EQ_action with another word", {"EQ_action": ["MOVE"]}, parameter),
        ("orderDirection with another word", {"orderBy": "eventTime", "orderDirection": "UP"}, parameter),
        (
            "eventCountLimit with maxEventCount",
            {"orderBy": "eventTime", "eventCountLimit": 1, "maxEventCount": 1},
            parameter,
        ),
        ("eventCountLimit without orderBy", {"eventCountLimit": 1}, parameter),
        ("a parameter that there is not", {"EQ_bizzStep": ["shipping"]}, parameter),
        ("a time that is none", {"GE_eventTime": "yesterday"}, parameter),
        ("a number that is none", {"GE_quantity": "many"}, parameter),
        ("a limit that is not positive", {"orderBy": "eventTime", "eventCountLimit": -1}, parameter),
    ):
        with group.check(f"{title} is refused, url"):
            answer = party.get("/events", params=pairs(asked))
            expect_equal(answer.status_code, 400, f"GET /events of {faulty} {asked} ({told(answer)})")
            expect_equal(answer.json()["type"], f"epcisException:{exception}", "type")
        with group.check(f"{title} is refused, named"):
            answer = party.send("POST", "/queries", json=definition("refused", asked))
            if answer.status_code == 201:
                party.send("DELETE", "/queries/refused")
            expect_equal(answer.status_code, 400, f"POST /queries of {faulty} {asked} ({told(answer)})")
            expect(answer.json()["type"].startswith("epcisException:Query"), f"type {answer.json()['type']}")


def _spellings(inquiry: Inquiry) -> None:
    """What clients write otherwise than the examples."""
    group, party = inquiry.group, inquiry.party

    def expect_labels(query_string: str, wanted: list[str]) -> None:
        answer = party.http.get(f"/epcis/events?{query_string}", headers={**NEVER, **EXTENSIONS})
        expect_equal(answer.status_code, 200, f"GET /events?{query_string} ({told(answer)})")
        expect_equal(sorted(inquiry.label(event) for event in event_list(answer.json())), wanted, "events")

    with group.check("CBV values as URN and as web URI"):
        words = "urn:epcglobal:cbv:bizstep:packing|https://ref.gs1.org/cbv/BizStep-shipping"
        expect_labels(f"EQ_bizStep={words}", ["order", "pack"])
    for title, text in (("%7C", "EQ_bizStep=packing%7Cshipping"), ("a bare |", "EQ_bizStep=packing|shipping")):
        with group.check(f"values joined by {title}"):
            expect_labels(text, ["order", "pack"])
    with group.check("a parameter given twice"):
        expect_labels("EQ_bizStep=packing&EQ_bizStep=shipping", ["order", "pack"])
    with group.check("EXISTS_ without a value"):
        expect_labels("EXISTS_example:when=", ["commission"])
    with group.check("EXISTS_ with null in a named query"):
        inquiry.expect({"EXISTS_errorDeclaration": None}, ["declared"], "named")
    with group.check("EQ_eventID"):
        first, second, *_ = inquiry.labels
        found = {event["eventID"] for event in ask(party, {"EQ_eventID": [first, second]})}
        expect_equal(found, {first, second}, "events")
        expect_equal(ask(party, {"EQ_eventID": ["urn:uuid:00000000-0000-4000-8000-000000000000"]}), [], "events")
