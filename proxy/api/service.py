"""What the doors are handed: everything they may use, and nothing of how it is made."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastapi import Request

from proxy.api.drain import Drain
from proxy.api.keys import Keys
from proxy.cache.keeper import Keeper
from proxy.core.fingerprint import Fingerprinter
from proxy.core.predictor import Predictor
from proxy.core.types import Model, Renderer
from proxy.fetching import Fetcher, TaskImages
from proxy.imaging.composition import Composition
from proxy.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready`: a worker of the model server has been ready once. `degraded`: what is away now, one reason each.
    `stopping`: somebody has told this server to stop, so new images had better go elsewhere."""

    ready: bool
    degraded: tuple[str, ...] = ()
    model: Model | None = None
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One part looked at. `detail`: how it is, or what is wrong with it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Of one request. `max_bytes`: all uploaded pictures together."""

    max_images: int = 100
    max_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """The doors' whole world."""

    predictor: Predictor
    new_fingerprinter: Callable[[], Fingerprinter]
    max_image_bytes: int
    mask: Renderer
    model_mask: Renderer
    cutout: Renderer
    compose: Callable[[Composition], Renderer]
    """The renderer of a cutout that somebody wants otherwise."""
    readiness: Callable[[], Readiness]
    checks: Callable[[], Awaitable[Sequence[Check]]]
    drain: Drain
    keeper: Keeper
    idle_ttl_s: float
    admin_token: str | None = None
    keys: Keys = field(default_factory=Keys)
    max_image_pixels: int = 50_000_000
    removebg_default_size: Literal["preview", "full", "auto"] = "preview"
    removebg_deadline_s: float = 18.0
    fetcher: Fetcher = field(default_factory=Fetcher)
    batch: BatchLimits = field(default_factory=BatchLimits)
    task_images: TaskImages = field(default_factory=TaskImages)
    metrics: Metrics = field(default_factory=Metrics)


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
