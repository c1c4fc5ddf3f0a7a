"""Our transactions: stored before they are sent, sent in the order of their storing, sent again until a block has them.

The order is one for all accounts: a transaction is given to the node only when everything that other accounts stored
before it is mined. So what the chain records stands in the order in which it was stored, also where a wiped chain gets
everything anew: a key is revoked after what it signed, not before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from service.store.database import Session, copy, hold_briefly

GAP = "gap"
RECORD = "record"
_ORDER_LOCK = 7_412_093
_STUCK_AFTER_SENDS = 4


@dataclass(frozen=True, slots=True)
class NewTransaction:
    """A signed transaction with the nonce that its account gave out for it."""

    hash: bytes
    nonce: int
    raw: bytes
    purpose: str


@dataclass(frozen=True, slots=True)
class UnminedTransaction:
    """A transaction of ours that no followed block has; `sends` is how often the node was given it."""

    hash: bytes
    account: bytes
    nonce: int
    raw: bytes
    purpose: str
    sends: int


async def lock_order(session: Session) -> None:
    """Lets one process at a time store transactions; held until the transaction ends, and not by who says nothing."""
    await hold_briefly(session)
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ORDER_LOCK})


async def next_nonce(session: Session, account: bytes, on_chain: int) -> int:
    """The account's next nonce; `lock_order` came before.

    `on_chain` is the account's transaction count on the chain: nonces that others used are skipped.
    """
    statement = text(
        "INSERT INTO accounts (address, next_nonce) VALUES (:account, :nonce)"
        " ON CONFLICT (address) DO UPDATE SET next_nonce = greatest(accounts.next_nonce, excluded.next_nonce)"
        " RETURNING next_nonce"
    )
    return int((await session.execute(statement, {"account": account, "nonce": on_chain})).scalar_one())


async def save_transactions(session: Session, account: bytes, transactions: Sequence[NewTransaction]) -> None:
    """Stores signed transactions and moves the account's nonce past them; `next_nonce` came before."""
    await copy(
        session,
        "transactions",
        ("hash", "account", "nonce", "raw", "purpose"),
        [(one.hash, account, one.nonce, one.raw, one.purpose) for one in transactions],
    )
    await session.execute(
        text("UPDATE accounts SET next_nonce = greatest(next_nonce, :nonce) WHERE address = :account"),
        {"account": account, "nonce": transactions[-1].nonce + 1},
    )


async def deployments(session: Session) -> list[bytes]:
    """The hashes of all our deployments' transactions, under whatever fees, the newest deployment's alone."""
    statement = text(
        "SELECT unnest(array_prepend(hash, former)) FROM (SELECT * FROM transactions WHERE purpose = 'deploy'"
        " ORDER BY seq DESC LIMIT 2) AS newest"
    )
    return list((await session.execute(statement)).scalars())


async def count_unmined(session: Session, account: bytes) -> int:
    """How many of the account's transactions wait for a block."""
    statement = text("SELECT count(*) FROM transactions WHERE block IS NULL AND account = :account")
    return int((await session.execute(statement, {"account": account})).scalar_one())


async def not_our_turn(session: Session, account: bytes) -> bool:
    """Whether captures that another account carries wait for a block, or a gap before the account's own nonces does."""
    statement = text(
        "SELECT EXISTS (SELECT FROM transactions WHERE block IS NULL AND ((purpose = :record AND account <> :account)"
        " OR (purpose = :gap AND account = :account)))"
    )
    values = {"record": RECORD, "gap": GAP, "account": account}
    return bool((await session.execute(statement, values)).scalar_one())


async def any_overdue(session: Session, account: bytes, seconds: float) -> bool:
    """Whether a transaction of the account was sent and has had no block for so long since it was stored."""
    statement = text(
        "SELECT EXISTS (SELECT FROM transactions WHERE block IS NULL AND account = :account AND sends > 0"
        " AND created_at < clock_timestamp() - make_interval(secs => :seconds))"
    )
    return bool((await session.execute(statement, {"account": account, "seconds": seconds})).scalar_one())


async def registry_in_flight(session: Session) -> bool:
    """Whether a deployment or registry call waits for its block."""
    statement = text("SELECT EXISTS (SELECT FROM transactions WHERE block IS NULL AND purpose NOT IN (:record, :gap))")
    return bool((await session.execute(statement, {"record": RECORD, "gap": GAP})).scalar_one())


