"""Results as they are sent: an EPCISQueryDocument in JSON or XML, as bytes. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from service.epcis.rendering import EpcFormat, query_document
from service.epcis.xml import write_document
from service.store.queries import FoundRow
from service.subscriptions.controls import CbvXmlFormat, MediaType

_CBV: Mapping[str, Literal["web", "urn"]] = {"Always_Web_URI": "web"}
"""What is stored has neither spelling, so whoever wants no translation gets the usual one of XML."""


def document(
    events: Iterable[FoundRow],
    *,
    query_name: str,
    subscription: UUID | None,
    media_type: MediaType,
    epc_format: EpcFormat,
    cbv_format: CbvXmlFormat,
    created: datetime,
) -> bytes:
    """The document that a delivery is, or a message of a feed, which has no subscription id."""
    found: list[tuple[dict[str, Any], datetime]] = [
        (orjson.loads(event.document), event.record_time) for event in events
    ]
    made = query_document(
        found,
        query_name=query_name,
        subscription_id=None if subscription is None else str(subscription),
        epc_format=epc_format,
        created=created,
    )
    if media_type == "application/xml":
        return write_document(made, cbv=_CBV.get(cbv_format, "urn"))
    return orjson.dumps(made)
