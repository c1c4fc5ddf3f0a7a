"""A worker of its own process, for tests to kill: `python -m tests.subscriptions.worker`."""

import asyncio
import os

from service.config import Settings
from service.store.database import Database
from service.subscriptions import Deliverer


async def main() -> None:
    settings = Settings.from_environment(os.environ)
    deliverer = Deliverer(Database(settings.database_url, 4), settings)
    while True:
        if not await deliverer.step():
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main())
