"""Workers of their own processes, for tests to kill: `python -m tests.subscriptions.worker` answers lines with ids.

For each line it reads it begins one more. They are forked from a process that has read all the code already, which
takes seconds on a busy machine.
"""

import asyncio
import os
import signal
import sys

from service.config import Settings
from service.store.database import Database
from service.subscriptions import Deliverer


async def work() -> None:
    settings = Settings.from_environment(os.environ)
    deliverer = Deliverer(Database(settings.database_url, 4), settings)
    while True:
        if not await deliverer.step():
            await asyncio.sleep(0.02)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who is killed leaves nothing behind
    for _ in sys.stdin:
        worker = os.fork()
        if not worker:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where it logs
            asyncio.run(work())
        sys.stdout.write(f"{worker}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
