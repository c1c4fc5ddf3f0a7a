"""Prometheus figures of this process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from service.health import Backlog

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
        self.answers = self._gauge("chain_answers", "Whether the node answered")
        self._waiting = self._gauge("parts_waiting", "Signed parts that wait for the chain")
        self._waiting_age = self._gauge("parts_waiting_seconds", "How long the first of them waits")
        self._refused = self._gauge("parts_refused", "Signed parts that the chain refused", "reason")
        self._unmined = self._gauge("transactions_unmined", "Our transactions without a block")
        self._unmined_age = self._gauge("transactions_unmined_seconds", "Since when the first of them was stored")
        self._calls = self._gauge("registry_calls_waiting", "Changes of the registry without a transaction")
        self._failed = self._gauge("registry_calls_failed", "Those that were mined without effect", "purpose")

    def tell(self, backlog: Backlog) -> None:
        """Takes over what the database says now; a reason that no part has any more goes."""
        self._waiting.set(backlog.waiting_parts)
        self._waiting_age.set(backlog.waiting_seconds)
        self._unmined.set(backlog.unmined_transactions)
        self._unmined_age.set(backlog.unmined_seconds)
        self._calls.set(backlog.waiting_calls)
        for gauge, counts in ((self._refused, backlog.refused_parts), (self._failed, backlog.failed_calls)):
            gauge.clear()
            for name, count in counts.items():
                gauge.labels(name).set(count)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"trailseal_{name}", help_, labels, registry=self._registry)

    def page(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
