"""A party's journal: the trail of its events that name no thing, and what cannot pass for an entry of it."""

import pytest

from service.sealing import errors
from service.sealing.bundle import EntryPart
from service.sealing.commitments import journal_of, seal_of
from service.sealing.entries import NOBODY, Step
from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.verify import verify
from tests.sealing.world import START, World
from tests.trails.chain import Speaker
from tests.trails.freight import CARRIER, SUPPLIER, event, nonce_of

SENSED = event(
    1,
    epcList=[],
    readPoint={"id": "https://id.gs1.org/414/9521141100004"},
    sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}],
)
OF_A_THING = event(2)
JOURNAL = journal_of(SUPPLIER.id)


def entry(document: dict[str, object], speaker: Speaker = SUPPLIER, step: Step = Step.OBSERVE) -> EntryPart:
    nonce = nonce_of(document)
    seal = seal_of(canonical_json(document), nonce)
    return EntryPart(seal=seal, party=speaker.id, to=NOBODY, step=int(step), time=START, document=document, nonce=nonce)


def failing(world: World) -> errors.ProofFailed | None:
    return verify(world.bundle().dump(), world.block, steps_of, world.provenance).failed


def test_a_journal_holds() -> None:
    assert failing(World(entries=[entry(SENSED)], identifier=JOURNAL, custody=0)) is None


@pytest.mark.parametrize(
    ("identifier", "part"),
    [
        pytest.param(JOURNAL, entry(SENSED, CARRIER), id="another party's event"),
        pytest.param(JOURNAL, entry(OF_A_THING), id="an event that names a thing"),
        pytest.param(JOURNAL, entry(SENSED, step=Step.COMMISSION), id="a step that its event does not say"),
        pytest.param("https://id.gs1.org/00/095211410000000021", entry(SENSED), id="a thing's trail"),
    ],
)
def test_only_a_partys_own_events_of_no_thing_are_in_its_journal(identifier: str, part: EntryPart) -> None:
    world = World(entries=[part], identifier=identifier, custody=0)
    assert isinstance(failing(world), errors.ForeignEvent)
