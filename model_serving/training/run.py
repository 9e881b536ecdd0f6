"""A training run: the network, its optimiser and where it stands; saved and picked up again."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from model_serving.build import build_network
from model_serving.network import InSPyReNet, Output
from model_serving.network.inspyrenet import LEVELS
from model_serving.training.average import Average
from model_serving.training.growing import with_weights
from model_serving.training.losses import pyramid_loss
from model_serving.training.quick import quick_pass
from model_serving.training.schedule import Stage, one_cycle
from model_serving.training.stream import Batch
from model_serving.training.team import ALONE, Team

PEAK_RATE = 2e-3
WEIGHT_DECAY = 0.02
LARGEST_GRADIENT = 2.0
FAST_BFLOAT16 = bool(torch.cpu._is_avx512_bf16_supported())  # torch has no public name for it


@dataclass
class Position:
    """How far a run has come; `elapsed` is seconds it was running, pauses not counted."""

    images: int = 0
    steps: int = 0
    elapsed: float = 0.0


class Run:
    """One network through all its stages. Only SICA's grids depend on the stage's size, so the weights carry over."""

    def __init__(self, shape: Mapping[str, Any], stage: Stage, budget: float, team: Team = ALONE) -> None:
        """`shape` is `build_network`'s overrides less base_size, `budget` the whole run's seconds."""
        self.shape = dict(shape)
        self.stage = stage
        self.budget = budget
        self.team = team
        self.position = Position()
        self.network = self._build(stage.size).train()
        self.average = Average(self.network)
        self.optimiser = self._optimiser()
        self._ticked = time.monotonic()

    @property
    def progress(self) -> float:
        return self.position.elapsed / self.budget

    def begin_with(self, network: InSPyReNet) -> None:
        """Weights to go on from, of any base size, instead of random ones."""
        self.network = with_weights(network, self._build(self.stage.size)).train()
        self.average = Average(self.network)
        self.optimiser = self._optimiser()

    def enter(self, stage: Stage) -> None:
        """The same weights in networks of the stage's size; the optimiser's memory is kept."""
        memory = self.optimiser.state_dict()
        self.stage = stage
        self.network = with_weights(self.network, self._build(stage.size)).train()
        self.average.network = with_weights(self.average.network, self._build(stage.size)).requires_grad_(False)
        self.optimiser = self._optimiser()
        self.optimiser.load_state_dict(memory)

    def predict(self, image: Tensor) -> Tensor:
        """What the averaged weights make of Bx3xHxW, 0..1: Bx1xHxW, or smaller where the stage lacks finer levels."""
        if self.stage.levels < LEVELS:
            return torch.sigmoid(self.average.network.single_pass(image, self.stage.levels).finest)
        output: Output = self.average.network(image)
        return output.pred

    def step(self, batch: Batch) -> float:
        """The loss of one step."""
        loss = self._learn(*batch)
        self.position.steps += 1
        self.position.images += batch[0].shape[0] * self.team.size
        self.average.follow(self.network)
        return loss

    def _tick(self) -> float:
        """Seconds since the last tick."""
        before, self._ticked = self._ticked, time.monotonic()
        return self._ticked - before

    def save(self, file: Path) -> None:
        """Whole or not at all."""
        state = {
            "shape": self.shape,
            "stage": asdict(self.stage),
            "position": asdict(self.position),
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "average_steps": self.average.steps,
            "optimiser": self.optimiser.state_dict(),
        }
        unfinished = file.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(file)

    @classmethod
    def load(cls, file: Path, budget: float, team: Team = ALONE) -> Self:
        state = torch.load(file, weights_only=True)
        run = cls(state["shape"], Stage(**state["stage"]), budget, team)
        run.position = Position(**state["position"])
        run.network.load_state_dict(state["network"])
        run.average.network.load_state_dict(state["average"])
        run.average.steps = state["average_steps"]
        run.optimiser.load_state_dict(state["optimiser"])
        return run

    def _learn(self, image: Tensor, truth: Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = PEAK_RATE * one_cycle(self.progress)
        loss = self._loss(image, truth)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        self.position.elapsed += self.team.agree(self.network.parameters(), self._tick())
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        return float(loss.detach())

    def _loss(self, image: Tensor, truth: Tensor) -> Tensor:
        saliency = quick_pass(self.network, image, self.stage.levels, halved=FAST_BFLOAT16)
        return pyramid_loss(saliency, truth, self.network.pyramid)

    def _build(self, size: int) -> InSPyReNet:
        return build_network("small", base_size=size, **self.shape)

    def _optimiser(self) -> torch.optim.AdamW:
        return torch.optim.AdamW(self.network.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY, fused=True)
