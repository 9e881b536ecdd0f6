"""A training's numbers for a Prometheus Pushgateway. One that is down, slow or wrong never disturbs the training."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway
from rich.console import Console

from model_serving.training.reports import Checked, Progressed

JOB = "rematte_training"
PATIENCE_S = 5.0

GAUGES = {
    "step": "Steps done.",
    "steps": "Steps of the whole run.",
    "epoch": "Epochs done.",
    "loss": "Mean loss since the last report.",
    "rate": "Learning rate of all but the backbone.",
    "images_per_second": "Pictures learned from in a second.",
    "seconds_left": "How long the run will take yet at this pace, checks not counted.",
    "held_out_iou": "Mean IoU on held-out pairs after the last epoch.",
    "held_out_mae": "Mean absolute error on held-out pairs after the last epoch.",
}


class Gateway:
    """Pushes from a thread of its own, the latest numbers only; the first push that fails is told in one line."""

    def __init__(self, address: str, variant: str, console: Console) -> None:
        self._address = address
        self._labels = {"variant": variant}
        self._console = console
        self._registry = CollectorRegistry()
        self._gauges = {
            name: Gauge(f"{JOB}_{name}", told, registry=self._registry)
            for name, told in GAUGES.items()
            if not name.startswith("held_out")
        }
        self._fresh, self._over = threading.Event(), threading.Event()
        self._well = True

    def progressed(self, report: Progressed) -> None:
        for name, gauge in self._gauges.items():
            if not name.startswith("held_out"):
                gauge.set(getattr(report, name))
        self._fresh.set()

    def checked(self, report: Checked) -> None:
        if report.score:
            self._gauge("held_out_iou").set(report.score.iou)
            self._gauge("held_out_mae").set(report.score.mae)
        self._fresh.set()

    def work(self) -> None:
        """The thread's: until `close`, and once more for what is new by then."""
        over = False
        while not over:
            self._fresh.wait()
            self._fresh.clear()
            over = self._over.is_set()  # looked at before the push: what is told during it is pushed yet
            self._push()

    def close(self) -> None:
        self._over.set()
        self._fresh.set()

    def _gauge(self, name: str) -> Gauge:
        """Made when first known: a gauge that nobody has set would say 0."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"{JOB}_{name}", GAUGES[name], registry=self._registry)
        return self._gauges[name]

    def _push(self) -> None:
        try:
            push_to_gateway(self._address, JOB, self._registry, grouping_key=self._labels, timeout=PATIENCE_S)
            self._well = True
        except (OSError, ValueError, HTTPException) as error:  # whatever HTTP or the address makes of it
            if self._well:
                line = f"{self._address}: no metrics pushed ({error}); the training goes on"
                self._console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
            self._well = False


@contextmanager
def gateway(address: str, variant: str, console: Console) -> Iterator[Gateway]:
    """Waits at the end for the last push, a few seconds and no longer."""
    pushing = Gateway(address, variant, console)
    thread = threading.Thread(target=pushing.work, name="pushgateway", daemon=True)
    thread.start()
    try:
        yield pushing
    finally:
        pushing.close()
        thread.join(2 * PATIENCE_S)
