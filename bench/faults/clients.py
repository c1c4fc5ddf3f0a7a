"""Suppliers that post captures over HTTP and repeat them, as a real client does, until they are accepted."""

import asyncio
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from bench.faults.stage import SUPPLIERS, Stage
from service.sealing.commitments import salt_of, trail_of

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_CLIENTS, _SHARED = 16, 40
_IMPATIENT, _TWICE = 0.04, 0.05
_PATIENCE_SECONDS, _IMPATIENT_SECONDS = 8.0, 0.05


@dataclass(frozen=True, slots=True)
class Posting:
    """One document: its Idempotency-Key, whose it is, and how many entries it makes on which trails."""

    key: str
    supplier: str
    body: bytes
    trails: Counter[bytes]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A posting that a client got a 2xx for: the receipt's capture and its parts (id → entries), and when."""

    posting: Posting
    capture: str
    parts: dict[bytes, int]
    at: float


@dataclass
class Suppliers:
    """All clients together; `pace` captures a second, over all.

    `abandoned` are postings that their clients gave up without any answer: each may have been kept or not, but wholly.
    `conflicting` got two different captures for one key, `refused` an answer that should not have been.
    """

    stage: Stage
    captures: int
    pace: float
    rng: random.Random
    accepted: list[Accepted] = field(default_factory=list)
    abandoned: list[Posting] = field(default_factory=list)
    conflicting: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    repeated: int = 0

    def __post_init__(self) -> None:
        self._run = f"{self.rng.getrandbits(32):08x}"
        self._left = iter(range(self.captures))
        self._begin = time.monotonic()
        self._turns = itertools.cycle(self.stage.urls.values())

    @property
    def done(self) -> int:
        """How many captures their clients are through with."""
        return len(self.accepted) + len(self.abandoned)

    async def run(self) -> None:
        """Until every posting is accepted, or given up by one of the impatient."""
        self._begin = time.monotonic()
        client = httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False)
        async with client, asyncio.TaskGroup() as group:
            for _ in range(_CLIENTS):
                group.create_task(self._work(client))

    async def post_one(self, client: httpx.AsyncClient) -> str:
        """Posts one more document, like the others; the capture that it became."""
        posting = self._posting(self.captures)
        receipt = await self._persist(client, posting)
        assert receipt is not None, self.refused
        self._accept(posting, receipt)
        return self.accepted[-1].capture

    async def _work(self, client: httpx.AsyncClient) -> None:
        for number in self._left:
            await asyncio.sleep(max(0.0, self._begin + number / self.pace - time.monotonic()))
            posting = self._posting(number)
            impatient, twice = self.rng.random() < _IMPATIENT, self.rng.random() < _TWICE
            if impatient:
                receipt = await self._try(client, posting, _IMPATIENT_SECONDS)
                if receipt is None:
                    self.abandoned.append(posting)
                    continue
            else:
                receipt = await self._persist(client, posting)
            if receipt is None:
                continue
            self._accept(posting, receipt)
            if twice:
                self._compare(posting, receipt, await self._persist(client, posting))

    async def _persist(self, client: httpx.AsyncClient, posting: Posting) -> dict[str, Any] | None:
        """Until it is accepted; None where it is refused for good, which no posting of ours should be."""
        for wait in itertools.chain((0.1, 0.2, 0.5), itertools.repeat(1.0)):
            receipt = await self._try(client, posting, _PATIENCE_SECONDS)
            if receipt is not None or posting.key in self.refused:
                return receipt
            self.repeated += 1
            await asyncio.sleep(wait * (0.5 + self.rng.random()))
        raise AssertionError

    async def _try(self, client: httpx.AsyncClient, posting: Posting, patience: float) -> dict[str, Any] | None:
        headers = {
            "Authorization": f"Bearer {self.stage.tokens[posting.supplier]}",
            "Content-Type": "application/json",
            "Idempotency-Key": posting.key,
        }
        url = f"{next(self._turns)}/v1/captures"
        try:
            answer = await client.post(url, content=posting.body, headers=headers, timeout=patience)
        except httpx.TransportError:
            return None
        if answer.is_success:
            receipt: dict[str, Any] = answer.json()
            return receipt
        if answer.status_code not in (408, 429, 502, 503, 504):
            self.refused[posting.key] = f"{answer.status_code} {answer.text[:300]}"
        return None

    def _accept(self, posting: Posting, receipt: dict[str, Any]) -> None:
        parts = {bytes.fromhex(part["id"][2:]): int(part["entries"]) for part in receipt["parts"]}
        self.accepted.append(Accepted(posting, receipt["captureID"], parts, time.monotonic()))

    def _compare(self, posting: Posting, first: dict[str, Any], second: dict[str, Any] | None) -> None:
        if second is None or first["captureID"] != second["captureID"]:
            self.conflicting.append(posting.key)

    def _posting(self, number: int) -> Posting:
        """Two to four events about things of its own and things that all suppliers speak of."""
        own = [self._thing(f"{self._run}{number}x{index}") for index in range(self.rng.randint(1, 3))]
        shared = [self._thing(f"{self._run}s{self.rng.randrange(_SHARED)}") for _ in range(2)]
        things = [*([thing] for thing in own), sorted({own[0], *shared})]
        events = [self._event(number * 10 + index, *named) for index, named in enumerate(things)]
        document = {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-02T00:00:00Z",
            "epcisBody": {"eventList": events},
        }
        trails = Counter(self.trail(thing) for named in things for thing in named)
        return Posting(f"{self._run}-{number}", SUPPLIERS[number % len(SUPPLIERS)], orjson.dumps(document), trails)

    def trail(self, thing: str) -> bytes:
        """The id of a thing's trail on chain, computed without the service."""
        return trail_of(thing, salt_of(thing, self.stage.settings.consortium_secret.get_secret_value()))

    @staticmethod
    def _thing(serial: str) -> str:
        return f"https://id.gs1.org/01/09521001000017/21/{serial}"

    @staticmethod
    def _event(moment: int, *things: str) -> dict[str, Any]:
        day, second = moment // 86400, moment % 86400
        stamp = f"2026-03-{day % 28 + 1:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000Z"
        return {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "eventTime": stamp,
            "eventTimeZoneOffset": "+00:00",
            "epcList": list(things),
        }
