"""Prometheus figures of this process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """A registry of its own for each app, so that two apps in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Histogram(
            "trailseal_http_request_seconds",
            "How long requests took",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.running = Gauge("trailseal_http_requests_running", "Requests under way", registry=self._registry)
        self.events = Counter("trailseal_events_accepted", "Events accepted", registry=self._registry)
        self.subscribers = Gauge("trailseal_stream_subscribers", "Open event streams", registry=self._registry)
        self.behind = Gauge("trailseal_chain_blocks_behind", "Blocks not followed yet", registry=self._registry)
        self.waiting = Gauge("trailseal_parts_waiting", "Signed parts that wait for the chain", registry=self._registry)

    def page(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
