"""Trails and events as the API tells them; documents go out as the bytes that are kept, without being read again."""

from collections.abc import Iterable
from typing import Any

import orjson

from service.api.answers import hexed
from service.sealing.entries import Step
from service.trails import EventView, Journey, TrailEntry, TrailView
from service.trails.views import CustodyView, ErasureView, KeyView, PartyName, Tied


def party(named: PartyName) -> dict[str, Any]:
    """A party as far as it is known."""
    return {"id": hexed(named.id), "identifier": named.identifier, "name": named.name}


def event(view: EventView) -> dict[str, Any]:
    """An event with its document."""
    return {
        "eventID": view.event_id,
        "type": view.event_type,
        "eventTime": view.event_time,
        "recordTime": view.record_time,
        "party": party(view.party),
        "seal": hexed(view.seal),
        "document": None if view.document is None else orjson.Fragment(view.document),
        "retracted": view.retracted,
        "intact": view.intact,
        "erased": erased(view.erased) if view.erased else None,
    }


def entry(view: TrailEntry) -> dict[str, Any]:
    """An entry, sealed or not."""
    return {
        "state": view.state,
        "step": Step(view.step).name.lower(),
        "party": party(view.party),
        "recipient": party(view.recipient) if view.recipient else None,
        "seal": hexed(view.seal),
        "role": view.role,
        "event": event(view.event) if view.event else None,
        "block": view.block,
        "log": view.log,
        "blockTime": view.block_time,
        "head": hexed(view.head) if view.head else None,
        "disputes": list(view.disputes),
        "refusal": view.refusal,
        "fault": view.fault,
        "intact": view.intact,
        "key": key(view.key) if view.key else None,
        "doubtful": view.doubtful,
        "suspension": view.suspension,
    }


def key(view: KeyView) -> dict[str, Any]:
    """A key that signs."""
    return {
        "address": hexed(view.address),
        "custody": view.custody,
        "boundBlock": view.bound_block,
        "boundTime": view.bound_time,
        "revoked": view.revoked,
        "revokedBlock": view.revoked_block,
        "revokedTime": view.revoked_time,
        "compromisedFrom": view.compromised_from,
    }


def erased(view: ErasureView) -> dict[str, Any]:
    """Who erased an event, when and why."""
    return {
        "by": party(view.by),
        "key": view.key,
        "label": view.label,
        "at": view.at,
        "reason": view.reason,
        "statement": view.statement,
        "stated": view.stated,
        "block": view.block,
        "blockTime": view.block_time,
    }


def trail(view: TrailView, following: str | None) -> dict[str, Any]:
    """A page of a trail; `following` is the cursor of the next one."""
    return {
        "identifier": view.identifier,
        "kind": view.kind,
        "trail": hexed(view.trail),
        "head": hexed(view.head) if view.head else None,
        "custody": _custody(view.custody),
        "entries": [entry(one) for one in view.entries],
        "parents": _ties(view.parents),
        "children": _ties(view.children),
        "inputs": _ties(view.inputs),
        "outputs": _ties(view.outputs),
        "hidden": view.hidden,
        "intact": view.intact,
        "next": following,
    }


def journey(way: Journey) -> dict[str, Any]:
    """A thing's way."""
    return {
        "identifier": way.identifier,
        "events": [
            {
                "of": one.of,
                "depth": one.depth,
                "role": one.role,
                "step": Step(one.step).name.lower(),
                "blockTime": one.block_time,
                "event": event(one.event),
            }
            for one in way.events
        ],
        "containers": list(way.containers),
        "ancestors": list(way.ancestors),
        "descendants": list(way.descendants),
        "hidden": way.hidden,
        "complete": way.complete,
    }


def _custody(view: CustodyView) -> dict[str, Any]:
    return {
        "custodian": party(view.custodian) if view.custodian else None,
        "offeredTo": party(view.offered_to) if view.offered_to else None,
        "commissioner": party(view.commissioner) if view.commissioner else None,
        "holders": [party(one) for one in view.holders],
        "disputes": view.disputes,
        "commissioned": view.commissioned,
        "decommissioned": view.decommissioned,
    }


def _ties(ties: Iterable[Tied]) -> list[Tied]:
    # Dataclasses whose members are named as the API names them; orjson writes them as objects.
    return list(ties)
