"""The spreadsheet to fill in, for suppliers without an EPCIS system. It needs no API key: everybody gets the same."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from service.epcis.spreadsheet import template

router = APIRouter(tags=["captures"])

_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {
        "description": "A CSV file: a header of all columns, and rows of a small story to type over",
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {"Content-Disposition": {"description": "RFC 6266; a file name", "schema": {"type": "string"}}},
    }
}


@router.get("/v1/captures/template.csv", response_class=PlainTextResponse, responses=_RESPONSES)
async def spreadsheet_template() -> Response:
    """A spreadsheet to fill in and to hand in as `text/csv`; docs/epcis/spreadsheet.md says what the columns hold."""
    return Response(
        template(),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="trailseal-template.csv"'},
    )
