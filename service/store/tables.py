"""The tables. Binary ids are `bytea`; what the ledger recorded is mirrored apart from what parties captured."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


class Table(SQLModel):
    """Base of the tables, with names for all constraints."""

    metadata: ClassVar[MetaData] = metadata


def _bytes(primary: bool = False, null: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(LargeBinary, primary_key=primary, nullable=null, index=index))


def _time(null: bool = False) -> Any:
    default = None if null else text("now()")
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=null, server_default=default))


class Party(Table, table=True):
    """An organisation that may speak; `id` is its id on chain, `number` the registry's once that is mined.

    `lenient`: its documents may use words that no standard vocabulary has.
    """

    __tablename__ = "parties"
    id: bytes = _bytes(primary=True)
    identifier: str = Field(unique=True)
    name: str
    roles: int
    number: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    suspended: bool = False
    lenient: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    created_at: datetime = _time()


class SigningKey(Table, table=True):
    """A key that signs for a party; `wrapped` is null where the party holds the key itself."""

    __tablename__ = "signing_keys"
    address: bytes = _bytes(primary=True)
    party: bytes = _bytes(index=True)
    wrapped: bytes | None = _bytes(null=True)
    created_at: datetime = _time()
    registered_at: datetime | None = _time(null=True)
    revoked_at: datetime | None = _time(null=True)
    compromised_from: datetime | None = _time(null=True)


class ApiKey(Table, table=True):
    """A credential for the API; only the hash of its secret is kept. `made_by` is the API key that made it, if any."""

    __tablename__ = "api_keys"
    id: str = Field(primary_key=True)
    party: bytes = _bytes(index=True)
    secret_hash: bytes = _bytes()
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    label: str
    created_at: datetime = _time()
    expires_at: datetime | None = _time(null=True)
    revoked_at: datetime | None = _time(null=True)
    made_by: str | None = Field(default=None, index=True)


class IdempotencyKey(Table, table=True):
    """What a request with an `Idempotency-Key` made: `made` is an address or the id of an API key."""

    __tablename__ = "idempotency_keys"
    party: bytes = _bytes(primary=True)
    use: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes = _bytes()
    made: str
    created_at: datetime = _time()


class PartyLog(Table, table=True):
    """Who changed what of a party's keys and standing here; never changed or deleted (a trigger refuses both).

    `by_party`, `by_key` and `by_label` are the API key that asked for it, null for the command line.
    """

    __tablename__ = "party_log"
    __table_args__ = (Index("ix_party_log_party_seq", "party", "seq"),)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    party: bytes = _bytes()
    at: datetime = _time()
    what: str
    by_party: bytes | None = _bytes(null=True)
    by_key: str | None = None
    by_label: str | None = None
    recovery: UUID | None = None
    details: Any = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))


class Recovery(Table, table=True):
    """A party that lost its keys gets back in: asked for by one administrator, confirmed by `needed - 1` others.

    `signing_keys` (20-byte addresses) are revoked with it. `token_hash` is that of the one-time enrolment token.
    """

    __tablename__ = "recoveries"
    __table_args__ = (Index("ix_recoveries_party_asked_at", "party", "asked_at"),)
    id: UUID = Field(primary_key=True)
    party: bytes = _bytes()
    reason: str
    signing_keys: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    compromised_from: datetime | None = _time(null=True)
    needed: int = Field(sa_column=Column(SmallInteger, nullable=False))
    asked_by: bytes = _bytes()
    asked_by_key: str
    asked_at: datetime = _time()
    confirmed_by: bytes | None = _bytes(null=True)
    confirmed_by_key: str | None = None
    confirmed_at: datetime | None = _time(null=True)
    token_hash: bytes | None = _bytes(null=True)
    expires_at: datetime = _time()
    used_at: datetime | None = _time(null=True)


class Grant(Table, table=True):
    """`grantor` lets `grantee` see the trails that it has a part in."""

    __tablename__ = "grants"
    grantor: bytes = _bytes(primary=True)
    grantee: bytes = _bytes(primary=True, index=True)
    created_at: datetime = _time()


class Capture(Table, table=True):
    """An accepted document; `written_in` is the transaction that wrote it, by which readers follow what was committed.

    `seq` is given out before the commit, so a reader that remembers the last `seq` can miss one that commits later.
    `header`: the document without events and master data, null where events came without one.
    """

    __tablename__ = "captures"
    __table_args__ = (
        Index(
            "uq_captures_party_idempotency_key",
            "party",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_captures_party_seq", "party", "seq"),
        Index("ix_captures_written_in", "written_in"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    written_in: int = Field(
        default=None,
        sa_column=Column(BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")),
    )
    party: bytes = _bytes()
    idempotency_key: str | None = None
    request_hash: bytes = _bytes()
    received_at: datetime = _time()
    events: int
    entries: int
    refused: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    proceed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    header: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))


class Part(Table, table=True):
    """A signed unit of a capture as the contract takes it; the outbox of the relay.

    `entries` are the ABI words of the entries (128 bytes each); `state` is a `PartState`.
    """

    __tablename__ = "parts"
    __table_args__ = (
        Index("ix_parts_waiting", "seq", postgresql_where=text("state = 0")),
        Index("ix_parts_refused", "seq", postgresql_where=text("state = 3")),
    )
    id: bytes = _bytes(primary=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    capture: UUID = Field(index=True)
    party: bytes = _bytes()
    signer: bytes = _bytes()
    deadline: int = Field(sa_column=Column(BigInteger, nullable=False))
    signature: bytes = _bytes()
    entries: bytes = _bytes()
    entry_count: int
    state: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    transaction: bytes | None = _bytes(null=True, index=True)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    refusal: str | None = None


class Event(Table, table=True):
    """An accepted EPCIS event; `document` is what is sealed, null once it is erased."""

    __tablename__ = "events"
    __table_args__ = (
        # An event that declares another an error carries the id of the other (EPCIS 2.0, 7.4.1.4).
        Index("uq_events_party_event_id_declares_error", "party", "event_id", "declares_error", unique=True),
        Index("uq_events_seal", "seal", unique=True),
        Index("ix_events_event_id", "event_id"),
        Index("ix_events_event_time", "event_time"),
    )
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    event_id: str
    declares_error: bool = False
    event_hash: str
    party: bytes = _bytes()
    capture: UUID = Field(index=True)
    position: int
    event_type: str
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    event_time: datetime = _time()
    record_time: datetime = _time()
    document: bytes | None = _bytes(null=True)
    seal: bytes = _bytes()


class Erasure(Table, table=True):
    """An event whose document and all that derives from it were erased; never changed or deleted (by a trigger).

    `event_mac` is the HMAC of its eventID, so that who knows the eventID finds it, and nobody can guess it. The party's
    statement of the erasure is the event of `party` whose eventID is `urn:uuid:` and `id`, once that is captured.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("uq_erasures_event", "event", unique=True),
        Index("ix_erasures_party_event_mac", "party", "event_mac"),
        Index("ix_erasures_seal", "seal"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    event_mac: bytes = _bytes()
    declares_error: bool = False
    seal: bytes = _bytes()
    party: bytes = _bytes()
    by_party: bytes = _bytes()
    by_key: str
    by_label: str
    reason: str
    at: datetime = _time()


class EventTerms(Table, table=True):
    """What queries find an event by, apart from the event itself: narrow, and gone once the event is erased.

    `terms` are `service.epcis.query.terms` and those of `service.store.indexing`; the times are those of `events`.
    """

    __tablename__ = "event_terms"
    __table_args__ = (
        Index("ix_event_terms_event_time", "event_time", "event"),
        Index("ix_event_terms_record_time", "record_time", "event"),
        Index("ix_event_terms_terms", "terms", postgresql_using="gin"),
    )
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_time: datetime = _time()
    record_time: datetime = _time()
    terms: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    sort_keys: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))


