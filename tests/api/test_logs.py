import io
import json

from .conftest import Service
from .documents import document, event, item
from .test_captures import custodial


async def test_logs_have_ids_and_neither_payloads_nor_keys_nor_tokens(service: Service, logs: io.StringIO) -> None:
    party, token = await custodial(service)
    accepted = await service.call("POST", "/v1/captures", token, json=document(event("SECRET-SERIAL-77")))
    assert accepted.status_code == 202, accepted.text
    await service.call("POST", "/v1/captures", token, json=document(event("SECRET-SERIAL-78", action="SECRET-ACTION")))
    await service.call("GET", f"/v1/trail?identifier={item('SECRET-SERIAL-77')}", token)
    await service.call("GET", "/v1/parties", "ts_0123456789abcdef_SECRET-TOKEN")
    made = await service.call(
        "POST", "/v1/api-keys", token, json={"label": "SECRET-LABEL", "scopes": ["captures:read"]}
    )
    text = logs.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    capture = next(line for line in lines if line.get("capture") == accepted.json()["captureID"])
    assert capture["party"] == party
    assert capture["request"] == accepted.headers["x-request-id"]
    assert capture["events"] == accepted.json()["eventIDs"]
    assert (capture["method"], capture["route"], capture["status"]) == ("POST", "/v1/captures", 202)
    assert "SECRET" not in text
    for secret in (
        token,
        service.admin,
        made.json()["token"],
        token.split("_", 2)[2],
        service.settings.key_encryption_key.get_secret_value().hex(),
        service.settings.consortium_secret.get_secret_value().hex(),
    ):
        assert secret not in text


async def test_every_request_leaves_one_line(service: Service, logs: io.StringIO) -> None:
    before = len(logs.getvalue().splitlines())
    await service.client.get("/livez")
    await service.client.get("/nothing/here?with=query")
    lines = [json.loads(line) for line in logs.getvalue().splitlines()[before:]]
    assert [(line["route"], line["status"]) for line in lines] == [("/livez", 200), ("none", 404)]
    assert "query" not in logs.getvalue()
