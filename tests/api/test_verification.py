"""Verifying over HTTP, and asking for bundles of many trails."""

import asyncio
from typing import Any

import orjson
import pytest

from service.api.verification_shapes import VerdictShape
from service.trails.verifying import MOST_BYTES
from tests.vectors import VECTORS

from .conftest import Service
from .documents import event, item
from .problems import check_problem
from .test_captures import custodial
from .test_trails import captured

FOLDER = VECTORS / "bundles"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in orjson.loads((FOLDER / "index.json").read_bytes())["cases"]
}


def asked(case: dict[str, Any]) -> list[tuple[str, Any]]:
    query: list[tuple[str, Any]] = [(name, case[name]) for name in ("block", "ledger") if case[name]]
    query += [("validator", one) for one in case["validators"] or ()]
    if witnesses := case["witnesses"]:
        query += [("witness", one) for one in witnesses["addresses"]] + [("required", witnesses["required"])]
        lines = [orjson.dumps(one, option=orjson.OPT_SORT_KEYS).decode() for one in witnesses["checkpoints"]]
        query += [("checkpoint", line) for line in lines]
    return query


@pytest.mark.parametrize(
    "name",
    ["single", "several", "late-key", "no-ledger", "attack-hidden-the-last-entry", "qbft-quorum", "qbft-too-few",
     "witnesses-enough", "witnesses-split-view"],
)  # fmt: skip
async def test_the_vectors_give_their_verdicts_over_http(service: Service, name: str) -> None:
    case = CASES[name]
    file = (FOLDER / case["file"]).read_bytes()
    response = await service.call("POST", "/v1/verify", service.admin, params=asked(case), content=file)
    assert response.status_code == 200, response.text
    VerdictShape.model_validate_json(response.content)
    told = response.json()
    expected = case["verdict"]
    for member in ("holds", "error", "failedStep", "entries", "doubtful", "trails", "keys", "ledgerGiven"):
        assert told[member] == expected[member]


@pytest.mark.parametrize("file", [b"", b"null", b"\xff" * 100, b"[" * 100_000, b'{"format":"trailseal-bundle/1"}\n'])
async def test_what_is_no_bundle_gets_a_verdict(service: Service, file: bytes) -> None:
    params = {"block": CASES["single"]["block"]}
    response = await service.call("POST", "/v1/verify", service.admin, params=params, content=file)
    assert response.status_code == 200
    assert (response.json()["holds"], response.json()["error"]) == (False, "MalformedBundle")


async def test_what_cannot_be_trusted_is_refused(service: Service) -> None:
    file = (FOLDER / "single.json").read_bytes()
    address = "0x" + "11" * 20

    async def refused(slug: str, **params: Any) -> None:
        response = await service.call("POST", "/v1/verify", service.admin, params=params, content=file)
        check_problem(response, 422, slug)

    await refused("nothing-trusted")
    await refused("nothing-trusted", witness=address, required=2)
    await refused("bad-checkpoint", witness=address, checkpoint="{}")
    await refused("bad-checkpoint", witness=address, checkpoint="\u2028")
    await refused("request-invalid", block="0x00")
    await refused("request-invalid", validator="nobody")


async def test_a_file_too_long_is_not_read(service: Service) -> None:
    params = {"block": CASES["single"]["block"]}
    body = b"\x00" * (MOST_BYTES + 1)
    response = await service.call("POST", "/v1/verify", service.admin, params=params, content=body)
    check_problem(response, 413, "body-too-large")


async def test_files_do_not_pile_up_in_memory(service: Service) -> None:
    """Nobody's file is read while enough of them wait; what waits is verified in its turn."""
    case = CASES["single"]
    file, params = (FOLDER / case["file"]).read_bytes(), asked(case)
    calls = [service.call("POST", "/v1/verify", service.admin, params=params, content=file) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    busy = [one for one in answers if one.status_code == 503]
    for one in busy:
        check_problem(one, 503, "verifier-busy")
    held = [one.json()["holds"] for one in answers if one.status_code == 200]
    assert busy
    assert len(held) >= 8
    assert all(held)


async def test_a_bundle_of_many_is_refused_like_what_does_not_exist(service: Service) -> None:
    _, token = await custodial(service)
    await captured(service, token, event("1"), event("2"))
    _, stranger = await service.member("stranger")
    for things in ([item("1")], [item("1"), item("2")], [item("77")]):
        check_problem(
            await service.call("POST", "/v1/bundles", stranger, json={"things": things}), 404, "trail-not-found"
        )
    seen = await service.call("POST", "/v1/bundles", token, json={"things": [item("1"), item("77")]})
    check_problem(seen, 404, "trail-not-found")


@pytest.mark.parametrize(
    "body",
    [{}, {"things": []}, {"things": [""]}, {"things": ["urn:x:y"], "disclose": "some"}, {"things": ["urn:x:y"] * 1001}],
)
async def test_what_asks_for_no_bundle_is_refused(service: Service, body: dict[str, Any]) -> None:
    check_problem(await service.call("POST", "/v1/bundles", service.admin, json=body), 422, "request-invalid")
