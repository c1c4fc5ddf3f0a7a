"""Webhooks on named queries (EPCIS 2.0, 12.5)."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api import errors
from service.api.callers import InRooms
from service.api.epcis.answers import MediaType, NextPageToken, PerPage, answer, next_page, per_page
from service.api.epcis.branches import branch
from service.api.epcis.discovery import discoverable
from service.api.epcis.errors import SubscribeNotPermitted
from service.api.epcis.found import SIMPLE_EVENT_QUERY, Reader
from service.api.epcis.headers import AsAsked, EpcisVersion, Versioned, check_body_versions
from service.api.epcis.media import form_of
from service.api.epcis.paths import PREFIX, url_of
from service.api.epcis.queries import Existing, Keeper, QueryName, existing, read_json
from service.api.epcis.query_spec import new_subscription, subscription_content, subscriptions_content
from service.api.epcis.spec import LOCATION, PAGED, gone, refused, told
from service.epcis.query.faults import QueryValidationFault
from service.epcis.xml.answers import subscription_xml, subscriptions_xml
from service.parties.errors import PartyIsSuspended
from service.queries.errors import BadPageToken
from service.subscriptions import errors as refusing
from service.subscriptions.controls import SubscriptionRequest
from service.subscriptions.webhooks import Subscription

router = branch("/queries")
_ALL = "/queries/{queryName:epcis_name}/subscriptions"
_ONE = f"{_ALL}/{{subscriptionID:epcis_name}}"
SubscriptionID = Annotated[
    str,
    Path(
        alias="subscriptionID",
        description="the id of a subscription to the query",
        examples=["df5a33e3-5aa3-4403-ae01-99b83234e27b"],
    ),
]


@router.get(
    _ALL,
    dependencies=[Versioned],
    responses=told(200, "The subscriptions in the order of their ids", subscriptions_content(), PAGED)
    | refused(refusing.QueryNotFound, BadPageToken, errors.RequestInvalid),
)
async def subscriptions(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    media_type: MediaType,
    named: Existing,
    *,
    at_most: PerPage = 30,
    token: NextPageToken = None,
) -> Response:
    """The subscriptions to a query."""
    if named is None:
        return _listed(media_type, (), {})
    page = await rooms.subscriptions.list(caller, named.name, limit=per_page(at_most), token=token)
    return _listed(media_type, page.subscriptions, next_page(request, page.following))


@router.post(
    _ALL,
    status_code=201,
    openapi_extra=new_subscription(),
    responses=told(201, "Subscribed; the subscription is at Location", subscription_content(), LOCATION)
    | refused(
        refusing.QueryNotFound,
        refusing.SubscriptionControlsFault,
        refusing.TooManyQueries,
        SubscribeNotPermitted,
        QueryValidationFault,
        errors.BodyTooLarge,
        errors.UnsupportedMediaType,
        PartyIsSuspended,
        path=f"{PREFIX}/queries",
    ),
)
async def subscribe(
    request: Request,
    caller: Keeper,
    rooms: InRooms,
    media_type: MediaType,
    *,
    asked: AsAsked,
    name: QueryName,
    epcis_version: EpcisVersion = None,
) -> Response:
    """Subscribes a webhook to a query: by a schedule, or (`stream: true`) to each event as it is captured."""
    check_body_versions(epcis_version, None)
    if name == SIMPLE_EVENT_QUERY:
        raise SubscribeNotPermitted("make it a query of your own with the parameters that you want, then subscribe")
    request_ = SubscriptionRequest.read(
        await read_json(request), epc_format=asked.epc_format, cbv_format=asked.cbv_format
    )
    made = await rooms.subscriptions.create(caller, name, request_)
    location = url_of(request, "queries", name, "subscriptions", str(made.id))
    return answer(media_type, _one(media_type, made), 201, {"Location": location})


async def _found(caller: Reader, rooms: InRooms, name: QueryName, number: SubscriptionID) -> Subscription:
    return await rooms.subscriptions.read(caller, name, number)


@router.get(
    _ONE,
    dependencies=[Versioned],
    responses=told(200, "The subscription", subscription_content())
    | refused(refusing.QueryNotFound, refusing.SubscriptionNotFound),
)
async def subscription(media_type: MediaType, found: Annotated[Subscription, Depends(_found)]) -> Response:
    """One subscription, and how its deliveries go; its signature token is never told."""
    return answer(media_type, _one(media_type, found))


@router.delete(
    _ONE,
    status_code=204,
    response_class=Response,
    dependencies=[Versioned],
    responses=gone("Unsubscribed") | refused(refusing.QueryNotFound, refusing.SubscriptionNotFound),
)
async def unsubscribe(caller: Keeper, rooms: InRooms, name: QueryName, number: SubscriptionID) -> Response:
    """Ends a subscription."""
    await rooms.subscriptions.delete(caller, name, number)
    return Response(status_code=204)


def _one(media_type: str, subscription: Subscription) -> Any:
    told_ = _told(subscription)
    return told_ if form_of(media_type) == "json" else subscription_xml(told_)


def _listed(media_type: str, found: Sequence[Subscription], headers: dict[str, str]) -> Response:
    members = [_told(one) for one in found]
    content = members if form_of(media_type) == "json" else subscriptions_xml(members)
    return answer(media_type, content, headers=headers)


def _told(subscription: Subscription) -> dict[str, Any]:
    """Without what there is not yet: GS1's OpenAPI has no nulls."""
    return {name: value for name, value in subscription.told().items() if value is not None}


discoverable(router, _ALL, "GET", "POST", exists=existing)
discoverable(router, _ONE, "GET", "DELETE", exists=_found)
