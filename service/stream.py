"""News for subscribers: what is captured and sealed on the trails that they may see, notices and alerts to them.

Each subscriber reads for itself from the place where it is, so catching up after a pause and following along are the
same. Where nothing is new, all subscribers of a process together cost two small queries a second.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from service.errors import TrailsealError
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.reading import alerts_between
from service.store import stream as stored
from service.store.database import Database
from service.store.stream import EVERY_EVENT, CapturedEvent, NewNotice, Place, SealedEntry

__all__ = ["BadPlace", "News", "Place", "Stream", "TooManySubscribers", "id_of"]

LOOK_SECONDS = 0.5
_PAGE = 200
_WINDOW = 1000


class BadPlace(TrailsealError):
    """The id is none that the stream gave out."""

    slug, title, status = "bad-event-stream-id", "The stream cannot go on from there", 400


class TooManySubscribers(TrailsealError):
    """More streams are open than this process serves."""

    slug, title, status = "too-many-subscribers", "Too many streams are open", 503


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened; `id` is where to go on after it."""

    id: str
    kind: str
    told: dict[str, Any]


class Stream:
    """The subscriptions of this process."""

    def __init__(self, database: Database, most: int = 500) -> None:
        self._database = database
        self._most = most
        self._looked: tuple[float, Place] | None = None
        self._looking = asyncio.Lock()
        self.subscribers = 0

    async def start(self, caller: Caller, after: str | None) -> Place:
        """The place to begin: after the news with this id, or now.

        Raises:
            ScopeMissing, BadPlace.
        """
        caller.require(Scope.TRAILS_READ)
        place = _place(after) if after else None
        if place is not None and place.alert >= 0:
            return place
        async with self._database.session() as session:
            top = await stored.top(session)
        if place is None:
            return top
        return place._replace(notice=place.notice if place.notice >= 0 else top.notice, alert=top.alert)

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Counts a subscriber; raises `TooManySubscribers`."""
        if self.subscribers >= self._most:
            raise TooManySubscribers(f"this process serves {self._most} streams; try again later")
        self.subscribers += 1
        try:
            yield
        finally:
            self.subscribers -= 1

    async def news(self, caller: Caller, place: Place) -> tuple[list[News], Place]:
        """What the caller may know of what happened after the place, in order, and where to go on.

        Waits for half a second where nothing happened at all.
        """
        if await self._top() == place:
            await asyncio.sleep(LOOK_SECONDS)
            return [], place
        async with self._database.session() as session:
            until = await stored.window(session, place, _WINDOW)
            events = await stored.captured(session, place, until, caller.party, sees_all=caller.sees_all, limit=_PAGE)
            entries = await stored.sealed(session, place, until, caller.party, sees_all=caller.sees_all, limit=_PAGE)
            notices = await stored.noticed(session, place, until, caller.party, _PAGE)
            alerts = await alerts_between(session, caller, place.alert, until.alert, _PAGE)
        news, place = _called(place, alerts, notices)
        for event in events:
            place = place._replace(transaction=event.transaction, event=event.event)
            news.append(News(id_of(place), "captured", _captured(event)))
        for entry in entries:
            place = place._replace(block=entry.block, log=entry.log)
            news.append(News(id_of(place), "sealed", _sealed(entry)))
        began = place if not news else None
        if len(events) < _PAGE:
            place = place._replace(transaction=until.transaction, event=EVERY_EVENT)
        if len(entries) < _PAGE:
            place = place._replace(block=until.block, log=until.log)
        if len(notices) < _PAGE:
            place = place._replace(notice=until.notice)
        if len(alerts) < _PAGE:
            place = place._replace(alert=until.alert)
        if place == began:
            await asyncio.sleep(LOOK_SECONDS)
        return news, place

    async def _top(self) -> Place:
        async with self._looking:
            if self._looked is None or time.monotonic() - self._looked[0] >= LOOK_SECONDS:
                async with self._database.session() as session:
                    self._looked = (time.monotonic(), await stored.top(session))
            return self._looked[1]


def id_of(place: Place) -> str:
    """The id of the last news before the place."""
    return ".".join(map(str, place))


def _called(
    place: Place, alerts: list[tuple[int, dict[str, Any]]], notices: list[NewNotice]
) -> tuple[list[News], Place]:
    """What calls for somebody comes first."""
    news = []
    for alert, told in alerts:
        place = place._replace(alert=alert)
        news.append(News(id_of(place), "alert", told))
    for notice in notices:
        place = place._replace(notice=notice.notice)
        news.append(News(id_of(place), "notice", _noticed(notice)))
    return news, place


def _place(text: str) -> Place:
    numbers = text.split(".")
    if len(numbers) not in (4, 5, 6) or not all(_is_number(number) for number in numbers):
        raise BadPlace("send the id of the last event received as Last-Event-ID, or leave the header out to begin now")
    # Four or five: an id from before there were notices, or alerts.
    return Place._make([*map(int, numbers), -1, -1][:6])


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 19 and int(digits) < 2**63


def _noticed(notice: NewNotice) -> dict[str, Any]:
    return {
        "noticeID": notice.id,
        "kind": notice.kind,
        "recallID": notice.recall,
        "reason": notice.reason,
        "by": notice.by,
        "createdAt": notice.created_at.isoformat(),
        "things": notice.things,
    }


def _captured(event: CapturedEvent) -> dict[str, Any]:
    return {
        "eventID": event.event_id,
        "type": event.event_type,
        "bizStep": event.biz_step,
        "eventTime": event.event_time.isoformat(),
        "recordTime": event.record_time.isoformat(),
        "captureID": event.capture,
        "party": event.party,
        "identifiers": list(event.trails),
    }


def _sealed(entry: SealedEntry) -> dict[str, Any]:
    return {
        "eventID": entry.event_id,
        "identifier": entry.identifier,
        "step": entry.step,
        "party": entry.party,
        "block": entry.block,
        "log": entry.log,
        "time": entry.time,
    }
