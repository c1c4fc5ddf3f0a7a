"""CBV 2.0 standard vocabularies: bare words, URNs and web URIs to one canonical form, the web URI.

Sources: CBV 2.0 section 7 (bizStep, disposition, business transaction types, source and destination types, error
reasons, sensor components) and GS1 Web Vocabulary (measurement and sensor alert types), as in the JSON-LD context.
"""

from dataclasses import dataclass, field


class UnknownWord(ValueError):
    """The text says that it is a standard value, and the standard has no such value."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """One standard vocabulary: canonical values are `web + word`; every prefix in `prefixes` is another spelling.

    What begins with one of `reserved` claims to be a value of the standard.
    """

    name: str
    web: str
    prefixes: tuple[str, ...]
    words: frozenset[str]
    reserved: tuple[str, ...]
    _known: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spellings = ("", self.web, *self.prefixes)
        object.__setattr__(self, "_known", {prefix + word: word for prefix in spellings for word in self.words})

    def word(self, text: str) -> str | None:
        """The bare word of a standard value in any spelling; None for a private value."""
        return self._known.get(text)

    def uri(self, text: str) -> str:
        """The canonical web URI of a standard value; a private URI is its own.

        Raises UnknownWord for a bare word, or a value in the standard's own namespaces, that the standard lacks.
        """
        word = self._known.get(text)
        if word is not None:
            return self.web + word
        if ":" not in text or text.startswith(self.reserved):
            raise UnknownWord(f"{text[:80]!r} is no {self.name} of CBV 2.0; use one of its words or a URI of your own")
        return text


_CBV = "https://ref.gs1.org/cbv/"
_CBV_RESERVED = (
    *(f"{start}{web}-" for start in (_CBV, "cbv:") for web in ("BizStep", "Disp", "BTT", "SDT", "ER", "Comp")),
    "urn:epcglobal:cbv:", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/",
)  # fmt: skip
_WEB = "https://gs1.org/voc/"
_VOC = (
    "https://ref.gs1.org/voc/",
    "https://www.gs1.org/voc/",
    "http://www.gs1.org/voc/",
    "http://gs1.org/voc/",
    "gs1:",
)


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _cbv(name: str, web: str, urn: str, words: str) -> Vocabulary:
    spellings = (f"urn:epcglobal:cbv:{urn}:", f"cbv:{web}-")
    return Vocabulary(name, f"{_CBV}{web}-", spellings, _words(words), _CBV_RESERVED)


BIZ_STEPS = _cbv(
    "bizStep", "BizStep", "bizstep",
    """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping""",
)  # fmt: skip
DISPOSITIONS = _cbv(
    "disposition", "Disp", "disp",
    """active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled
    reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown""",
)  # fmt: skip
BIZ_TRANSACTION_TYPES = _cbv(
    "business transaction type", "BTT", "btt",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)  # fmt: skip
SOURCE_DEST_TYPES = _cbv("source or destination type", "SDT", "sdt", "owning_party possessing_party location")
ERROR_REASONS = _cbv("error reason", "ER", "er", "did_not_occur incorrect_data")
COMPONENTS = _cbv(
    "sensor component", "Comp", "comp",
    """x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
    longitude altitude""",
)  # fmt: skip
MEASUREMENTS = Vocabulary(
    "measurement type", _WEB, _VOC,
    _words(
        """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
        AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
        Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
        ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
        Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
        LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
        MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
        RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
        SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
        VolumetricFlux Wavenumber"""
    ),
    (_WEB, *_VOC),
)  # fmt: skip
SENSOR_ALERTS = Vocabulary("sensor alert type", _WEB, _VOC, _words("ALARM_CONDITION ERROR_CONDITION"), (_WEB, *_VOC))
