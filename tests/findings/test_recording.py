"""When events were sealed, and with which keys."""

from datetime import timedelta

from service.findings import KeyFacts, Limits, Severity
from tests.findings.telling import MAKER, SHOP, START, Story, event, made, severities, shipped, wrong

ADDRESS = b"\x07" * 20


def test_events_that_were_sealed_late_are_one_finding_for_each_party() -> None:
    told = Story()
    for hour in range(4):
        told.tell(MAKER, event(hour), after=timedelta(hours=80 + hour))
    told.tell(SHOP, event(9), after=timedelta(hours=71))
    (found,) = told.findings()
    assert (found.rule, found.severity, len(found.events)) == ("late-recording", Severity.LOW, 4)
    assert "4 events" in found.detail
    assert "83.0 h later" in found.detail
    assert len(told.findings(limits=Limits(late_hours=24))) == 2
    assert told.findings(limits=Limits(late_hours=100)) == []


def test_what_was_taken_back_may_have_been_late() -> None:
    one = event(0)
    told = Story().tell(MAKER, one, after=timedelta(days=9))
    assert told.findings()
    assert told.without(MAKER, one).findings() == []


def test_a_declaration_of_error_is_as_late_as_it_says() -> None:
    one = event(0)
    assert Story().tell(MAKER, one).tell(MAKER, wrong(one, 900)).findings() == []
    late = Story().tell(MAKER, one).tell(MAKER, wrong(one, 900), after=timedelta(days=9))
    assert [found.rule for found in late.findings()] == ["late-recording"]


def test_events_that_have_not_happened_yet() -> None:
    told = Story().tell(MAKER, event(0), after=timedelta(hours=-2))
    assert [(found.rule, found.severity) for found in told.findings()] == [("recorded-ahead", Severity.MEDIUM)]
    assert Story().tell(MAKER, event(0), after=timedelta(minutes=-9)).findings() == []
    assert told.without(*told.told[0]).findings() == []


def test_a_key_that_was_bound_after_the_event() -> None:
    key = KeyFacts(ADDRESS, bound_from=START + timedelta(hours=3))
    told = Story().tell(MAKER, made(0), key=key).tell(MAKER, event(2), key=key).tell(MAKER, event(3), key=key)
    (found,) = told.findings()
    assert (found.rule, found.severity, len(found.events)) == ("late-key", Severity.LOW, 2)
    assert ADDRESS.hex() in found.detail
    one = Story().tell(MAKER, event(2), key=key)
    assert one.without(MAKER, one.told[0][1]).findings() == []


def test_a_key_at_and_after_its_compromise() -> None:
    since = START + timedelta(hours=1, minutes=1)
    key = KeyFacts(ADDRESS, bound_from=START - timedelta(days=9), compromised_from=since)
    told = Story()
    for hour in range(3):
        told.tell(MAKER, event(hour), key=key)
    (found,) = told.findings()
    assert (found.rule, found.severity) == ("late-key", Severity.HIGH)
    assert [str(name) for name in found.events] == [told.told[1][1]["eventID"], told.told[2][1]["eventID"]]
    before = Story().tell(MAKER, event(0), key=key)
    assert before.findings() == []


def test_a_thief_who_takes_statements_back_is_seen() -> None:
    key = KeyFacts(ADDRESS, compromised_from=START)
    one = made(0)
    told = Story().tell(MAKER, one).tell(MAKER, wrong(one), key=key)
    assert severities(told.findings("late-key")) == [Severity.HIGH]


def test_hidden_statements_show_their_keys() -> None:
    key = KeyFacts(ADDRESS, compromised_from=START)
    told = Story().tell(MAKER, made(0)).tell(MAKER, shipped(1, MAKER, SHOP), key=key, hidden=True)
    (found,) = told.findings("late-key")
    assert found.events[0].event_id is None
    assert str(found.events[0]).startswith("seal 0x")
