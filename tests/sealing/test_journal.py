"""A party's journal: the trail of its events that name no thing, and what cannot pass for an entry of it."""

import pytest

from service.sealing import errors
from service.sealing.commitments import journal_of
from service.sealing.entries import Step
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verify import verify
from tests.sealing.world import START, Said, Told, World, said
from tests.trails.freight import CARRIER, SUPPLIER, event

SENSED = event(
    1,
    epcList=[],
    readPoint={"id": "https://id.gs1.org/414/9521141100004"},
    sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}],
)
OF_A_THING = event(2)
JOURNAL = journal_of(SUPPLIER.id)


def failing(world: World) -> errors.ProofFailed | None:
    return verify(world.bundle().dump(), Trust(world.block), steps_of, world.provenance).failed


def test_a_journal_holds() -> None:
    assert failing(World((Told((said(SUPPLIER, SENSED, START),), JOURNAL, custody=0),))) is None


@pytest.mark.parametrize(
    ("identifier", "part"),
    [
        pytest.param(JOURNAL, said(CARRIER, SENSED, START), id="another party's event"),
        pytest.param(JOURNAL, said(SUPPLIER, OF_A_THING, START), id="an event that names a thing"),
        pytest.param(
            JOURNAL, said(SUPPLIER, SENSED, START).but(step=Step.COMMISSION), id="a step that its event does not say"
        ),
        pytest.param("https://id.gs1.org/00/095211410000000021", said(SUPPLIER, SENSED, START), id="a thing's trail"),
    ],
)
def test_only_a_partys_own_events_of_no_thing_are_in_its_journal(identifier: str, part: Said) -> None:
    world = World((Told((part,), identifier, custody=0),))
    assert isinstance(failing(world), errors.ForeignEvent)