async def to_send(session: Session, patience_seconds: float, limit: int) -> list[UnminedTransaction]:
    """Whose turn it is: never sent, or sent longer ago than the patience; in order, and of one account.

    Where those in front do not get a block though they were sent several times, changes of the registry overtake them:
    a key must not stay valid because a relay's account is out of funds. What fills a gap of nonces goes at once.
    """
    statement = text(
        "WITH unmined AS (SELECT * FROM transactions WHERE block IS NULL),"
        " front AS (SELECT account, sends FROM unmined WHERE purpose <> :gap ORDER BY seq LIMIT 1),"
        " others AS (SELECT min(seq) AS first FROM unmined, front WHERE unmined.account <> front.account"
        " AND purpose <> :gap)"
        " SELECT hash, unmined.account, nonce, raw, purpose, unmined.sends FROM unmined LEFT JOIN front ON true"
        " LEFT JOIN others ON true"
        " WHERE (purpose = :gap OR others.first IS NULL OR seq < others.first"
        " OR (purpose <> :record AND front.sends >= :stuck))"
        " AND (sent_at IS NULL OR sent_at < clock_timestamp() - make_interval(secs => :patience))"
        " ORDER BY seq LIMIT :limit"
    )
    values = {"gap": GAP, "record": RECORD, "stuck": _STUCK_AFTER_SENDS, "patience": patience_seconds, "limit": limit}
    return [UnminedTransaction(*row) for row in (await session.execute(statement, values)).all()]


async def mark_sent(session: Session, hashes: Sequence[bytes]) -> None:
    """Notes that the node was given these transactions just now.

    Rows are locked in one order, in which `mark_mined` locks them too: relays and watchers do this at the same time.
    """
    statement = text(
        "UPDATE transactions SET sent_at = clock_timestamp(), sends = least(sends + 1, 100) FROM"
        " (SELECT seq FROM transactions WHERE hash = ANY(:hashes) AND block IS NULL ORDER BY seq FOR UPDATE) AS given"
        " WHERE transactions.seq = given.seq"
    )
    await session.execute(statement, {"hashes": list(hashes)})


async def send_sooner(session: Session, hashes: Sequence[bytes], seconds: float) -> None:
    """Lets these be sent again by so much earlier than others that were sent now."""
    if hashes:
        statement = text(
            "UPDATE transactions SET sent_at = sent_at - make_interval(secs => :seconds) WHERE hash = ANY(:hashes)"
        )
        await session.execute(statement, {"hashes": list(hashes), "seconds": seconds})


async def unmined_of(session: Session, account: bytes) -> list[UnminedTransaction]:
    """The account's transactions that wait for a block, by nonce."""
    statement = text(
        "SELECT hash, account, nonce, raw, purpose, sends FROM transactions WHERE block IS NULL AND account = :account"
        " ORDER BY nonce"
    )
    return [UnminedTransaction(*row) for row in (await session.execute(statement, {"account": account})).all()]


async def void_transactions(session: Session, hashes: Sequence[bytes]) -> None:
    """Gives up transactions whose nonce another transaction used: what they carried waits again."""
    await void_load(session, hashes)
    statement = text("DELETE FROM transactions WHERE hash = ANY(:hashes) AND block IS NULL")
    await session.execute(statement, {"hashes": list(hashes)})


async def void_load(session: Session, hashes: Sequence[bytes]) -> None:
    """Lets what these transactions carry wait again."""
    for statement in (
        "UPDATE parts SET state = 0 WHERE transaction = ANY(:hashes) AND state = 1",
        "UPDATE parts SET transaction = NULL WHERE transaction = ANY(:hashes)",
        "UPDATE registry_calls SET transaction = NULL WHERE transaction = ANY(:hashes)",
    ):
        await session.execute(text(statement), {"hashes": list(hashes)})


async def release_loads(session: Session, account: bytes) -> int:
    """Lets what the account's unmined transactions carry wait again, for another account; they hold up nobody any more.

    They stay, and are sent on: should one be mined yet, the contract knows what was recorded meanwhile. Returns how
    many these are.
    """
    which = (
        "SELECT hash FROM transactions WHERE account = :account AND block IS NULL AND purpose NOT IN ('deploy', :gap)"
    )
    hashes = list((await session.execute(text(which), {"account": account, "gap": GAP})).scalars())
    await void_load(session, hashes)
    statement = text("UPDATE transactions SET purpose = :gap WHERE hash = ANY(:hashes)")
    await session.execute(statement, {"hashes": hashes, "gap": GAP})
    return len(hashes)


async def replace_transaction(session: Session, hash_: bytes, by: NewTransaction) -> None:
    """Puts the same transaction with higher fees in the place of an unmined one; either may be mined yet."""
    moved = await session.execute(
        text(
            "UPDATE transactions SET hash = :new, raw = :raw, former = array_append(former, hash), sent_at = NULL,"
            " sends = 0 WHERE hash = :old AND block IS NULL RETURNING hash"
        ),
        {"old": hash_, "new": by.hash, "raw": by.raw},
    )
    if moved.first() is not None:
        await _move_load(session, hash_, by.hash)


