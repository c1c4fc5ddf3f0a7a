"""What every refusal has to look like."""

import httpx

MEMBERS = ("type", "title", "status", "detail", "requestID")


def check_problem(response: httpx.Response, status: int, slug: str) -> None:
    """Fails unless the response is an RFC 9457 problem of this kind, complete and traceable."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    if response.request.url.path.startswith("/epcis"):  # GS1's OpenAPI names the types there
        assert (told["type"].partition(":")[0], told["slug"]) == ("epcisException", slug)
    else:
        assert told["type"] == f"urn:trailseal:problem:{slug}"
    assert told["status"] == status
    assert all(told[member] for member in MEMBERS)
    assert told["requestID"] == response.headers["x-request-id"]
