"""What a caller gets while the database is away."""

from pathlib import Path

import httpx

from service.api.app import create_app
from service.config import Settings


async def test_a_silent_database_is_a_503_that_says_when_to_come_back(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": f"postgresql://nobody@/nothing?host={tmp_path}",
            "TRAILSEAL_CONSORTIUM_SECRET": "11" * 32,
            "TRAILSEAL_KEY_ENCRYPTION_KEY": "22" * 32,
        }
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            token = "ts_0123456789abcdef_" + "a" * 43
            answer = await client.get("/v1/captures", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("database-unavailable")
    assert str(tmp_path) not in answer.text