async def abandon_transaction(session: Session, hash_: bytes, filler: NewTransaction) -> None:
    """Puts one that does nothing in the place of a transaction that no node takes; what it carried waits again, alone.

    Should a node have taken it after all, the contract knows what it recorded.
    """
    await session.execute(
        text(
            "UPDATE parts SET state = 0, transaction = NULL, attempts = attempts + 1"
            " WHERE transaction = :old AND state = 1"
        ),
        {"old": hash_},
    )
    await void_load(session, [hash_])
    await session.execute(
        text("UPDATE transactions SET purpose = :gap WHERE hash = :old AND block IS NULL"),
        {"old": hash_, "gap": GAP},
    )
    await replace_transaction(session, hash_, filler)


async def mark_mined(session: Session, transactions: Sequence[tuple[bytes, int]]) -> list[bytes]:
    """Notes in which block each is, as (hash, block), and says which of them are ours."""
    if not transactions:
        return []
    hashes, blocks = (list(column) for column in zip(*transactions, strict=True))
    for hash_, mined in await _mined_as_former(session, hashes):
        await session.execute(
            text(
                "UPDATE transactions SET hash = :mined, former = array_append(array_remove(former, :mined), hash)"
                " WHERE hash = :hash"
            ),
            {"hash": hash_, "mined": mined},
        )
        await _move_load(session, hash_, mined)
    locked = text("SELECT FROM transactions WHERE hash = ANY(:hashes) ORDER BY seq FOR UPDATE")
    await session.execute(locked, {"hashes": hashes})
    statement = text(
        "UPDATE transactions SET block = mined.block"
        " FROM unnest(CAST(:hashes AS bytea[]), CAST(:blocks AS bigint[])) AS mined (hash, block)"
        " WHERE transactions.hash = mined.hash RETURNING transactions.hash"
    )
    return list((await session.execute(statement, {"hashes": hashes, "blocks": blocks})).scalars())


async def other_than_records(session: Session, hashes: Sequence[bytes]) -> list[bytes]:
    """Those of the hashes that are our deployments and registry calls, which say nothing in logs when they fail."""
    statement = text(
        "SELECT hash FROM transactions WHERE block IS NULL AND purpose NOT IN (:record, :gap) AND hash = ANY(:hashes)"
    )
    found = await session.execute(statement, {"record": RECORD, "gap": GAP, "hashes": list(hashes)})
    return [*found.scalars(), *(mined for _, mined in await _mined_as_former(session, hashes))]


async def mark_failed(session: Session, hashes: Sequence[bytes]) -> list[tuple[bytes, str]]:
    """Notes that these were mined without effect; gives hash and purpose of each.

    A registry call that came before an earlier one, whose nonce was used elsewhere, may have failed for that: it waits
    again.
    """
    if not hashes:
        return []
    again = text(
        "UPDATE registry_calls AS late SET transaction = NULL WHERE late.transaction = ANY(:hashes)"
        " AND EXISTS (SELECT FROM registry_calls AS early LEFT JOIN transactions ON hash = early.transaction"
        " WHERE early.seq < late.seq AND transactions.block IS NULL)"
    )
    await session.execute(again, {"hashes": list(hashes)})
    statement = text("UPDATE transactions SET failed = true WHERE hash = ANY(:hashes) RETURNING hash, purpose")
    return [(row[0], row[1]) for row in (await session.execute(statement, {"hashes": list(hashes)})).all()]


async def unmine(session: Session, ancestor: int) -> None:
    """Forgets the blocks after `ancestor`; whatever has no block is sent at once, for the node may have lost it."""
    statement = text(
        "UPDATE transactions SET block = NULL, sent_at = NULL, sends = 0, failed = false"
        " WHERE block > :ancestor OR block IS NULL"
    )
    await session.execute(statement, {"ancestor": ancestor})


async def failed_calls(session: Session, limit: int = 100) -> list[tuple[bytes, str, int]]:
    """Deployments and registry calls that the chain mined without effect: hash, purpose, block; the newest first."""
    statement = text(
        "SELECT hash, purpose, block FROM transactions WHERE failed AND purpose <> :record"
        " ORDER BY seq DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"record": RECORD, "limit": limit})
    return [(row[0], row[1], row[2]) for row in rows.all()]


async def _mined_as_former(session: Session, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Of transactions that were mined under lower fees than their newest ones: the newest hash and the mined one."""
    statement = text("SELECT hash, former FROM transactions WHERE block IS NULL AND former && CAST(:hashes AS bytea[])")
    seen = set(hashes)
    rows = (await session.execute(statement, {"hashes": list(hashes)})).all()
    return [(row[0], mined) for row in rows for mined in row[1] if mined in seen]


async def _move_load(session: Session, old: bytes, new: bytes) -> None:
    for table in ("parts", "registry_calls"):
        statement = text(f"UPDATE {table} SET transaction = :new WHERE transaction = :old")  # noqa: S608
        await session.execute(statement, {"old": old, "new": new})
