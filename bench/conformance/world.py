"""What the checks of the bindings ask about: things that are there, and names of things that are not."""

from typing import Any

from bench.conformance import examples
from bench.conformance.asking import definition
from bench.conformance.examples import sgln, sgtin
from bench.conformance.service import Connection, Service, segment

NO_SCOPE = ("risk:read",)
STEP, DISPOSITION = "receiving", "in_progress"
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"


class World:
    """What there is to ask about: a party with events, a capture job, a named query and a subscription."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.party = service.party("rest")
        self.nobody = service.nobody()
        self.stranger = Connection(service.url, "tsk_0000000000000000_" + "0" * 43)
        self.scopeless = service.key(self.party.party, NO_SCOPE)
        self.event = examples.object_event(
            [sgtin("r1")],
            bizStep=STEP,
            disposition=DISPOSITION,
            readPoint={"id": sgln(31)},
            bizLocation={"id": sgln(32)},
        )
        more = [examples.object_event([sgtin(f"r{at}")], eventTime=f"2026-03-01T11:0{at}:00Z") for at in range(2, 6)]
        job = self.party.captured(examples.encoded([self.event, *more]))
        self.query = f"rest{examples.fresh()}"
        self.party.send("POST", "/queries", json=definition(self.query, {"EQ_bizStep": [STEP]}))
        made = self.party.send("POST", f"/queries/{self.query}/subscriptions", json=subscription())
        self.present = {
            "captureID": job["captureID"],
            "eventID": self.event["eventID"],
            "eventType": "ObjectEvent",
            "epc": sgtin("r1"),
            "bizStep": STEP,
            "bizLocation": sgln(32),
            "readPoint": sgln(31),
            "disposition": DISPOSITION,
            "queryName": self.query,
            "subscriptionID": made.json().get("subscriptionID", "none") if made.status_code == 201 else "none",
            "token": "a-token",
        }
        self.missing = {
            "captureID": UNKNOWN_UUID,
            "eventID": f"urn:uuid:{UNKNOWN_UUID}",
            "eventType": "https://example.com/NoSuchEvent",
            "epc": sgtin("none"),
            "bizStep": "https://example.com/bizStep/none",
            "bizLocation": sgln(98),
            "readPoint": sgln(99),
            "disposition": "https://example.com/disp/none",
            "queryName": "noSuchQuery",
            "subscriptionID": UNKNOWN_UUID,
        }

    def path(self, template: str, **other: str) -> str:
        """The path with values of things that exist, but for those that are given."""
        for name, value in {**self.present, **other}.items():
            template = template.replace("{" + name + "}", segment(value))
        return template


def subscription(dest: str = "https://client.example.com/callback", **members: Any) -> dict[str, Any]:
    """The body of POST /queries/{queryName}/subscriptions."""
    return {"dest": dest, "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5", **(members or {"stream": True})}


def post_body(template: str) -> dict[str, Any]:
    """What httpx is to send to a POST so that it would be accepted."""
    return {
        "/capture": {"json": examples.document([examples.object_event()])},
        "/events": {"json": examples.object_event()},
        "/queries": {"json": definition(f"body{examples.fresh()}", {"EQ_bizStep": [STEP]})},
        "/queries/{queryName}/subscriptions": {"json": subscription()},
    }[template]
