"""Where a subscription is tried: a party with a named query of its own, and a destination of its own."""

import time
from datetime import UTC, datetime
from typing import Any

from websockets.sync.client import ClientConnection, connect

from bench.conformance import examples
from bench.conformance.asking import definition
from bench.conformance.checks import Group, expect_equal
from bench.conformance.receiver import Receiver
from bench.conformance.schemas import Schemas
from bench.conformance.service import Service, segment, told

TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"  # noqa: S105 the OpenAPI's example
EVERY_THIRD_SECOND = {"second": ",".join(str(second) for second in range(0, 60, 3))}
STEP, OTHER = "stocking", "holding"
QUIET_SECONDS = 5.0


class Stage:
    """A party with a named query, and where its subscriptions deliver to."""

    def __init__(self, group: Group, service: Service, receiver: Receiver, schemas: Schemas) -> None:
        self.group, self.receiver, self.schemas = group, receiver, schemas
        self.party = service.party("subscriptions")
        self.nobody = service.nobody()
        self.name = f"s{examples.fresh()}"
        self.query = f"query{self.name}"
        made = self.party.send("POST", "/queries", json=definition(self.query, {"EQ_bizStep": [STEP]}))
        self.made = made.status_code

    def subscribe(self, **members: Any) -> dict[str, Any]:
        """A webhook subscription that delivers to this stage's destination."""
        expect_equal(self.made, 201, "POST /queries")
        body = {"dest": self.receiver.url(self.name), "signatureToken": TOKEN, **(members or {"stream": True})}
        answer = self.party.send("POST", f"/queries/{self.query}/subscriptions", json=body)
        expect_equal(answer.status_code, 201, f"POST subscriptions {members} ({told(answer)})")
        made: dict[str, Any] = answer.json()
        return made

    def captured(self, step: str = STEP) -> str:
        """Captures an event; its id."""
        event = examples.object_event(bizStep=step, eventTime=datetime.now(UTC).isoformat(timespec="milliseconds"))
        answer = self.party.send("POST", "/events", json=event)
        expect_equal(answer.status_code, 201, told(answer))
        return str(event["eventID"])

    def expect_once(self, wanted: list[str]) -> None:
        """After a while, each of these events was taken exactly once, and nothing else was."""
        time.sleep(QUIET_SECONDS)
        expect_equal(sorted(self.receiver.ids(self.name)), sorted(wanted), "events taken by the webhook")

    def socket(self, **parameters: str) -> ClientConnection:
        """A WebSocket on the query's events."""
        text = "&".join(f"{name}={segment(value)}" for name, value in parameters.items())
        address = self.party.url.replace("http", "ws", 1) + f"/epcis/queries/{self.query}/events?{text}"
        return connect(
            address, additional_headers={"Authorization": f"Bearer {self.party.key}"}, open_timeout=20, proxy=None
        )
