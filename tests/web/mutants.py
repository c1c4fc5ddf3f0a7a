"""Bundles that were changed here and there, in their form or in what a chain was made to say."""

import copy
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from service.sealing.commitments import journal_of, party_of, seal_of
from service.sealing.entries import NOBODY
from service.sealing.hashing import canonical_json, keccak256, sha256
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from tests.sealing.cases import Case
from tests.sealing.readings import documents, mutated, value
from tests.sealing.world import START, Said, Told, World
from tests.trails.freight import BUYER, CARRIER, SUPPLIER, nonce_of

SPEAKERS = (SUPPLIER, CARRIER, BUYER)


def spelled(content: dict[str, Any]) -> bytes:
    """The file of a bundle with this content, its digest computed anew."""
    content.pop("digest", None)
    digest = f"0x{sha256(canonical_json(content)).hex()}"
    return canonical_json({**content, "digest": digest}) + b"\n"


def in_form(random: Random, case: Case) -> Case:
    """The case with one or two places of its file changed, and what is trusted changed with it."""
    if random.random() < 0.15:
        return _in_bytes(random, case)
    content = orjson.loads(case.file)
    for _ in range(random.randrange(1, 3)):
        _change(random, content)
    file = spelled(content)
    trust = case.trust
    header = content.get("header")
    if trust.block is not None and isinstance(header, str) and random.random() < 0.9:
        with suppress(ValueError):
            trust = replace(trust, block=keccak256(bytes.fromhex(header[2:])))
    ledger, named = case.ledger, content.get("provenance")
    if isinstance(named, str) and len(named) == 42:
        with suppress(ValueError):
            ledger = bytes.fromhex(named[2:])
    return replace(case, name=f"{case.name}, changed", file=file, trust=trust, ledger=ledger)


def with_document(case: Case, document: dict[str, Any]) -> Case:
    """The case with another document in its first event, which opens no seal."""
    content = orjson.loads(case.file)
    content["events"][0]["document"] = document
    return replace(case, file=spelled(content))


def _in_bytes(random: Random, case: Case) -> Case:
    at = random.randrange(len(case.file))
    new = bytes([random.randrange(256)]) if random.random() < 0.7 else b""
    return replace(case, name=f"{case.name}, byte {at}", file=case.file[:at] + new + case.file[at + 1 :])


def _change(random: Random, content: dict[str, Any]) -> None:
    place: Any = content
    path = []
    while True:
        names = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not names:
            return
        name = random.choice(names)
        path.append(name)
        inner = place[name]
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.1:
            break
        place = inner
    place[name] = _changed(random, place[name])
    if isinstance(place, list) and random.random() < 0.2:
        _shuffled(random, place, path[-1])


def _shuffled(random: Random, items: list[Any], index: int) -> None:
    kind = random.randrange(3)
    if kind == 0:
        items.insert(index, copy.deepcopy(items[index]))
    elif kind == 1:
        items.pop(index)
    else:
        other = random.randrange(len(items))
        items[index], items[other] = items[other], items[index]


def _changed(random: Random, former: Any) -> Any:
    if random.random() < 0.1:
        return value(random, 1)
    if isinstance(former, str) and len(former) > 3:
        at = random.randrange(2, len(former))
        return former[:at] + random.choice("0123456789abcdefF") + former[at + 1 :]
    if type(former) is int:
        return random.choice((min(former + 1, 2**53 - 1), max(0, former - 1), 0, 2**53 - 1, 2**32))
    if isinstance(former, list | dict):
        return random.choice((None, [], {}, former))
    return random.choice((0, 1, None, "0x" + "00" * 32, True))


def in_meaning(random: Random) -> Case:
    """A chain that recorded documents which no service would have taken, with whatever step."""
    said: dict[str, list[Said]] = {}
    for index in range(6):
        document = mutated(random, documents())
        speaker = random.choice(SPEAKERS)
        try:
            things = dict(steps_of(document))
        except ValueError:
            things = {"urn:example:no-event": (0, None)}
        things = things or {journal_of(speaker.id): (0, None)}
        seal = seal_of(canonical_json(document), nonce_of(document))
        for identifier, (step, recipient) in list(things.items())[:3]:
            to = party_of(recipient) if recipient else NOBODY
            recorded = random.randrange(7) if random.random() < 0.1 else int(step)
            said.setdefault(identifier, []).append(Said(speaker, document, seal, recorded, to, START + index))
    told = tuple(Told(tuple(entries), name, custody=0) for name, entries in sorted(said.items()))
    world = World(trails=told, others=2)
    bundle = world.bundle()
    return Case("meaning", "documents that were recorded past any service", bundle.dump(), Trust(world.block))
