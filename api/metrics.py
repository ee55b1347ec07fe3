"""`/metrics`: what this process counted, and where the log and the projection stand, read when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.health import Places
from domain.errors import DoorstepError

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_GAUGES = {
    "queue_depth": "Messages that ingest holds and has not committed.",
    "held_bytes": "Bytes of them.",
    "full": "Whether ingest reads no more until the database has caught up.",
    "connected": "Whether ingest has all its sessions with the broker.",
    "failing_s": "Since when nothing could be committed, seconds; 0: the last flush was.",
    "unanswered_s": "How long the broker has owed an answer, seconds; 0: it owes none.",
    "last_flush_ms": "How long the last flush took.",
}
"""What ingest tells beside its counts: how things stand at the moment."""

_LETTERS = {
    "letters_open": ("doorstep_dead_letters", "Open dead letters."),
    "letters_bytes": ("doorstep_dead_letters_bytes", "Bytes that they take."),
    "letters_share": ("doorstep_dead_letters_share", "Of the limit in bytes or days; at 1 the oldest are given up."),
}

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One registry for one application. `read_places` raises DoorstepError while the database is away."""

    def __init__(
        self, read_places: Callable[[], Places], clients: Callable[[], int], frames: Callable[[], int]
    ) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "doorstep_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "doorstep_request_seconds",
            "From the request to the end of its answer; streams are left out.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        streams = Gauge("doorstep_streams", "Open event streams.", registry=self._registry)
        streams.set_function(clients)
        self._registry.register(_Scraped(read_places, frames))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """An answer has ended."""
        method = method if method in _METHODS else "other"  # anybody may invent names, which would grow for ever
        self._requests.labels(method, route, str(status)).inc()
        if not route.endswith("/stream"):
            self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


class _Scraped(Collector):
    """Where things stand; asked of the database with each scrape."""

    def __init__(self, read_places: Callable[[], Places], frames: Callable[[], int]) -> None:
        self._read_places = read_places
        self._frames = frames

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("doorstep_stream_states", "States encoded for streams.", self._frames())
        try:
            places = self._read_places()
        except DoorstepError:
            yield GaugeMetricFamily("doorstep_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("doorstep_database_up", "Whether the database answers.", 1)
        lag = places.lag
        yield GaugeMetricFamily("doorstep_log_head", "Last position of the log.", lag.head)
        for name, text, value in (
            ("position", "Log position that the projection has folded.", lag.position),
            ("behind", "Log positions that the projection has yet to fold.", lag.behind),
            ("generation", "Swaps of the projection.", lag.generation),
            ("known_seconds", "Cell time of the last entry folded, epoch seconds.", lag.known_ms / 1000),
            ("error", "Whether the projection stands still on an error.", int(lag.error is not None)),
        ):
            family = GaugeMetricFamily(f"doorstep_projection_{name}", text, labels=["unit"])
            family.add_metric([lag.unit], value)
            yield family
        for name, value in places.ingest.items():
            yield _told_by_ingest(name, value)
        if places.ingest_silent_s is not None:
            text = "Since ingest last wrote its counters."
            yield GaugeMetricFamily("doorstep_ingest_silent_seconds", text, places.ingest_silent_s)


def _told_by_ingest(name: str, value: float) -> Metric:
    """Named by ingest, which counts from its own start."""
    if name in _LETTERS:
        return GaugeMetricFamily(*_LETTERS[name], value)
    if name in _GAUGES:
        return GaugeMetricFamily(f"doorstep_ingest_{name}", _GAUGES[name], value)
    return CounterMetricFamily(f"doorstep_ingest_{name}", f"Counted by ingest: {name}.", value)
