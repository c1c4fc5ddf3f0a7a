"""Subscriptions by webhook, streaming and scheduled; nothing is sent twice, nothing from before."""

from pathlib import Path

from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.problems import expect_problem
from bench.conformance.receiver import Receiver
from bench.conformance.schemas import Schemas
from bench.conformance.service import Service, segment, told, until
from bench.conformance.sockets import SOCKETS
from bench.conformance.stage import EVERY_THIRD_SECOND, OTHER, TOKEN, Stage


def subscriptions(group: Group, service: Service, shared: Path) -> None:
    """Group subscriptions."""
    schemas = Schemas(shared)
    with Receiver() as receiver:
        scenarios = [
            _streaming,
            _scheduled,
            _empty,
            _retried,
            _from_the_past,
            _ended,
            _query_gone,
            _listed,
            *SOCKETS,
            _private,
        ]
        group.each(scenarios, lambda run: run(Stage(group, service, receiver, schemas)), threads=6)


def _streaming(stage: Stage) -> None:
    group, receiver = stage.group, stage.receiver
    before = made = ""
    ids: list[str] = []
    with group.check("streaming webhook: a matching event is delivered"):
        before = stage.captured()
        made = stage.subscribe(stream=True)["subscriptionID"]
        stage.captured(OTHER)
        ids = [stage.captured(), stage.captured()]
        expect(all(receiver.until(stage.name, one) for one in ids), f"not delivered in time: {ids}")
    with group.check("streaming webhook: nothing else, nothing twice, nothing from before"):
        stage.expect_once(ids)
        expect(before not in receiver.ids(stage.name), "an event from before the subscription was sent")
    with group.check("streaming webhook: an EPCISQueryDocument with queryName and subscriptionID"):
        for delivery in receiver.taken(stage.name):
            stage.schemas.expect_query_document(delivery.document)
            results = delivery.document["epcisBody"]["queryResults"]
            expect_equal(
                (results["queryName"], results["subscriptionID"]), (stage.query, made), "queryName, subscriptionID"
            )
            expect(
                "json" in {name.lower(): value for name, value in delivery.headers.items()}["content-type"],
                "Content-Type",
            )
        expect(receiver.taken(stage.name), "no delivery")
    with group.check("streaming webhook: GS1-Signature, different for different bodies"):
        signed = [
            ({name.lower(): value for name, value in one.headers.items()}.get("gs1-signature"), one.body)
            for one in receiver.taken(stage.name)
        ]
        expect(signed and all(signature for signature, _ in signed), "no GS1-Signature")
        expect(
            len({signature for signature, _ in signed}) == len({body for _, body in signed}),
            "one signature for two bodies",
        )
        expect(TOKEN not in str([one.headers for one in receiver.taken(stage.name)]), "the token itself was sent")
    with group.check("streaming webhook: lastNotifiedAt is told"):
        answer = stage.party.get(f"/queries/{stage.query}/subscriptions/{segment(made)}")
        stage.schemas.expect_response("GET", "/queries/{queryName}/subscriptions/{subscriptionID}", answer)
        expect(answer.json().get("lastNotifiedAt"), told(answer))
        expect(TOKEN not in answer.text, "the answer reveals signatureToken")


def _scheduled(stage: Stage) -> None:
    with stage.group.check("scheduled webhook: what matched since the last run comes with the next"):
        stage.subscribe(schedule=EVERY_THIRD_SECOND)
        first = stage.captured()
        expect(stage.receiver.until(stage.name, first), "not delivered in time")
        second = stage.captured()
        expect(stage.receiver.until(stage.name, second), "the second was not delivered in time")
        stage.expect_once([first, second])
    with stage.group.check("scheduled webhook: without reportIfEmpty nothing is sent where nothing matched"):
        expect(stage.receiver.taken(stage.name), "no delivery at all")
        expect(all(one.ids for one in stage.receiver.taken(stage.name)), "an empty result was sent")


