"""The REST bindings: each of the 63 operations of GS1's OpenAPI, with each status that can be provoked from outside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.conformance.bodies import bodies
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.clients import clients
from bench.conformance.negotiation import negotiation
from bench.conformance.paging import paging
from bench.conformance.problems import expect_headers, expect_problem
from bench.conformance.resources import resources
from bench.conformance.schemas import Schemas
from bench.conformance.service import Service, told
from bench.conformance.world import World, post_body

ANSWERED = ("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions")
UNASKED = ("GS1-Query-Min-Record-Time",)
"""Headers of OPTIONS that only a running query has."""


def rest(group: Group, service: Service, shared: Path) -> None:
    """Group rest."""
    world, schemas = World(service), Schemas(shared)
    operations = [Operation(group, world, schemas, one) for one in schemas.operations()]
    group.each([one for one in operations if one.method != "DELETE"], Operation.judge)
    bodies(group, world, schemas)
    resources(group, world, schemas)
    paging(group, world)
    negotiation(group, world, schemas)
    clients(group, world)
    # Last and the deepest first, because they take away what the others ask about.
    for one in sorted(operations, key=lambda each: -len(each.template)):
        if one.method == "DELETE":
            one.judge()


class Operation:
    """One method of one path, and the checks of the statuses that the OpenAPI gives it."""

    def __init__(
        self, group: Group, world: World, schemas: Schemas, described: tuple[str, str, Mapping[str, Any]]
    ) -> None:
        self.group, self.world, self.schemas = group, world, schemas
        self.method, self.template, operation = described
        self.statuses = {int(status) for status in operation["responses"]}
        self.title = f"{self.method} {self.template}"
        self.path = world.path(self.template)

    def judge(self) -> None:
        """All checks of the operation."""
        self._guarded()
        self._missing()
        self._limits()
        succeeds = {"GET": self._answers, "OPTIONS": self._discovers, "DELETE": self._deletes}
        if self.method in succeeds:
            succeeds[self.method]()

    def _content(self, status: int) -> Any:
        return self.schemas.response(self.method, self.template, status).get("content")

    def _body(self) -> dict[str, Any]:
        return post_body(self.template) if self.method == "POST" else {}

    def _guarded(self) -> None:
        for status, who, name in (
            (401, self.world.nobody, "without key"),
            (401, self.world.stranger, "with an unknown key"),
            (403, self.world.scopeless, "without the scope"),
        ):
            # Whoever has a key may discover what there is, so nobody is forbidden to.
            if status not in self.statuses or (status == 403 and (self.method == "OPTIONS" or self.template == "/")):
                continue
            with self.group.check(f"{self.title}: {status} {name}"):
                answer = who.send(self.method, self.path, **self._body())
                expect_problem(answer, status)
                if status == 401:
                    expect(answer.headers.get("WWW-Authenticate"), "401 without WWW-Authenticate (RFC 9110, 11.6.1)")

    def _missing(self) -> None:
        names = [part[1:-1] for part in self.template.split("/") if part.startswith("{")]
        for name in names if 404 in self.statuses else ():
            with self.group.check(f"{self.title}: 404 where there is no such {name}"):
                path = self.world.path(self.template, **{name: self.world.missing[name]})
                expect_problem(self.world.party.send(self.method, path, **self._body()), 404)

    def _limits(self) -> None:
        if 414 in self.statuses and self.method == "GET":
            with self.group.check(f"{self.title}: 414 for a URI of 60 kB"):
                expect_problem(self.world.party.get(self.path, params={"EQ_bizStep": "x" * 60_000}), 414)
        # An answer without content is acceptable to whoever asks for pictures.
        if 406 in self.statuses and any(self._content(status) for status in self.statuses & {200, 201, 202}):
            with self.group.check(f"{self.title}: 406 for Accept: image/png"):
                request = {**self._body(), "headers": {"Accept": "image/png"}}
                expect_problem(self.world.party.send(self.method, self.path, **request), 406)

    def _answers(self) -> None:
        with self.group.check(f"{self.title}: 200 as the OpenAPI describes it"):
            answer = self.world.party.get(self.path)
            expect_equal(answer.status_code, 200, f"{self.title} ({told(answer)})")
            self.schemas.expect_response("GET", self.template, answer)
            if "events" in self.template:
                self.schemas.expect_query_document(answer.json())
        with self.group.check(f"{self.title}: headers of the 200"):
            answer = self.world.party.get(self.path)
            expect_equal(answer.status_code, 200, f"{self.title} ({told(answer)})")
            described = self.schemas.response("GET", self.template, 200).get("headers", {})
            expect_headers(answer, [name for name in ANSWERED if name in described])
            expect("json" in answer.headers["content-type"], f"Content-Type {answer.headers['content-type']}")

    def _discovers(self) -> None:
        described = [
            name for name in self.schemas.response("OPTIONS", self.template, 204)["headers"] if name not in UNASKED
        ]
        with self.group.check(f"{self.title}: 204 with the described headers"):
            answer = self.world.party.send("OPTIONS", self.path)
            expect_equal(answer.status_code, 204, f"{self.title} ({told(answer)})")
            expect_headers(answer, described)
            for name in described:
                if name.endswith(("S-Version", "V-Version", "-Min", "-Max")):
                    numbers = answer.headers[name].split(".")
                    expect(all(number.isdigit() for number in numbers), f"{name}: {answer.headers[name]} is no version")
        with self.group.check(f"{self.title}: Allow names the methods of the OpenAPI"):
            allowed = {word.strip() for word in self.world.party.send("OPTIONS", self.path).headers["Allow"].split(",")}
            wanted = {method for method, path, _ in self.schemas.operations() if path == self.template}
            expect(wanted <= allowed <= wanted | {"HEAD"}, f"Allow {sorted(allowed)}, operations {sorted(wanted)}")
        with self.group.check(f"PATCH {self.template}: 405 with Allow"):
            answer = self.world.party.send("PATCH", self.path)
            expect_equal(answer.status_code, 405, f"PATCH ({told(answer)})")
            expect(
                "GET" in answer.headers.get("Allow", ""), f"Allow {answer.headers.get('Allow')!r} (RFC 9110, 15.5.6)"
            )

    def _deletes(self) -> None:
        wanted = sorted(self.statuses & {204, 501})
        with self.group.check(f"{self.title}: {' or '.join(map(str, wanted))}"):
            answer = self.world.party.send("DELETE", self.path)
            expect(answer.status_code in wanted, told(answer))
            if answer.status_code == 501:
                expect_problem(answer, 501)
