"""What the stories of recalls share: a regulator, moments, and the workers."""

from datetime import UTC, datetime

from service.parties.caller import Caller
from service.recall import Grower, Holder, Notices, Question, Recalls
from service.recall.views import RecallView
from tests.trails.consortium import Consortium, _member, seen


def moment(minute: int) -> datetime:
    """So many minutes into the story, as `consortium.at` has them."""
    return datetime(2026, 3, 1, minute // 60, minute % 60, tzinfo=UTC)


def born(*things: str, minute: int = 0) -> dict[str, object]:
    """The event that commissions the things."""
    return seen(*things, minute=minute, action="ADD", bizStep="commissioning")


def handed(*things: str, to: str, minute: int = 0) -> dict[str, object]:
    """The event that ships the things to a party."""
    return seen(
        *things,
        minute=minute,
        bizStep="shipping",
        destinationList=[{"type": "possessing_party", "destination": to}],
    )


class Desk:
    """The rooms over one consortium, and what its workers do."""

    def __init__(self, consortium: Consortium) -> None:
        self.consortium = consortium
        self.recalls = Recalls(consortium.database, consortium.settings)
        self.notices = Notices(consortium.database)
        self.holder = Holder(consortium.database, consortium.settings)

    async def regulator(self, number: int) -> Caller:
        """A fresh regulator, registered on chain."""
        identifier = f"https://id.gs1.org/417/{_gln(f'09521146{number:04d}')}"
        made = await _member(self.consortium.database, self.consortium.settings, identifier, f"Regulator {number}", 32)
        await self.consortium.settle()
        return made

    async def open(self, caller: Caller, *things: str, **members: object) -> RecallView:
        hold, reason, key = members.pop("hold", False), members.pop("reason", "too warm"), members.pop("key", None)
        question = Question(tuple(things), **members)  # type: ignore[arg-type]
        return await self.recalls.open(
            caller, question, reason=str(reason), hold=bool(hold), idempotency_key=None if key is None else str(key)
        )

    async def affected(self, caller: Caller, recall: RecallView) -> list[str]:
        found, following = await self.recalls.things(caller, recall.id, None, 500)
        assert following is None
        return [one.identifier for one in found]

    async def hold(self) -> None:
        while await self.holder.step():
            pass

    async def grow(self) -> None:
        grower = Grower(self.consortium.database, pause_seconds=0)
        while await grower.step():
            grower._next = 0

    async def work(self) -> None:
        """Everything that workers have to do, until there is nothing left."""
        await self.grow()
        await self.hold()
        await self.consortium.settle()

    async def holders(self, thing: str) -> list[str | None]:
        view = await self.consortium.trails.read(self.consortium.auditor, thing)
        return [holder.name for holder in view.custody.holders]

    async def told(self, caller: Caller, recall: RecallView) -> list[tuple[str, list[str]]]:
        """The notices of a recall to a party, the oldest first: kind, and things."""
        rows, _ = await self.notices.listed(caller, None, 500)
        told = []
        for row in reversed(rows):
            if row.recall == recall.id:
                things, _ = await self.notices.things(caller, row.id, b"", 500)
                told.append((row.kind, sorted(one.identifier for one in things)))
        return told


def _gln(digits: str) -> str:
    from service.epcis.checkdigit import check_digit

    return digits + check_digit(digits)
