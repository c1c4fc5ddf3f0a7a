"""URN, Digital Link of any resolver, GTIN of any length: one canonical GS1 Digital Link, or a refusal."""

import re
from pathlib import Path

from bench.conformance import examples
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.service import Connection, Service, event_list, segment, told
from service.epcis.identifiers import InvalidIdentifier, digital_link

WRONG_CHECK_DIGIT = ("http://example.de/gtin-8/01/97803111", "http://example.de/01/040123451234/cpv/344/lot/ABD")
"""Pairs of the form alone: what they identify cannot exist, so a repository is not to take an event about it."""
SERIAL = re.compile(r"/(?:21|235|00|8004|8011|8017|8018|401|402|414|417)/|/8003/\d{14}[^/]+$|/25[35]/\d{13}[^/]+$")
"""What a canonical link of one single thing has, and that of a class or lot has not."""


def identifiers(group: Group, service: Service, shared: Path) -> None:
    """Group identifiers: the published pairs, then what they mean to a client."""
    for at, (identifier, wanted) in enumerate(pairs(shared), start=1):
        with group.check(f"{at} {identifier}"):
            if wanted:
                expect_equal(digital_link(identifier, check_digits=False), wanted, "canonical GS1 Digital Link")
            else:
                _expect_refused(identifier)
    party = service.party("identifiers")
    told_apart = [
        (identifier, link) for identifier, link in pairs(shared) if link and identifier not in WRONG_CHECK_DIGIT
    ]
    group.each(told_apart, lambda pair: _over_http(group, party, *pair))


def _over_http(group: Group, party: Connection, identifier: str, link: str) -> None:
    """An event about the thing, spelled as it is, is found by its link and answered with it."""
    single = bool(SERIAL.search(link.removeprefix("https://id.gs1.org")))
    event = (
        examples.object_event([identifier])
        if single
        else examples.event("ObjectEvent", action="OBSERVE", quantityList=[{"epcClass": identifier}])
    )
    with group.check(f"{identifier} over HTTP: found and answered as {link}"):
        made = party.send("POST", "/events", json=event)
        expect_equal(made.status_code, 201, told(made))
        parameter = "MATCH_epc" if single else "MATCH_epcClass"
        ids = [found["eventID"] for found in party.events({parameter: link})]
        expect(event["eventID"] in ids, f"{parameter}={link} finds {ids}")
        found = event_list(party.get(f"/events/{segment(event['eventID'])}").json())[0]
        answered = found["epcList"][0] if single else found["quantityList"][0]["epcClass"]
        # What came as a Digital Link, whatever resolver it names, may stay the Digital Link that it is.
        allowed = {link} if identifier.startswith("urn:") else {link, identifier}
        expect(answered in allowed, f"answered as {answered}")


def pairs(shared: Path) -> list[tuple[str, str]]:
    """Identifier and canonical GS1 Digital Link; an empty one is to be refused."""
    lines = (shared / "digital-link-pairs.tsv").read_text().splitlines()[1:]
    return [(identifier, link) for identifier, _, link in (line.partition("\t") for line in lines)]


def _expect_refused(identifier: str) -> None:
    try:
        found = digital_link(identifier, check_digits=False)
    except InvalidIdentifier as refusal:
        expect(len(str(refusal)) > 10, f"the refusal does not say why: {refusal}")
    else:
        expect(False, f"it is not convertible, but became {found}")
