"""What makes scores trustworthy, as one room: their record, drift, computing them again, the registry of models."""

from dataclasses import dataclass

from service.config import Settings
from service.risk.drifting import Drift
from service.risk.models import Models
from service.risk.record import Record
from service.risk.reproduce import Reproductions
from service.store.database import Database


@dataclass(frozen=True, slots=True)
class Trust:
    """One object for each use."""

    record: Record
    drift: Drift
    reproductions: Reproductions
    models: Models

    @classmethod
    def over(cls, database: Database, settings: Settings) -> "Trust":
        return cls(
            Record(database),
            Drift(database, settings),
            Reproductions(database, settings),
            Models(database, settings),
        )