class EventParty(Table, table=True):
    """A party sees an event: because it has a part in one of its trails (`by_trail`), or only because it told it.

    Follows from `mentions` and `trail_parties`; kept so that a party's events can be walked in order. One row for each:
    pages are cut by counting rows.
    """

    __tablename__ = "event_parties"
    __table_args__ = (
        PrimaryKeyConstraint("party", "record_time", "event", postgresql_include=["by_trail"]),
        Index("ix_event_parties_event_time", "party", "event_time", "event", postgresql_include=["by_trail"]),
    )
    party: bytes = _bytes(primary=True)
    record_time: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    by_trail: bool
    event_time: datetime = _time()


class PartyValue(Table, table=True):
    """A value that some event has which a party sees (as `EventParty` says why); `field` is a column of `events`."""

    __tablename__ = "party_values"
    __table_args__ = (Index("ix_party_values_field_value", "field", "value"),)
    party: bytes = _bytes(primary=True)
    by_trail: bool = Field(primary_key=True)
    field: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))


class EventToIndex(Table, table=True):
    """An event that has no `EventTerms` yet, or whose terms are to be made anew."""

    __tablename__ = "events_to_index"
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class EventNumber(Table, table=True):
    """A number or time (seconds since 1970) in an event that queries compare; `field` is a hash of the field's name."""

    __tablename__ = "event_numbers"
    field: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    value: float = Field(sa_column=Column(Double, primary_key=True))
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))


