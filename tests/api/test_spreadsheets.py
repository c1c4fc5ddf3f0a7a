"""Spreadsheets over HTTP: the template, a capture, and refusals by cell."""

from service.api.shapes import ReceiptShape
from service.epcis.spreadsheet import template

from .conftest import Service
from .problems import check_problem

CSV = {"Content-Type": "text/csv"}
GOOD = "eventTime,bizStep,epc\n2026-03-02T07:30:00+01:00,inspecting,urn:x:{}\n"


async def custodial(service: Service) -> str:
    _, token = await service.member("acme")
    made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
    assert made.status_code == 201, made.text
    return token


async def test_anybody_may_download_the_template_and_hand_it_in(service: Service) -> None:
    answer = await service.client.get("/v1/captures/template.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="trailseal-template.csv"' in answer.headers["content-disposition"]
    assert answer.content == template().encode()
    accepted = await service.call("POST", "/v1/captures", await custodial(service), content=answer.content, headers=CSV)
    assert accepted.status_code == 202, accepted.text
    assert ReceiptShape.model_validate_json(accepted.content).events == 5


async def test_a_bad_cell_is_told_by_row_and_column(service: Service) -> None:
    token = await custodial(service)
    bad = GOOD.format(1).replace("inspecting", "inspectin") + "03.04.2026,,urn:x:2\n"
    refused = await service.call("POST", "/v1/captures", token, content=bad.encode(), headers=CSV)
    check_problem(refused, 400, "invalid-document")
    cells = [(fault["cell"], fault["rule"]) for fault in refused.json()["faults"]]
    assert cells == [("B2 (bizStep)", "vocabulary"), ("A3 (eventTime)", "time")]
    headers = {**CSV, "GS1-Capture-Error-Behaviour": "proceed"}
    mixed = (GOOD.format(1) + "03.04.2026,,urn:x:2\n").encode()
    accepted = await service.call("POST", "/v1/captures", token, content=mixed, headers=headers)
    assert accepted.status_code == 202, accepted.text
    (left_out,) = accepted.json()["refused"]
    assert (left_out["index"], left_out["faults"][0]["cell"]) == (1, "A3 (eventTime)")


async def test_a_workbook_is_refused_with_a_hint(service: Service) -> None:
    refused = await service.call(
        "POST", "/v1/captures", await custodial(service), content=b"PK\x03\x04\x14\x00\x06\x00", headers=CSV
    )
    check_problem(refused, 400, "invalid-document")
    assert "CSV UTF-8" in refused.json()["detail"]
