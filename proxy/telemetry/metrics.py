"""What happened, counted for Prometheus. docs/monitoring.md says what each family counts and how they reconcile.

A hit passes here five times, so its counters are bound to their labels beforehand: finding a child by its labels costs
several times what counting does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.samples import Sample
from prometheus_client.values import MutexValue, ValueClass

from proxy.core.events import Answer, Events, Result, Stage, Upstream
from proxy.core.types import Model, Tier
from proxy.errors import BackendAway, BackendError, BackendSilent, BadImage

# A second series for each, for what a counter's fall to 0 says as well.
disable_created_metrics()  # type: ignore[no-untyped-call] # the package is typed but for this
SEVERAL_PROCESSES = ValueClass is not MutexValue
"""Whether PROMETHEUS_MULTIPROC_DIR was set when prometheus_client was imported: counts then lie in files of that
folder, a set for each process, and any process can show them all."""

BUCKETS_S = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""From a hit in memory to the deadline. A latency goal must be one of them."""

KNOWN_ANSWERS: Iterable[tuple[Tier, Answer]] = (
    ("memory", "hit"),
    ("memory", "miss"),
    ("redis", "hit"),
    ("redis", "miss"),
    ("redis", "error"),
)
KNOWN_FAILURES: Iterable[tuple[Upstream, str]] = (
    *(("torchserve", error.__name__) for error in (BackendAway, BackendError, BackendSilent)),
    *(("redis", name) for name in ("ConnectionError", "TimeoutError", "ResponseError")),
)
"""They stand at 0 from the start: a rate misses the first event of a series that was not there before it."""


def bury(pid: int, folder: str) -> None:
    """A process that shared `folder` (PROMETHEUS_MULTIPROC_DIR) has died: what it did still counts, what it held does
    not."""
    mark_process_dead(pid, folder)  # type: ignore[no-untyped-call] # the package is typed but for this


@dataclass(frozen=True, slots=True)
class Given:
    """Images asked for since the start, over all processes: sent, or named by a digest that was known. `kept` of
    `answers` were answered from the cache."""

    kept: int
    answers: int