class Nonce(Table, table=True):
    """An event's nonce, apart from its document."""

    __tablename__ = "nonces"
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    nonce: bytes = _bytes()


class Trail(Table, table=True):
    """A thing that some event spoke of; `id` is its trail on chain."""

    __tablename__ = "trails"
    id: bytes = _bytes(primary=True)
    identifier: str = Field(unique=True)
    kind: str
    created_at: datetime = _time()


class Mention(Table, table=True):
    """An event's entry on one trail, as captured."""

    __tablename__ = "mentions"
    trail: bytes = _bytes(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    part: bytes = _bytes(index=True)
    role: str
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))


class TrailParty(Table, table=True):
    """A party has a part in a trail, and so may read it; `parts_in_trails` has the rules."""

    __tablename__ = "trail_parties"
    __table_args__ = (Index("ix_trail_parties_party_trail", "party", "trail"),)
    trail: bytes = _bytes(primary=True)
    party: bytes = _bytes(primary=True)


class Link(Table, table=True):
    """One event put a thing into another, took it out, or made it of another (`epcis.references.Link`).

    `child` is empty where the event unties everything from its parent.
    """

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_child", "child"),)
    parent: bytes = _bytes(primary=True)
    child: bytes = _bytes(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    action: str
    event_time: datetime = _time()


def _term(primary: bool = True) -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=primary, autoincrement=False, nullable=False))


class VocabularyElement(Table, table=True):
    """Master data (EPCIS 2.0, 6.5): an element of a vocabulary as one party told it last.

    `id` is canonical, `term` its hash (`service.epcis.query.terms.hashed`). `attributes` and `children` as sent.
    """

    __tablename__ = "vocabulary_elements"
    __table_args__ = (Index("ix_vocabulary_elements_vocabulary_id", "vocabulary", "id"),)
    owner: bytes = _bytes(primary=True)
    vocabulary: str = Field(primary_key=True)
    term: int = _term()
    id: str
    attributes: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    children: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    told_at: datetime = _time()


class VocabularyChild(Table, table=True):
    """Master data: one element (the hash of its id) lies directly below another, as one party told it."""

    __tablename__ = "vocabulary_children"
    __table_args__ = (Index("ix_vocabulary_children_parent", "parent", "vocabulary", "child", "owner"),)
    owner: bytes = _bytes(primary=True)
    vocabulary: str = Field(primary_key=True)
    parent: int = _term()
    child: int = _term()


class VocabularyAttribute(Table, table=True):
    """Master data: an attribute of an element that queries compare; element, name and value as hashes."""

    __tablename__ = "vocabulary_attributes"
    __table_args__ = (Index("ix_vocabulary_attributes_attribute_value", "attribute", "value"),)
    owner: bytes = _bytes(primary=True)
    vocabulary: str = Field(primary_key=True)
    element: int = _term()
    attribute: int = _term()
    value: int = _term()


class Deployment(Table, table=True):
    """Where the contracts of a chain are; `participants` and `provenance` are 20-byte addresses."""

    __tablename__ = "deployments"
    provenance: bytes = _bytes(primary=True)
    participants: bytes = _bytes()
    chain_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    start_block: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = _time()


class Account(Table, table=True):
    """An account of ours on the chain; who holds its row's lock gives out its nonces."""

    __tablename__ = "accounts"
    address: bytes = _bytes(primary=True)
    next_nonce: int = Field(sa_column=Column(BigInteger, nullable=False))


