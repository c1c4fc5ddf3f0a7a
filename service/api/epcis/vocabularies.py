"""Master data by the parameters of SimpleMasterDataQuery (EPCIS 2.0, 8.2.7.2); GS1 gives it no path of its own."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from service.api.callers import InRooms
from service.api.epcis.answers import JsonType, NextPageToken, PerPage, answer, next_page, per_page
from service.api.epcis.branches import branch
from service.api.epcis.discovery import discoverable
from service.api.epcis.found import Reader, query_pairs
from service.api.epcis.headers import Versioned
from service.api.epcis.spec import PAGED, QUERY_REFUSALS, refused, results, told
from service.epcis.rendering import CONTEXT
from service.masterdata.querying import QUERY_NAME, parse, url_parameters, vocabulary_list

router = branch("/vocabularies")


@router.get(
    "/vocabularies",
    dependencies=[Versioned],
    summary="Master data",
    response_class=Response,
    responses=told(200, "Elements of vocabularies", results(), PAGED) | refused(*QUERY_REFUSALS),
)
async def vocabularies(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    media_type: JsonType,
    *,
    at_most: PerPage = 30,
    token: NextPageToken = None,
) -> Response:
    """What parties said about places, products and other things; of each party the last word.

    The caller sees its own master data and that of parties that granted it sight; auditors and regulators see all.
    """
    query = parse(url_parameters(query_pairs(request)))
    page = await rooms.master_data.query(caller, query, limit=per_page(at_most), token=token)
    document = {
        "@context": CONTEXT,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "epcisBody": {
            "queryResults": {
                "queryName": QUERY_NAME,
                "resultsBody": {"eventList": [], "vocabularyList": vocabulary_list(page.elements)},
            }
        },
    }
    return answer(media_type, document, headers=next_page(request, page.following))


discoverable(router, "/vocabularies", "GET")
