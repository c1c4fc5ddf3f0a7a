"""The rules, in the order in which they are told, with their sources.

EPCIS 2.0 and CBV 2.0 are the GS1 standards of June 2022, by section and class or word. A source that begins with "Ours"
is no standard's: it says why we judge so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.findings import balance, custody, inputs, lifecycle, recording, travel
from service.findings.rule import Rule

_RULES: Final = (
    Rule(
        "ledger-dispute",
        "A statement contradicted custody",
        "docs/format.md, sections 3 and 4 (disputes); contracts/src/IProvenance.sol, DisputeReason",
        "Ask both parties for the transfer document (CMR, air waybill, delivery note) that shows who had the goods.",
        custody.disputes,
    ),
    Rule(
        "custody-gap",
        "Goods were passed on by a party that never got them",
        "Ours, after docs/format.md, section 2 (Ship, Receive): a chain of custody has no holes. CBV 2.0, 7.1:"
        " accepting is where “an object changes possession and/or ownership”",
        "Ask the party that passed the goods on how it got them, and the one before what it did with them.",
        custody.gaps,
    ),
    Rule(
        "double-shipment",
        "A thing was shipped again while it was on its way",
        "Ours: a single thing is on one way at a time. CBV 2.0, 7.1 (void_shipping) has a word for a shipment that did"
        " not take place",
        "Ask the sender which of the two shipments left, and whether another item bears the same serial number.",
        custody.double_shipments,
    ),
    Rule(
        "receipt-without-shipment",
        "Something was received that nobody shipped to the receiver",
        "Ours, after docs/format.md, section 2 (Ship names its recipient). For foods on the traceability list each"
        " receipt has an immediate previous source: 21 CFR 1.1345(a)(4)",
        "Ask the receiver from whom it got the goods, and for the reference document; ask that party why it is silent.",
        custody.unshipped_receipts,
    ),
    Rule(
        "shipment-unreceived",
        "A shipment was never received",
        "Ours: what is on its way arrives, comes back, or is declared void (CBV 2.0, 7.1: void_shipping)",
        "Ask the carrier for the proof of delivery, and the recipient whether it has the goods.",
        custody.unreceived,
        ("unreceived_days",),
    ),
    Rule(
        "impossible-travel",
        "A thing was read in two places too far apart",
        "Ours, from geometry: EPCIS 2.0, 7.3 has a read point be where the event took place; places are `geo` URIs"
        " (RFC 5870) or have coordinates in master data",
        "Ask whether two things bear the same serial number (a copy), whether the reader's clock and the place's"
        " coordinates are right, and by what transport it went.",
        travel.impossible_travel,
        ("transport", "least_km", "clock_minutes"),
    ),
    Rule(
        "mass-balance",
        "Inputs and outputs of a transformation do not balance",
        "Ours, from conservation of mass: EPCIS 2.0, 7.4 (TransformationEvent) has inputs consumed, outputs produced,"
        " one transformationID for one process; units are of UN/CEFACT Recommendation 20",
        "Ask for the production record: which input is not told (water, packaging, another lot)? Are the units right?",
        balance.transformations,
        ("gain", "loss"),
    ),
    Rule(
        "lot-balance",
        "More of a lot was given away than there was",
        "Ours, from conservation: EPCIS 2.0, 7.3 (QuantityElement); CBV 2.0, 7.1: by destroying, a class-level"
        " identifier's “quantities are reduced”",
        "Ask the maker for the stock account of the lot: goods of another origin may have been sold under its number.",
        balance.lots,
        ("gain",),
    ),
    Rule(
        "expired-input",
        "Something was used after its last day",
        "CBV 2.0, 7.2 (expired) and master data attributes itemExpirationDate, bestBeforeDate, sellByDate (`cbvmda`)",
        "Ask for the release of the input by quality assurance, and where the output went.",
        inputs.expired,
    ),
    Rule(
        "barred-input",
        "Something was used while it was recalled or held",
        "CBV 2.0, 7.2 (recalled: “non-sellable because of public safety reasons”; non_conformant, stolen, ...);"
        " EPCIS 2.0, 7.4 (persistentDisposition); docs/format.md, section 2 (Hold, Lift)",
        "Ask whether the hold was known at the time of use, and have the outputs held as well.",
        inputs.barred,
    ),
    Rule(
        "late-recording",
        "Events were recorded long after they happened",
        "Ours: EPCIS 2.0, 7.4 (eventTime, recordTime) sets no limit; what is written down late is written with"
        " hindsight. The block's time is when it can no longer have been changed",
        "Ask for what was written down at the time: scanner logs, delivery notes.",
        recording.late,
        ("late_hours",),
    ),
    Rule(
        "recorded-ahead",
        "Events were recorded before they happened",
        "EPCIS 2.0, 7.4: eventTime is when the event occurred, so it is not after its capture, nor after its block",
        "Ask for the clock of the reader, and whether a plan was captured as an event.",
        recording.ahead,
        ("ahead_minutes",),
    ),
    Rule(
        "late-key",
        "Events were signed with a key that is doubtful for their time",
        "docs/format.md, section 6 (what the verification does not say) and step Keys; contracts/src/IParticipants.sol"
        " (validFrom, compromisedFrom)",
        "Of a key that was bound later: ask who recorded the events before, and why with a new key. Of a compromised"
        " key: have its party confirm each of these events, signed with its present key.",
        recording.late_keys,
        ("clock_minutes",),
    ),
    Rule(
        "after-decommissioning",
        "Something happened to a thing after its end",
        "CBV 2.0, 7.1 (destroying: “the object should not be the subject of subsequent events”; decommissioning: again"
        " “only with a new instance-level identifier”); EPCIS 2.0, 7.4 (ObjectEvent, action DELETE)",
        "Ask whether a copy bears the number, whether it was really destroyed, and for the record of its destruction.",
        lifecycle.after_decommissioning,
    ),
    Rule(
        "disposition-sequence",
        "A disposition does not fit what was stated before",
        "CBV 2.0, 7.2 (the definitions quoted; the table is docs/audit.md's, ours)",
        "Ask the later party on what grounds it released the thing.",
        lifecycle.dispositions,
    ),
)
RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every rule, by name."""
