"""Audits and the FDA's spreadsheet over HTTP."""

import csv
import io
import zipfile
from typing import Any

import pytest

from service.api.audit_shapes import AuditShape

from .conftest import Service
from .documents import event, item
from .problems import check_problem
from .test_captures import custodial
from .test_stream import seal
from .test_trails import captured

HOSTILE = "=cmd|' /C calc'!A0"


async def sealed(service: Service, token: str, *events: dict[str, Any]) -> None:
    await captured(service, token, *events)
    await seal(service, 7)


async def test_an_audit_tells_what_was_found_and_what_was_looked_at(service: Service) -> None:
    _, token = await custodial(service)
    await sealed(
        service,
        token,
        event("1", eventTime="2026-02-01T08:00:00Z", readPoint={"id": "geo:47.5596,7.5886"}),
        event("1", eventTime="2026-02-01T09:00:00Z", readPoint={"id": "geo:34.6937,135.5023"}),
    )
    response = await service.call("GET", "/v1/trail/audit", token, params={"identifier": item("1")})
    assert response.status_code == 200, response.text
    told = AuditShape.model_validate_json(response.content)
    assert told.identifier == item("1")
    assert "impossible-travel" in [one.rule for one in told.findings]
    assert told.lookedAt[0].statements == 2
    assert len(told.rules) == 15
    again = await service.call("GET", "/v1/trail/audit", token, params={"identifier": item("1"), "gain": "0.5"})
    assert [one["id"] for one in again.json()["findings"]] == [one.id for one in told.findings]


async def test_the_parameters_are_those_of_the_rules(service: Service) -> None:
    _, token = await custodial(service)
    await sealed(service, token, event("1", eventTime="2026-02-01T08:00:00Z"))
    params = {"identifier": item("1"), "lateHours": "87600"}
    told = (await service.call("GET", "/v1/trail/audit", token, params=params)).json()
    assert [one["rule"] for one in told["findings"]] == []
    told = (await service.call("GET", "/v1/trail/audit", token, params={**params, "lateHours": "1"})).json()
    assert [one["rule"] for one in told["findings"]] == ["late-recording"]
    for wrong in ({"lateHours": "-1"}, {"transport": "rocket"}, {"gain": "nan"}, {"loss": "2"}, {"format": "doc"}):
        refused = await service.call("GET", "/v1/trail/audit", token, params=params | wrong)
        check_problem(refused, 422, "request-invalid")


@pytest.mark.parametrize(
    ("ask", "type_"),
    [
        ({"format": "csv"}, "text/csv; charset=utf-8"),
        ({"format": "xlsx"}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ({"format": "pdf"}, "application/pdf"),
        ({"format": "json"}, "application/json"),
        ({"accept": "application/pdf;q=0.5, text/csv"}, "text/csv; charset=utf-8"),
        ({"accept": "text/*;q=0.1, */*;q=0.01"}, "text/csv; charset=utf-8"),
        ({"accept": "*/*"}, "application/json"),
        (
            {"accept": "application/json;q=0, application/*"},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
async def test_the_format_is_asked_for(service: Service, ask: dict[str, str], type_: str) -> None:
    _, token = await custodial(service)
    await sealed(service, token, event("1"))
    params = {"identifier": item("1")} | {name: value for name, value in ask.items() if name == "format"}
    headers = {name: value for name, value in ask.items() if name == "accept"}
    response = await service.call("GET", "/v1/trail/audit", token, params=params, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == type_
    if "json" not in type_:
        assert response.headers["content-disposition"].startswith('attachment; filename="id.gs1.org-01-')


async def test_a_format_that_there_is_not(service: Service) -> None:
    _, token = await custodial(service)
    await sealed(service, token, event("1"))
    refused = await service.call(
        "GET", "/v1/trail/audit", token, params={"identifier": item("1")}, headers={"accept": "image/png"}
    )
    check_problem(refused, 406, "no-such-format")


async def test_what_a_party_may_not_see_is_not_there(service: Service) -> None:
    _, token = await custodial(service)
    _, stranger = await service.member("stranger")
    await sealed(service, token, event("1"))
    for path in ("/v1/trail/audit", "/v1/trail/fsma204"):
        probed = await service.call("GET", path, stranger, params={"identifier": item("1")})
        absent = await service.call("GET", path, stranger, params={"identifier": item("19")})
        check_problem(probed, 404, "trail-not-found")
        check_problem(absent, 404, "trail-not-found")
        check_problem(
            await service.call("GET", path, token, params={"identifier": "urn:epc:id:sgtin:1"}),
            422,
            "not-an-identifier",
        )
        check_problem(await service.call("GET", path, params={"identifier": item("1")}), 401, "unauthenticated")


async def test_no_cell_of_a_csv_is_a_formula(service: Service) -> None:
    _, token = await custodial(service)
    await sealed(service, token, event("1", eventID="urn:x:=1+1", bizStep="https://example.org/=x"))
    response = await service.call("GET", "/v1/trail/audit", token, params={"identifier": item("1"), "format": "csv"})
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0][0] == "Severity"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    book = await service.call("GET", "/v1/trail/audit", token, params={"identifier": item("1"), "format": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]


async def test_the_fdas_spreadsheet_marks_what_is_missing(service: Service) -> None:
    _, token = await custodial(service)
    lot = "https://id.gs1.org/01/09521321000018/10/A1"
    made = event("1", action="ADD", bizStep="commissioning", eventTime="2026-02-01T08:00:00Z")
    made = {name: value for name, value in made.items() if name != "epcList"}
    await sealed(service, token, made | {"quantityList": [{"epcClass": lot, "quantity": 5.5, "uom": "KGM"}]})
    params = {"identifier": "urn:epc:class:lgtin:9521321.000001.A1"}
    response = await service.call("GET", "/v1/trail/fsma204", token, params=params)
    assert response.status_code == 200, response.text
    with zipfile.ZipFile(io.BytesIO(response.content)) as parts:
        assert b"Initial packing" in parts.read("xl/workbook.xml")
    told = await service.call("GET", "/v1/trail/fsma204", token, params=params | {"format": "csv"})
    header, row = csv.reader(io.StringIO(told.content.decode("utf-8-sig")))
    cells = dict(zip(header, row, strict=True))
    assert cells["Traceability lot code"] == "(01)09521321000018(10)A1"
    assert (cells["Quantity"], cells["Unit of measure"]) == ("5.5", "KGM (kilogram)")
    assert cells["Product description"] == "MISSING"
