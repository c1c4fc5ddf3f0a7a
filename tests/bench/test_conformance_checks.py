import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.conformance.__main__ import report, run
from bench.conformance.asking import pairs
from bench.conformance.checks import Failed, Group, expect, expect_equal
from bench.conformance.problems import expect_problem
from bench.conformance.service import next_link
from tests.shared import shared

from .conftest import Answer, Pretend


def test_a_failed_check_says_why_and_stops_no_other() -> None:
    group, answer = Group("g"), dict[str, str]()
    with group.check("one"):
        expect_equal(1, 2, "the number")
    with group.check("two"):
        expect(1 + 1 == 2, "arithmetic")
    with group.check("three"):
        expect(answer["epcisBody"], "never asked")
    assert (group.passed, group.total) == (1, 3)
    assert [(one.name, one.reason) for one in group.failures] == [
        ("one", "the number: expected 2, got 1"),
        ("three", "KeyError: 'epcisBody'"),
    ]


def test_the_last_line_is_json_and_the_status_tells_failure(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Group("good"), Group("bad")
    with good.check("holds"):
        expect(good, "")
    with bad.check("does not hold"):
        expect(False, "because")
    assert report([good], 1.0) == 0
    assert report([good, bad], 1.0) == 1
    assert report([Group("empty")], 1.0) == 1
    captured = capsys.readouterr()
    last = json.loads(captured.out.splitlines()[1])
    assert last == {
        "passed": 1,
        "total": 2,
        "good": {"passed": 1, "total": 1},
        "bad": {"passed": 0, "total": 1},
    }
    assert "bad: does not hold" in captured.err
    assert "because" in captured.err


def test_the_next_page_is_found_among_links() -> None:
    def link(value: str) -> str | None:
        return next_link(httpx.Response(200, headers={"Link": value}))

    assert link('<https://x.example/a?p=1>; rel="prev", </b?nextPageToken=t>; rel="next"') == "/b?nextPageToken=t"
    assert link('<https://x.example/a>; rel="prev"') is None
    assert next_link(httpx.Response(200)) is None


def test_a_query_in_json_becomes_a_query_string() -> None:
    asked = {"EQ_bizStep": ["shipping", "packing"], "GE_quantity": 1.5, "EXISTS_x": True, "EXISTS_y": None}
    assert pairs(asked) == [
        ("EQ_bizStep", "shipping|packing"),
        ("GE_quantity", "1.5"),
        ("EXISTS_x", "true"),
        ("EXISTS_y", ""),
    ]


PROBLEM = {"type": "epcisException:NoSuchNameException", "title": "Not found", "status": 404}


def problem(**changed: Any) -> httpx.Response:
    status = changed.pop("http_status", 404)
    headers = {"content-type": changed.pop("content_type", "application/problem+json")}
    request = httpx.Request("GET", "http://x.example/epcis/events/1")
    return httpx.Response(status, headers=headers, json={**PROBLEM, **changed}, request=request)


def test_a_problem_document_is_taken() -> None:
    expect_problem(problem(), 404)


@pytest.mark.parametrize(
    "changed",
    [
        {"http_status": 400},
        {"content_type": "application/json"},
        {"type": "about:blank"},
        {"type": "epcisException:SecurityException"},
        {"status": 400},
        {"title": ""},
    ],
    ids=str,
)
def test_what_is_no_such_problem_is_not(changed: dict[str, Any]) -> None:
    with pytest.raises(Failed):
        expect_problem(problem(**changed), 404)


QUERY_DOCUMENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISQueryDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-01-01T00:00:00Z",
    "epcisBody": {"queryResults": {"queryName": "q", "resultsBody": {"eventList": []}}},
}


def agreeable(method: str, path: str) -> Answer:
    """A service that says yes to everything and remembers nothing."""
    if method == "POST":
        status = 202 if path.endswith("/capture") else 201
        return status, {"Location": "/epcis/capture/1"}, {"subscriptionID": "1"}
    if "/capture/" in path:
        return 200, {}, {"captureID": "1", "running": False, "success": True, "errors": []}
    if method == "DELETE":
        return 204, {}, None
    return 200, {}, QUERY_DOCUMENT


def denying(method: str, path: str) -> Answer:
    """A service that knows nothing."""
    return 404, {"Content-Type": "application/problem+json"}, PROBLEM


def silly(method: str, path: str) -> Answer:
    """A service that answers with other JSON than anybody expects."""
    return 200, {}, ["?"]


def checked(name: str, service: Any) -> Group:
    return run([name], service, shared("epcis"))[0]


def test_a_service_that_accepts_everything_refuses_nothing(pretend: Pretend) -> None:
    group = checked("refusals", pretend(agreeable))
    passed = [one.name for one in group.outcomes if one.reason is None]
    assert all("can be captured afterwards" in name for name in passed), passed
    assert group.total > 70


def test_a_service_that_remembers_nothing_fails_every_search(pretend: Pretend) -> None:
    group = checked("queries", pretend(agreeable))
    passed = [one.name for one in group.outcomes if one.reason is None]
    # An empty answer is right where nothing is to be found, and says nothing otherwise.
    assert not [name for name in passed if name.endswith(": found") and "a length is no mass" not in name], passed
    assert group.total > 450


def test_a_service_that_remembers_nothing_fails_gs1s_test_cases(pretend: Pretend) -> None:
    service = pretend(agreeable)
    for name in ("tcr53", "tcr54"):
        group = checked(name, service)
        passed = [one.name for one in group.outcomes if one.reason is None]
        assert not [one for one in passed if one.endswith((": found", "refused")) or "the system contains" in one], (
            passed
        )


@pytest.mark.parametrize("behaviour", [denying, silly], ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ["documents_xml_1_2", "tcr54", "queries"])
def test_a_service_without_the_bindings_passes_nothing(
    pretend: Pretend, behaviour: Callable[[str, str], Answer], name: str
) -> None:
    group = checked(name, pretend(behaviour))
    passed = [one.name for one in group.outcomes if one.reason is None and "fits the schema" not in one.name]
    assert passed == []
    assert group.total > 10


def test_a_group_that_cannot_begin_is_a_failure(pretend: Pretend, tmp_path: Path) -> None:
    group = run(["rest"], pretend(denying), tmp_path)[0]
    assert (group.passed, group.total) == (0, 1)
    assert group.failures[0].name == "prepared"
