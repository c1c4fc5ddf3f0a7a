"""The use: a party says what things cost it, how many alerts a day it wants, and where they are sent."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from service.config import Settings
from service.parties.caller import Caller
from service.parties.keyring import Keyring
from service.parties.scopes import Scope
from service.risk.alerts import FRESH, costs_of, noticed
from service.risk.bands import Costs
from service.risk.days import zone
from service.risk.errors import BadPolicy
from service.risk.reading import viewer_of
from service.store import alert_hooks
from service.store import risk_policies as store
from service.store.alert_hooks import HookRow
from service.store.database import Database, Session
from service.store.risk_alerts import standing_scores
from service.store.risk_policies import PolicyRow
from service.subscriptions.errors import SubscriptionControlsFault
from service.subscriptions.sending import Resolution, Resolver
from service.subscriptions.tokens import NONCE_BYTES, wrap
from service.subscriptions.webhooks import FAILING_AFTER, refuse_unreachable

BUDGET = 10
INSPECTION = 0.05
"""The share of shipments that is drawn for inspection, unless a policy says otherwise."""
TIMEZONE = "UTC"
_MOST_STANDING = 5_000


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are to be sent; without a token, the one stays that was given for this destination."""

    dest: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a party wants. `alerts`: it wants any; `inspection`: the share that is drawn whatever its score."""

    costs: Costs = field(default_factory=Costs)
    alerts: bool = False
    budget: int = BUDGET
    timezone: str = TIMEZONE
    inspection: float = INSPECTION
    webhook: Webhook | None = None


class Policies:
    """The risk policies of parties; who has set none has the default one, which alerts nobody."""

    def __init__(self, database: Database, settings: Settings, resolve: Resolver | None = None) -> None:
        self._database, self._networks = database, settings.webhook_networks
        self._keyring = Keyring.of(settings)
        self._secret = settings.consortium_secret.get_secret_value()
        self._resolve = resolve or Resolution()

    async def read(self, caller: Caller) -> dict[str, Any]:
        """The caller's policy, as the API tells it."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            row = await store.policy(session, caller.party)
            return _told(row, await alert_hooks.hook(session, caller.party))

    async def put(self, caller: Caller, wanted: Policy) -> dict[str, Any]:
        """Sets the caller's policy anew; a webhook that it leaves out is sent nothing any more.

        Alerts that are turned on begin with the scores that stand.

        Raises:
            BadPolicy, PartyIsSuspended.
        """
        caller.require(Scope.RISK_WRITE)
        caller.require_active()
        zone(wanted.timezone)
        if wanted.webhook is not None:
            try:
                await refuse_unreachable(wanted.webhook.dest, self._networks, self._resolve)
            except SubscriptionControlsFault as fault:
                raise BadPolicy(f"webhook{fault.detail}") from None
        costs = wanted.costs
        row = PolicyRow(
            caller.party, costs.penalty, costs.checking, costs.intervening, costs.effectiveness, wanted.alerts,
            wanted.budget, wanted.timezone, wanted.inspection, datetime.now(UTC), caller.key_id,
        )  # fmt: skip
        async with self._database.session() as session:
            before = await store.policy(session, caller.party)
            await store.put_policy(session, row)
            await self._put_hook(session, caller, wanted.webhook)
            if wanted.alerts and not (before and before.alerts):
                await self._begin(session, caller)
            return _told(await store.policy(session, caller.party), await alert_hooks.hook(session, caller.party))

    async def _begin(self, session: Session, caller: Caller) -> None:
        now = datetime.now(UTC)
        scores = await standing_scores(session, viewer_of(caller), now - FRESH, _MOST_STANDING)
        await noticed(session, scores, self._secret, now=now, only=caller.party)

    async def _put_hook(self, session: Session, caller: Caller, wanted: Webhook | None) -> None:
        if wanted is None:
            await alert_hooks.drop_hook(session, caller.party)
            return
        standing = await alert_hooks.hook(session, caller.party, locked=True)
        same = standing is not None and standing.dest == wanted.dest and standing.ended_at is None
        if same and wanted.token is None:
            return
        hook_id = uuid4()
        token = None if wanted.token is None else self._wrapped(wanted.token, hook_id)
        await alert_hooks.put_hook(session, caller.party, hook_id, wanted.dest, token)

    def _wrapped(self, token: str, hook_id: Any) -> bytes:
        return wrap(token, hook_id, self._keyring, secrets.token_bytes(NONCE_BYTES))


async def costs_for(session: Session, party: bytes) -> Costs | None:
    """The costs by which a party's bands are cut; None where it has set none, and the model's own bands hold."""
    row = await store.policy(session, party)
    return None if row is None else costs_of(row)


def _told(row: PolicyRow | None, hook: HookRow | None) -> dict[str, Any]:
    costs = Costs() if row is None else costs_of(row)
    return {
        "costs": {
            "penalty": costs.penalty,
            "checking": costs.checking,
            "intervening": costs.intervening,
            "effectiveness": costs.effectiveness,
        },
        "bands": {"elevated": round(costs.elevated, 6), "high": round(costs.high, 6)},
        "alerts": row is not None and row.alerts,
        "budget": BUDGET if row is None else row.budget,
        "timezone": TIMEZONE if row is None else row.timezone,
        "inspectionShare": INSPECTION if row is None else row.inspection,
        "webhook": None if hook is None else _hook(hook),
        "changedAt": None if row is None else row.changed_at,
    }


def _hook(hook: HookRow) -> dict[str, Any]:
    state: Literal["active", "failing", "ended"] = (
        "ended" if hook.ended_at else "failing" if hook.failures >= FAILING_AFTER else "active"
    )
    return {
        "dest": hook.dest,
        "signed": hook.token is not None,
        "state": state,
        "failures": hook.failures,
        "fault": hook.fault,
        "lastNotifiedAt": hook.notified_at,
    }