class Transaction(Table, table=True):
    """A transaction of ours: its bytes are kept before they are sent, and sent again as they are.

    `seq` is the order in which all transactions of all our accounts were stored, and so are mined. `former` are the
    hashes of the same transaction under lower fees, one of which may still be mined. `sends` counts how often the node
    was given it since it last had a block, up to 100. `failed`: it was mined without effect (it reverted, say).
    """

    __tablename__ = "transactions"
    __table_args__ = (
        Index("uq_transactions_account_nonce", "account", "nonce", unique=True),
        Index("ix_transactions_unmined", "seq", postgresql_where=text("block IS NULL")),
        Index("ix_transactions_failed", "seq", postgresql_where=text("failed")),
    )
    hash: bytes = _bytes(primary=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    account: bytes = _bytes()
    nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
    raw: bytes = _bytes()
    purpose: str
    created_at: datetime = _time()
    sent_at: datetime | None = _time(null=True)
    sends: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    former: list[bytes] = Field(
        default_factory=list, sa_column=Column(ARRAY(LargeBinary), nullable=False, server_default=text("'{}'"))
    )
    block: int | None = Field(default=None, sa_column=Column(BigInteger, index=True))
    failed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class RegistryCall(Table, table=True):
    """A call to `Participants` that the worker who holds the admin key is to sign and send, in this order."""

    __tablename__ = "registry_calls"
    __table_args__ = (Index("ix_registry_calls_waiting", "seq", postgresql_where=text("transaction IS NULL")),)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    purpose: str
    calldata: bytes = _bytes()
    created_at: datetime = _time()
    transaction: bytes | None = _bytes(null=True, index=True)


class Block(Table, table=True):
    """A block that the watcher has followed."""

    __tablename__ = "blocks"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = _bytes()
    time: int = Field(sa_column=Column(BigInteger, nullable=False))


class LedgerEntry(Table, table=True):
    """An entry as the chain recorded it, whoever relayed it: the mirror of `Provenance`'s `Recorded` logs."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index("ix_ledger_entries_trail_block_log", "trail", "block", "log"),)
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    trail: bytes = _bytes()
    party: bytes = _bytes()
    part: bytes = _bytes(index=True)
    seal: bytes = _bytes(index=True)
    to: bytes = _bytes()
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    head: bytes = _bytes()


class LedgerDispute(Table, table=True):
    """A statement that contradicted custody when it was recorded."""

    __tablename__ = "ledger_disputes"
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    trail: bytes = _bytes(index=True)
    party: bytes = _bytes()
    part: bytes = _bytes()
    reason: str


class RegistryEvent(Table, table=True):
    """What the chain's registry logged, whoever changed it: the mirror of `Participants`' logs.

    `kind` is the log's name; of `key`, `number`, `roles`, `valid_from`, `valid_to` (null: no end) and
    `compromised_from` (times in Unix seconds) those that it carries.
    """

    __tablename__ = "registry_events"
    __table_args__ = (
        Index("ix_registry_events_party_block_log", "party", "block", "log"),
        Index("ix_registry_events_key", "key"),
    )
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction: bytes = _bytes()
    kind: str
    party: bytes = _bytes()
    key: bytes | None = _bytes(null=True)
    number: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    roles: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    valid_from: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    valid_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    compromised_from: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class Shipment(Table, table=True):
    """A booked shipment: the trail of the unit that is to be delivered, and the event that booked it with its plan."""

    __tablename__ = "shipments"
    trail: bytes = _bytes(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    booked_at: datetime = _time()


class Assessment(Table, table=True):
    """A risk score as it was given."""

    __tablename__ = "assessments"
    __table_args__ = (Index("ix_assessments_trail_as_of", "trail", "as_of"),)
    id: UUID = Field(primary_key=True)
    trail: bytes = _bytes()
    as_of: datetime = _time()
    created_at: datetime = _time()
    probability: float | None = None
    band: str | None = None
    stage: str
    expected_end: datetime | None = _time(null=True)
    planned_end: datetime | None = _time(null=True)
    reasons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    model_hash: str
    input_hash: str
    party: bytes = _bytes()


class NamedQuery(Table, table=True):
    """A query that a party gave a name; `parameters` is JSON text as it was given, its `@context` included."""

    __tablename__ = "named_queries"
    __table_args__ = (Index("uq_named_queries_party_name", "party", "name", unique=True),)
    id: UUID = Field(primary_key=True)
    party: bytes = _bytes()
    name: str
    parameters: str
    created_at: datetime = _time()


class Subscription(Table, table=True):
    """A webhook that gets what newly matches a named query: at times (`schedule`), or at once where that is null.

    Everything up to `transaction` and `event` is settled (see `Capture.written_in`), and so are the transactions in
    `seen`, which lie beyond it. `next_at` is when there may be something to do, `leased_until` until when the worker
    with `lease` does it. `run_until` is the last transaction of a scheduled run under way, `run_sent` whether it sent
    anything. `batch` is how many events the receiver takes at once. `fault` says what went wrong last.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("ix_subscriptions_query_id", "query", "id"),
        Index("ix_subscriptions_due", "next_at", postgresql_where=text("ended_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    query: UUID
    party: bytes = _bytes(index=True)
    dest: str
    token: bytes | None = _bytes(null=True)
    schedule: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    report_if_empty: bool = False
    initial_record_time: datetime | None = _time(null=True)
    media_type: str
    epc_format: str
    cbv_format: str
    created_at: datetime = _time()
    transaction: int = Field(sa_column=Column(BigInteger, nullable=False))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    seen: list[int] = Field(default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False))
    batch: int
    next_at: datetime = _time()
    lease: UUID | None = None
    leased_until: datetime = _time()
    run_until: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    run_sent: bool = False
    ran_at: datetime | None = _time(null=True)
    notified_at: datetime | None = _time(null=True)
    failures: int = 0
    failing_since: datetime | None = _time(null=True)
    fault: str | None = None
    ended_at: datetime | None = _time(null=True)


class Delivery(Table, table=True):
    """What a subscription sends next, written before it is sent and kept until the receiver took it: at most one.

    `body` goes out as it is, again and again; `events` are what it holds, and `transaction` and `event` the place
    that the subscription has once it is taken.
    """

    __tablename__ = "deliveries"
    subscription: UUID = Field(primary_key=True)
    id: UUID = Field(unique=True)
    body: bytes = _bytes()
    body_hash: bytes = _bytes()
    events: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    transaction: int = Field(sa_column=Column(BigInteger, nullable=False))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = _time()


class Recall(Table, table=True):
    """A recall that `party` opened: from these things (trails) and classes, as of a window, and what ended its trace.

    `followed` is the transaction (see `Capture.written_in`) up to which later captures were looked at, `batch` how
    often it has grown.
    """

    __tablename__ = "recalls"
    __table_args__ = (
        Index(
            "uq_recalls_party_idempotency_key",
            "party",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_recalls_party_seq", "party", "seq"),
        Index("ix_recalls_open", "followed", postgresql_where=text("closed_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = _bytes()
    reason: str
    disposition: str
    direction: str
    spread: str
    since: datetime | None = _time(null=True)
    until: datetime | None = _time(null=True)
    seeds: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    classes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hold: bool
    opened_at: datetime = _time()
    closed_at: datetime | None = _time(null=True)
    bound: str | None = None
    batch: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    followed: int = Field(sa_column=Column(BigInteger, nullable=False))
    idempotency_key: str | None = None
    request_hash: bytes = _bytes()


class RecallThing(Table, table=True):
    """A thing that a recall reached, in a window (null: without end), from the one with the number `via` over a tie.

    `counts`: the first reach of a thing; the others are only on the way to some thing, as processes are. `began` and
    `ended` are the events that the tie rests on, `supposed` says that nobody told how it began.
    """

    __tablename__ = "recall_things"
    __table_args__ = (
        Index("ix_recall_things_trail", "recall", "trail"),
        Index("uq_recall_things_counts", "recall", "trail", unique=True, postgresql_where=text("counts")),
    )
    recall: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    trail: bytes = _bytes()
    counts: bool
    batch: int
    since: datetime | None = _time(null=True)
    until: datetime | None = _time(null=True)
    depth: int
    via: int | None = None
    kind: str | None = None
    downwards: bool = False
    began: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    ended: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    supposed: bool = False


class RecallAct(Table, table=True):
    """A hold or lift that a recall puts on chain: an event with this id, of the party, in the order of `seq`.

    `settled`: it was captured. `leased_until`: until when a worker is at it; `fault` is why it could not be captured.
    """

    __tablename__ = "recall_acts"
    __table_args__ = (
        Index("ix_recall_acts_waiting", "party", "seq", postgresql_where=text("NOT settled")),
        Index("ix_recall_acts_recall", "recall", "trail"),
        Index("ix_recall_acts_trail", "party", "trail"),
    )
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    recall: UUID
    party: bytes = _bytes()
    trail: bytes = _bytes()
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))
    event_id: str
    event_time: datetime = _time()
    settled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    leased_until: datetime | None = _time(null=True)
    fault: str | None = None


class Notice(Table, table=True):
    """News that concern a party, until it acknowledges them; `seq` follows the order of commits."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_party_seq", "party", "seq"), Index("ix_notices_recall", "recall", "party"))
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = _bytes()
    kind: str
    recall: UUID
    created_at: datetime = _time()
    acknowledged_at: datetime | None = _time(null=True)
    acknowledged_with: str | None = None


class Notified(Table, table=True):
    """A party was told by this notice that a recall affects a thing in whose trail it has a part."""

    __tablename__ = "notified"
    recall: UUID = Field(primary_key=True)
    party: bytes = _bytes(primary=True)
    trail: bytes = _bytes(primary=True)
    notice: UUID = Field(index=True)