def _empty(stage: Stage) -> None:
    with stage.group.check("scheduled webhook: with reportIfEmpty an empty result is sent"):
        stage.subscribe(schedule=EVERY_THIRD_SECOND, reportIfEmpty=True)
        arrived = until(lambda: len(stage.receiver.taken(stage.name)) >= 2, 20)
        expect(arrived, f"{len(stage.receiver.taken(stage.name))} deliveries in 20 s")
        for delivery in stage.receiver.taken(stage.name):
            stage.schemas.expect_query_document(delivery.document)
            expect_equal(delivery.ids, [], "events")


def _retried(stage: Stage) -> None:
    with stage.group.check("webhook that fails: tried again, and then not any more"):
        stage.receiver.fail(stage.name, 2)
        stage.subscribe(stream=True)
        wanted = stage.captured()
        expect(
            stage.receiver.until(stage.name, wanted, 45), f"never taken; {len(stage.receiver.all(stage.name))} attempts"
        )
        expect_equal([one.status for one in stage.receiver.all(stage.name)], [503, 503, 200], "answers")
        stage.expect_once([wanted])


def _from_the_past(stage: Stage) -> None:
    with stage.group.check("initialRecordTime: events since then come with the first delivery"):
        old = [stage.captured(), stage.captured()]
        stage.subscribe(stream=True, initialRecordTime="2026-01-01T00:00:00.000Z")
        new = stage.captured()
        expect(all(stage.receiver.until(stage.name, one) for one in (*old, new)), "not delivered in time")
        stage.expect_once([*old, new])


def _ended(stage: Stage) -> None:
    with stage.group.check("DELETE of a subscription ends it"):
        made = stage.subscribe(stream=True)["subscriptionID"]
        first = stage.captured()
        expect(stage.receiver.until(stage.name, first), "not delivered in time")
        path = f"/queries/{stage.query}/subscriptions/{segment(made)}"
        expect_equal(stage.party.send("DELETE", path).status_code, 204, "DELETE")
        expect_problem(stage.party.get(path), 404)
        stage.captured()
        stage.expect_once([first])


def _query_gone(stage: Stage) -> None:
    with stage.group.check("DELETE of a named query ends its subscriptions"):
        stage.subscribe(stream=True)
        first = stage.captured()
        expect(stage.receiver.until(stage.name, first), "not delivered in time")
        expect_equal(stage.party.send("DELETE", f"/queries/{stage.query}").status_code, 204, "DELETE")
        expect_problem(stage.party.get(f"/queries/{stage.query}/subscriptions"), 404)
        stage.captured()
        stage.expect_once([first])


def _listed(stage: Stage) -> None:
    with stage.group.check("GET subscriptions lists streams and schedules"):
        made = {
            stage.subscribe(stream=True)["subscriptionID"],
            stage.subscribe(schedule={"hour": "1", "minute": "5"})["subscriptionID"],
        }
        answer = stage.party.get(f"/queries/{stage.query}/subscriptions")
        stage.schemas.expect_response("GET", "/queries/{queryName}/subscriptions", answer)
        expect_equal({one["subscriptionID"] for one in answer.json()}, made, "subscriptionIDs")
        expect_equal(
            [one["schedule"] for one in answer.json() if "schedule" in one], [{"hour": "1", "minute": "5"}], "schedule"
        )
        expect_equal([one["stream"] for one in answer.json() if "stream" in one], [True], "stream")


def _private(stage: Stage) -> None:
    for dest in (
        "http://10.1.2.3/x",
        "http://169.254.169.254/latest",
        "http://[::1]:9/x",
        "http://192.168.0.1/x",
        "file:///etc/hostname",
        "http://0.0.0.0/x",
    ):
        with stage.group.check(f"a subscription to {dest} is refused"):
            answer = stage.party.send(
                "POST", f"/queries/{stage.query}/subscriptions", json={"dest": dest, "stream": True}
            )
            expect_equal(answer.status_code, 400, told(answer))
