"""The order in which EPCIS's XML schemas want the members of each element (EPCglobal-epcis-2_0.xsd, SBDH 1.3)."""

from collections.abc import Mapping

_FIRST = "eventTime recordTime eventTimeZoneOffset eventID errorDeclaration certificationInfo"
_STEP = "bizStep disposition readPoint bizLocation"
_TRADE = "sourceList destinationList sensorElementList persistentDisposition"
_TYPES = {
    "ObjectEvent": f"epcList action {_STEP} bizTransactionList quantityList {_TRADE} ilmd",
    "AggregationEvent": f"parentID childEPCs action {_STEP} bizTransactionList childQuantityList {_TRADE}",
    "TransactionEvent": f"bizTransactionList parentID epcList action {_STEP} quantityList {_TRADE}",
    "TransformationEvent": (
        "inputEPCList inputQuantityList outputEPCList outputQuantityList transformationID "
        f"{_STEP} bizTransactionList {_TRADE} ilmd"
    ),
    "AssociationEvent": f"parentID childEPCs childQuantityList action {_STEP} bizTransactionList {_TRADE}",
}
EVENTS: Mapping[str, tuple[str, ...]] = {name: (*_FIRST.split(), *members.split()) for name, members in _TYPES.items()}
"""Members of each event type, in order."""

METADATA = (
    "time", "deviceID", "deviceMetadata", "rawData", "startTime", "endTime", "bizRules", "dataProcessingMethod",
)  # fmt: skip
REPORT = (
    "type", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "uom", "minValue",
    "maxValue", "sDev", "chemicalSubstance", "microorganism", "deviceID", "deviceMetadata", "rawData", "time",
    "meanValue", "percRank", "percValue", "dataProcessingMethod", "coordinateReferenceSystem", "exception", "bizRules",
)  # fmt: skip

HEADER: Mapping[str, tuple[str, ...]] = {
    "StandardBusinessDocumentHeader": (
        "HeaderVersion", "Sender", "Receiver", "DocumentIdentification", "Manifest", "BusinessScope",
    ),
    "Sender": ("Identifier", "ContactInformation"),
    "Receiver": ("Identifier", "ContactInformation"),
    "ContactInformation": ("Contact", "EmailAddress", "FaxNumber", "TelephoneNumber", "ContactTypeIdentifier"),
    "DocumentIdentification": (
        "Standard", "TypeVersion", "InstanceIdentifier", "Type", "MultipleType", "CreationDateAndTime",
    ),
    "Manifest": ("NumberOfItems", "ManifestItem"),
    "ManifestItem": ("MimeTypeQualifierCode", "UniformResourceIdentifier", "Description", "LanguageCode"),
    "Scope": ("Type", "InstanceIdentifier", "Identifier"),
    "CorrelationInformation": (
        "RequestingDocumentCreationDateTime", "RequestingDocumentInstanceIdentifier", "ExpectedResponseDateTime",
    ),
    "BusinessService": ("BusinessServiceName", "ServiceTransaction"),
}  # fmt: skip
"""Child elements of the elements of a Standard Business Document Header, in order."""