class Metrics(Events):
    """Listens to the core and to the doors. May be read in any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._count_predictions()
        self._count_lookups()
        self._count_flights()
        self._count_failures()
        self._measure()
        self._gauge()
        self._live: Model | None = None

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The body and its media type, in the format that an `Accept` header asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._of_all_processes()), media_type

    def hit_ratios(self) -> dict[Tier, float | None]:
        """0..1 by tier, of the times that it was asked for a prediction's image; None before the first. Takes about as
        long as an exposition."""
        families = self._of_all_processes().collect()
        samples = [sample for family in families if family.name == "rematte_lookups" for sample in family.samples]
        return {
            tier: _hit_ratio(sample for sample in samples if sample.labels["tier"] == tier) for tier in get_args(Tier)
        }

    def given(self) -> Given:
        """Takes about as long as an exposition. A digest that was not known does not count: its image is sent next."""
        counts = {
            (sample.name, sample.labels["result"]): int(sample.value)
            for family in self._of_all_processes().collect()
            if family.name in ("rematte_cache_results", "rematte_recalls")
            for sample in family.samples
        }
        recalled = counts["rematte_recalls_total", "hit"]
        results = {result: counts["rematte_cache_results_total", result] for result in get_args(Result)}
        return Given(recalled + results["hit"], recalled + sum(results.values()))

    def _of_all_processes(self) -> CollectorRegistry:
        if not SEVERAL_PROCESSES:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the package is typed but for this
        return registry

    # What the doors tell

    def answered(self, door: str, status: int) -> None:
        """A prediction is over, and its caller is told this status; 499 for one who has left."""
        counter = self._answered.get((door, status))
        if counter is None:
            counter = self._answered[door, status] = self._predictions.labels(door, str(status))
        counter.inc()

    def refused(self, kind: str) -> None:
        """A problem was answered, at whichever door."""
        self._problems.labels(kind).inc()

    # What the core tells

    def looked_up(self, tier: Tier, answer: Answer) -> None:
        self._lookups[tier, answer].inc()

    def refuted(self) -> None:
        self._refuted.inc()

    def predicted(self, result: Result) -> None:
        self._results[result].inc()

    def recalled(self, found: bool) -> None:
        self._recalls[found].inc()

    def took(self, stage: Stage, seconds: float) -> None:
        self._stages[stage].observe(seconds)

    def took_off(self) -> None:
        self._flights.inc()

    def collapsed(self) -> None:
        self._collapsed.inc()

    def withdrew(self) -> None:
        self._withdrawn.inc()

    def shared(self) -> None:
        self._shared.inc()

    def recognised(self) -> None:
        self._recognised.inc()

    def wasted(self) -> None:
        self._wasted.inc()

    def queued(self, waiting: int, waiting_bytes: int, inside: int) -> None:
        self._waiting.set(waiting)
        self._waiting_bytes.set(waiting_bytes)
        self._inside.set(inside)

    def failed(self, upstream: Upstream, error: Exception) -> None:
        if not isinstance(error, BadImage):  # the caller's fault, not the model server's
            self._failures.labels(upstream, type(error).__name__).inc()

    def left_alone(self, is_so: bool) -> None:
        self._breaker.set(is_so)

    def renewed(self) -> None:
        self._touches.inc()

    def serves(self, model: Model) -> None:
        if self._live:
            self._build.labels(self._release, self._live.name, self._live.version).set(0)
        self._build.labels(self._release, model.name, model.version).set(1)
        self._live = model

    # What there is

    def _count_predictions(self) -> None:
        self._predictions = self._counter("predictions", "Predictions by door and HTTP status.", "door", "status")
        self._answered: dict[tuple[str, int], Counter] = {}
        results = self._counter("cache_results", "What the cache did for predictions.", "result")
        self._results = {result: results.labels(result) for result in get_args(Result)}
        recalls = self._counter("recalls", "Images asked for by digest.", "result")
        self._recalls = {found: recalls.labels("hit" if found else "miss") for found in (True, False)}
        self._problems = self._counter("problems", "Problems answered, by kind, at every door.", "kind")

    def _count_lookups(self) -> None:
        lookups = self._counter("lookups", "Tiers asked for an image, by what they answered.", "tier", "result")
        self._lookups = {(tier, answer): lookups.labels(tier, answer) for tier, answer in KNOWN_ANSWERS}
        self._refuted = self._counter("verify_failures", "Entries and masks that were another image's.")
        self._touches = self._counter("touches", "Expiries in Redis that were pushed forward.")

    def _count_flights(self) -> None:
        self._flights = self._counter("flights", "Flights to the model.")
        self._collapsed = self._counter("collapsed", "Callers who shared a flight that another began.")
        self._withdrawn = self._counter("withdrawn", "Flights called back before the model had them.")
        self._shared = self._counter("shared", "Flights that took the mask that another replica made.")
        self._recognised = self._counter("recognised", "Flights that took the mask of another file of the picture.")
        self._wasted = self._counter("wasted_inferences", "Inferences that landed with nobody waiting.")

    def _count_failures(self) -> None:
        help_text = "Failures of other servers, by error class."
        self._failures = self._counter("upstream_errors", help_text, "upstream", "class")
        for upstream, error in KNOWN_FAILURES:
            self._failures.labels(upstream, error)

    def _measure(self) -> None:
        stages = Histogram(
            "rematte_stage_seconds",
            "Seconds that a stage took.",
            ("stage",),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._stages = {stage: stages.labels(stage) for stage in get_args(Stage)}

    def _gauge(self) -> None:
        """What stands now: of several processes, the sum or the largest of those that live."""
        self._waiting = self._level("queue_images", "Images that wait for the model.", "livesum")
        self._waiting_bytes = self._level("queue_bytes", "Bytes of images that wait for the model.", "livesum")
        self._inside = self._level("inflight_images", "Images that the model server has.", "livesum")
        self._breaker = self._level("redis_breaker_open", "1 while a failing Redis is left alone.", "livemax")
        self._build = self._level(
            "build_info",
            "1 for the live model, 0 for those before.",
            "livemax",
            "version",
            "model",
            "model_version",
        )
        self._release = version("rematte")
        if not SEVERAL_PROCESSES:
            ProcessCollector(registry=self._registry)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"rematte_{name}_total", help_text, labels, registry=self._registry)

    def _level(self, name: str, help_text: str, several: Literal["livesum", "livemax"], *labels: str) -> Gauge:
        """`several`: how those of the living processes become one (prometheus_client's multiprocess_mode)."""
        return Gauge(f"rematte_{name}", help_text, labels, registry=self._registry, multiprocess_mode=several)


def _hit_ratio(samples: Iterable[Sample]) -> float | None:
    counts = {sample.labels["result"]: sample.value for sample in samples}
    asked = sum(counts.values())
    return counts["hit"] / asked if asked else None
