"""The verifier's page, as the service hands it out."""

from service.web.assemble import PAGE

from .conftest import Service


async def test_anybody_gets_the_page_and_no_network_with_it(service: Service) -> None:
    answer = await service.client.get("/verify")
    assert answer.status_code == 200
    assert answer.content == PAGE.read_bytes()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'sha256-" in policy
