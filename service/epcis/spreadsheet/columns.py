"""The columns that a spreadsheet may have: this list is the documentation, the template's header and what is read."""

import re
from dataclasses import dataclass

from service.epcis.likeness import Spellings


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `synonyms` are other names for its header. `each`: whether every row of an event says its own (else an event has
    one value, whichever of its rows says it).
    """

    name: str
    holds: str
    example: str
    synonyms: tuple[str, ...] = ()
    required: str = ""
    each: bool = False


COLUMNS: tuple[Column, ...] = (
    # When, what, where
    Column("eventTime", "when it happened: date and time with offset, or local time beside `timeZone`",
           "2026-03-02T07:30:00+01:00", ("time", "timestamp", "date", "date time", "event date", "event date time"),
           "always"),
    Column("timeZone", "time zone of the local time: an offset like `UTC+01:00`, or an IANA name", "Europe/Berlin",
           ("tz", "zone", "utc offset", "offset", "event time zone", "eventTimeZoneOffset"),
           "`eventTime` has no offset"),
    Column("bizStep", "what happened, a CBV business step, or a URI of your own", "shipping",
           ("business step", "step")),
    Column("eventType", "`Object`, `Aggregation`, `Association`, `Transaction` or `Transformation`; empty:"
           " Aggregation where there is a `parentID`, Transformation where there are `inputs`, `outputs` or a `role`,"
           " else Object", "Object", ("type", "event")),
    Column("action", "`ADD`, `OBSERVE` or `DELETE`; empty: what `bizStep` implies (see below)", "OBSERVE", (),
           "`bizStep` implies none"),
    Column("disposition", "state of the things afterwards, a CBV disposition, or a URI of your own", "in_transit",
           ("status", "state")),
    Column("readPoint", "where it happened: GLN of the place, or a URI", "(414)9521001000000", ("read point gln",)),
    Column("bizLocation", "where the things are afterwards: GLN of the place, or a URI", "(414)9521001000000",
           ("business location", "biz location gln", "business location gln")),
    Column("eventID", "your own identifier of the event, a URI or a UUID", "550e8400-e29b-41d4-a716-446655440000",
           ("event identifier", "event uuid")),
    Column("eventGroup", "any text; rows with the same text are one event", "pack-1",
           ("event ref", "event reference", "group")),
    # Which things
    Column("epc", "things, each as URI (EPC URN, Digital Link, your own) or as on its label",
           "(01)09521001000017(21)4711", ("epcs", "epc list", "identifier", "identifiers", "item", "items"), each=True),
    Column("sscc", "logistic units: SSCCs, 18 digits", "(00)095210010000000024", ("ssccs", "logistic unit"), each=True),
    Column("gtin", "trade item: GTIN, 8, 12, 13 or 14 digits", "(01)09521001000017",
           ("ean", "ean13", "upc", "gtin14", "trade item", "product code", "article number"),
           "there is a `serial` or `lot`", each=True),
    Column("serial", "serial numbers of single items of that GTIN", "4711 4712",
           ("serials", "serial number", "serial numbers", "sn"), each=True),
    Column("lot", "lot of that GTIN; beside `serial` it describes the items, where they are made", "(10)L26-07",
           ("batch", "lot number", "batch number", "batch lot"), each=True),
    Column("epcClass", "class of things as URI, where it is no GTIN", "https://id.example.com/class/pallet-wood",
           ("class",), each=True),
    Column("quantity", "how many or how much of that GTIN, lot, class", "12.5", ("qty", "amount", "count"), each=True),
    Column("unit", "unit of the quantity, empty for a number of pieces: `kg`, or a code of UN/ECE Recommendation 20",
           "KGM", ("uom", "unit of measure"), each=True),
    Column("grai", "returnable assets: GRAIs with serial number", "(8003)09521001000062A17", ("grais",), each=True),
    Column("giai", "individual assets: GIAIs", "(8004)9521001000TRUCK7", ("giais", "asset"), each=True),
    Column("parentID", "what the things are packed into or taken out of: SSCC or URI", "(00)095210010000000024",
           ("parent", "parent sscc", "parent epc", "container", "packed into"), "Aggregation, Association"),
    Column("role", "`input` or `output`: which the things of this row are", "input", ("in out", "input output"),
           "things in a Transformation", each=True),
    Column("inputs", "things used up, as in `epc`", "(01)09521001000017(10)L26-07",
           ("input epcs", "inputEPCList"), each=True),
    Column("outputs", "things made, as in `epc`", "(01)09521001000031(21)1", ("output epcs", "outputEPCList"),
           each=True),
    Column("transformationID", "URI of a process whose inputs and outputs are told in several events",
           "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", ("transformation", "process")),
    # Who, and on whose order
    Column("sender", "who hands the things over: GLN of the party, or a URI", "(417)9521001000000",
           ("from", "consignor", "sender gln", "source party")),
    Column("receiver", "who takes the things over: GLN of the party, or a URI; makes a shipping an offer to it",
           "(417)9521003000008", ("to", "recipient", "consignee", "receiver gln", "destination party")),
    Column("seller", "who owned the things before: GLN of the party, or a URI", "(417)9521001000000",
           ("seller gln", "sold by")),
    Column("buyer", "who owns the things afterwards: GLN of the party, or a URI", "(417)9521003000008",
           ("buyer gln", "sold to")),
    Column("shipFrom", "place that the things leave: GLN, or a URI", "(414)9521001000000", ("ship from gln",)),
    Column("shipTo", "place that the things go to: GLN, or a URI", "(414)9521003000008",
           ("ship to gln", "delivery location", "deliver to")),
    Column("purchaseOrder", "purchase orders, each `GLN:number` with the GLN of who wrote it, or a URI",
           "9521003000008:PO-4711", ("po", "po number", "order", "order number"), each=True),
    Column("despatchAdvice", "despatch advices, as `purchaseOrder`", "9521001000000:D-77",
           ("desadv", "asn", "dispatch advice", "delivery note"),
           each=True),
    Column("invoice", "invoices, as `purchaseOrder`", "9521001000000:R-2026-5", ("inv", "invoice number"),
           each=True),
    Column("billOfLading", "bills of lading, as `purchaseOrder`", "9521003000008:BL-9", ("bol", "waybill"),
           each=True),
    Column("bizTransaction", "other transactions, as `purchaseOrder`", "9521001000000:P-5",
           ("transaction", "business transaction"), each=True),
    Column("bizTransactionType", "type of `bizTransaction`, a CBV word or a URI of your own", "prodorder",
           ("transaction type", "business transaction type")),
    # What is true of the things, told where they are made (action ADD, or a Transformation)
    Column("expiryDate", "expiration date of the things", "(17)261031", ("expiry", "expiration date", "use by", "exp")),
    Column("bestBefore", "best-before date of the things", "(15)260930", ("best before date", "bbd")),
    Column("productionDate", "production date of the things", "(11)260301", ("production", "manufacturing date")),
    Column("countryOfOrigin", "country that the things come from, ISO 3166-1 alpha-2", "DE", ("origin", "country")),
    # What a sensor measured
    Column("temperature", "temperature in °C (or with unit: `39 °F`, `277 K`)", "4.5", ("temperature c", "temp"),
           each=True),
    Column("minTemperature", "lowest temperature of the reading", "2.0", ("min temp", "temperature min"), each=True),
    Column("maxTemperature", "highest temperature of the reading", "6.5", ("max temp", "temperature max"), each=True),
    Column("humidity", "relative humidity in percent", "55", ("relative humidity", "rh"), each=True),
    Column("sensorTime", "when the sensor measured, as `eventTime`", "2026-03-02T07:29:00+01:00",
           ("measured at", "reading time"), each=True),
    Column("deviceID", "the sensor: URI, or as on its label", "(8004)9521001000LOGGER3", ("device", "sensor", "logger"),
           each=True),
    Column("comment", "anything for yourself; it is not read", "second truck", ("comments", "note", "notes", "remarks"),
           each=True),
)  # fmt: skip


def folded(header: str) -> str:
    """A header as it is compared: letters and digits only, in small letters."""
    return re.sub(r"[\W_]", "", header).casefold()


BY_NAME = {column.name: column for column in COLUMNS}
BY_HEADER = {folded(header): column for column in COLUMNS for header in (column.name, *column.synonyms)}


_SPELLINGS = Spellings({header: column.name for header, column in BY_HEADER.items()})


def nearest(header: str) -> str | None:
    """The name of the column whose header is most like this one, if any is."""
    return _SPELLINGS.nearest(folded(header))
