"""The tables. Binary ids are `bytea`; what the ledger recorded is mirrored apart from what parties captured."""

from service.store.tables.base import NAMING, Table, metadata
from service.store.tables.captures import Capture, Event, IdempotencyKey, Link, Mention, Nonce, Part, Trail, TrailParty
from service.store.tables.erasures import Erasure
from service.store.tables.indexes import EventNumber, EventParty, EventTerms, EventToIndex, PartyValue
from service.store.tables.ledger import (
    Account,
    Block,
    Deployment,
    LedgerDispute,
    LedgerEntry,
    RegistryCall,
    RegistryEvent,
    Transaction,
)
from service.store.tables.masterdata import VocabularyAttribute, VocabularyChild, VocabularyElement
from service.store.tables.parties import ApiKey, Grant, Party, PartyLog, Recovery, SigningKey
from service.store.tables.recalls import Notice, Notified, Recall, RecallAct, RecallThing
from service.store.tables.risk import Assessment, Shipment
from service.store.tables.risk_trust import (
    CalibrationState,
    RiskModel,
    RiskShare,
    RiskTrail,
    ScoreBatch,
    ScoreToSeal,
    SealedScore,
    Shown,
)
from service.store.tables.subscriptions import Delivery, NamedQuery, Subscription

__all__ = [
    "NAMING",
    "Account",
    "ApiKey",
    "Assessment",
    "Block",
    "CalibrationState",
    "Capture",
    "Delivery",
    "Deployment",
    "Erasure",
    "Event",
    "EventNumber",
    "EventParty",
    "EventTerms",
    "EventToIndex",
    "Grant",
    "IdempotencyKey",
    "LedgerDispute",
    "LedgerEntry",
    "Link",
    "Mention",
    "NamedQuery",
    "Nonce",
    "Notice",
    "Notified",
    "Part",
    "Party",
    "PartyLog",
    "PartyValue",
    "Recall",
    "RecallAct",
    "RecallThing",
    "Recovery",
    "RegistryCall",
    "RegistryEvent",
    "RiskModel",
    "RiskShare",
    "RiskTrail",
    "ScoreBatch",
    "ScoreToSeal",
    "SealedScore",
    "Shipment",
    "Shown",
    "SigningKey",
    "Subscription",
    "Table",
    "Trail",
    "TrailParty",
    "Transaction",
    "VocabularyAttribute",
    "VocabularyChild",
    "VocabularyElement",
    "metadata",
]
