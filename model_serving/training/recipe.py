"""How a network learns: what moves its weights, how fast, and for how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from model_serving.training.schedule import Position, one_cycle, warmed_poly


class Recipe(Protocol):
    """`largest_gradient` is the norm that all gradients together are brought down to; None for none."""

    @property
    def largest_gradient(self) -> float | None: ...

    def optimiser(self, network: nn.Module) -> Optimizer: ...

    def set_rates(self, optimiser: Optimizer, position: Position) -> None: ...

    def progress(self, position: Position) -> float:
        """0 at the start; from 1 on the run is over."""


@dataclass(frozen=True, slots=True)
class OneCycle:
    """For composites without end, from nothing: AdamW and one cycle of the rate, by the clock; `budget` is seconds."""

    budget: float
    peak: float = 2e-3
    weight_decay: float = 0.02
    largest_gradient: float | None = 2.0

    def optimiser(self, network: nn.Module) -> Optimizer:
        return AdamW(network.parameters(), lr=self.peak, weight_decay=self.weight_decay, fused=True)

    def set_rates(self, optimiser: Optimizer, position: Position) -> None:
        for group in optimiser.param_groups:
            group["lr"] = self.peak * one_cycle(self.progress(position))

    def progress(self, position: Position) -> float:
        return position.elapsed / self.budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The authors' recipe, by steps: Adam, a gentler rate for the backbone, a long warm-up, then a polynomial fall."""

    steps: int
    backbone_rate: float
    rate: float
    floor_rate: float
    warm_up: int
    warm_up_from: float
    power: float
    weight_decay: float
    largest_gradient: float | None

    def optimiser(self, network: nn.Module) -> Optimizer:
        groups = [
            {"params": list(_parameters(network, backbone=True)), "peak": self.backbone_rate},
            {"params": list(_parameters(network, backbone=False)), "peak": self.rate},
        ]
        return Adam(groups, lr=self.rate, weight_decay=self.weight_decay, fused=True)

    def set_rates(self, optimiser: Optimizer, position: Position) -> None:
        for group in optimiser.param_groups:
            group["lr"] = warmed_poly(
                position.steps,
                self.steps,
                peak=group["peak"],
                floor=self.floor_rate,
                warm_up=self.warm_up,
                warm_up_from=self.warm_up_from,
                power=self.power,
            )

    def progress(self, position: Position) -> float:
        return position.steps / self.steps


def _parameters(network: nn.Module, *, backbone: bool) -> Iterator[nn.Parameter]:
    for name, parameter in network.named_parameters():
        if name.startswith("backbone.") == backbone:
            yield parameter
