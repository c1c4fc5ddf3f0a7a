"""A shipment's risk trail: what stands on it is only observed, and nothing that looks like one is another thing."""

from service.sealing import errors
from service.sealing.commitments import risk_of, seal_of
from service.sealing.entries import NOBODY, Step
from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verify import verify
from tests.sealing.cases import TRAIL, risk
from tests.sealing.world import START, Said, Told, World, said
from tests.trails.freight import BUYER, event, nonce_of

RISK = risk_of(TRAIL.id)
SCORED = event(1, epcList=[RISK], **{"trailseal:assessment": {"probability": "0.370000"}})


def failing(*entries: Said, identifier: str = RISK) -> errors.ProofFailed | None:
    world = World((Told(entries, identifier, custody=0),))
    return verify(world.bundle().dump(), Trust(world.block), steps_of, world.provenance).failed


def test_a_shipment_and_its_risk_trail_hold_together() -> None:
    world, bundle = risk()
    assert verify(bundle.dump(), Trust(world.block), steps_of, world.provenance).failed is None
    shipment = next(one for one in bundle.trails if one.identifier == TRAIL.identifier)
    assert RISK in {one.identifier for one in bundle.trails} - {shipment.identifier}


def test_a_score_moves_nothing_whatever_it_is_recorded_as() -> None:
    assert failing(said(BUYER, SCORED, START)) is None
    commissioned = said(BUYER, {**SCORED, "action": "ADD"}, START)
    assert failing(commissioned) is None  # read as Observe, and recorded as that
    assert isinstance(failing(commissioned.but(step=int(Step.COMMISSION))), errors.ForeignEvent)


def test_what_only_looks_like_a_risk_trail_is_no_event() -> None:
    lookalike = RISK.replace("trailseal", "Trailseal")
    document = {**SCORED, "epcList": [lookalike]}
    told = Said(BUYER, document, seal_of(canonical_json(document), nonce_of(document)), 0, NOBODY, START)
    assert isinstance(failing(told, identifier=lookalike), errors.ForeignEvent)
