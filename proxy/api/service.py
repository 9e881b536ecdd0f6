"""What the doors are handed: everything they may use, and nothing of how it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request

from proxy.core.fingerprint import Fingerprinter
from proxy.core.predictor import Predictor
from proxy.core.types import Model, Renderer
from proxy.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready`: a worker of the model server has been ready once. `degraded`: what is away now, one reason each."""

    ready: bool
    degraded: tuple[str, ...] = ()
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """The doors' whole world."""

    predictor: Predictor
    new_fingerprinter: Callable[[], Fingerprinter]
    max_image_bytes: int
    mask: Renderer
    cutout: Renderer
    readiness: Callable[[], Readiness]
    metrics: Metrics = field(default_factory=Metrics)


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
