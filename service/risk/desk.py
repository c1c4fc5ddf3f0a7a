"""What an analyst works with, opened once for a process."""

from service.config import Settings
from service.risk.dispositions import Dispositions
from service.risk.policies import Policies
from service.risk.reading import Alerts
from service.risk.scorecards import Scorecards
from service.risk.watchlists import Watchlists
from service.store.database import Database


class Desk:
    """One object for each use."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.policies = Policies(database, settings)
        self.watchlists = Watchlists(database, settings)
        self.alerts = Alerts(database)
        self.dispositions = Dispositions(database)
        self.scorecards = Scorecards(database)
