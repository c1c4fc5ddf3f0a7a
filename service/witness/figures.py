"""Prometheus figures of a witness."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Figures:
    """A registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.signed = Gauge("trailseal_witness_signed_block", "Newest block that was signed", registry=self._registry)
        self.newest = Gauge("trailseal_witness_newest_block", "The node's newest block", registry=self._registry)
        self.alarm = Gauge("trailseal_witness_alarm", "1 while an alarm stands", registry=self._registry)
        self.faults = Counter("trailseal_witness_node_faults", "Steps that the node spoilt", registry=self._registry)

    def page(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
