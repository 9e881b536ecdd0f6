"""A training run: the network, its optimiser and where it stands; saved and picked up again."""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from model_serving.build import build_network
from model_serving.network import InSPyReNet, Output
from model_serving.network.inspyrenet import LEVELS
from model_serving.training.average import MEMORY, Average
from model_serving.training.checkpoint import read_checkpoint, write_checkpoint
from model_serving.training.growing import with_weights
from model_serving.training.losses import pyramid_loss
from model_serving.training.quick import Precision, half_of, quick_pass
from model_serving.training.recipe import Recipe
from model_serving.training.schedule import Position, Stage
from model_serving.training.stream import Batch
from model_serving.training.team import ALONE, Team


class NonFiniteLoss(ArithmeticError):
    """A step's loss is infinite or no number. No weight has moved, but BatchNorm's statistics may be spoilt."""


class Run:
    """One network through all its stages. Only SICA's grids depend on the stage's size, so the weights carry over."""

    def __init__(
        self,
        variant: str,
        shape: Mapping[str, Any],
        stage: Stage,
        recipe: Recipe,
        team: Team = ALONE,
        *,
        device: torch.device | str = "cpu",
        precision: Precision = "auto",
        memory: float = MEMORY,
    ) -> None:
        """`shape` is `build_network`'s overrides less base_size; `memory` as `Average` takes it."""
        self.variant = variant
        self.shape = dict(shape)
        self.stage = stage
        self.recipe = recipe
        self.team = team
        self.device = torch.device(device)
        self.memory = memory
        self.position = Position()
        self._half = half_of(precision, self.device)
        # What is smaller than float16 can tell is made larger before it is sent back through the network.
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self._half is torch.float16)
        self._take(self._build(stage.size))
        self._ticked = time.monotonic()

    @property
    def progress(self) -> float:
        return self.recipe.progress(self.position)

    def begin_with(self, network: InSPyReNet) -> None:
        """Weights to go on from, of any base size, instead of random ones. RuntimeError where they do not fit."""
        self._take(with_weights(network, self._build(self.stage.size)))

    def enter(self, stage: Stage) -> None:
        """The same weights in networks of the stage's size; the optimiser's memory is kept."""
        memory = self.optimiser.state_dict()
        self.stage = stage
        self.network = with_weights(self.network, self._build(stage.size)).train()
        self.average.network = with_weights(self.average.network, self._build(stage.size)).requires_grad_(False)
        self.optimiser = self.recipe.optimiser(self.network)
        self.optimiser.load_state_dict(memory)

    def predict(self, image: Tensor) -> Tensor:
        """What the averaged weights make of Bx3xHxW, 0..1: Bx1xHxW, or smaller where the stage lacks finer levels."""
        image = image.to(self.device)
        if self.stage.levels < LEVELS:
            return torch.sigmoid(self.average.network.single_pass(image, self.stage.levels).finest)
        output: Output = self.average.network(image)
        return output.pred

    def step(self, batch: Batch) -> float:
        """The loss of one step. NonFiniteLoss where it is infinite or no number."""
        loss = self._learn(*(part.to(self.device, non_blocking=True) for part in batch))
        self.position.steps += 1
        self.position.images += batch[0].shape[0] * self.team.size
        self.average.follow(self.network)
        return loss

    def state(self) -> dict[str, Any]:
        """All that the run goes on from, as `restore` takes it."""
        return {
            "variant": self.variant,
            "shape": self.shape,
            "stage": asdict(self.stage),
            "position": asdict(self.position),
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "average_steps": self.average.steps,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes back to a state of a run of the same variant, shape and stage."""
        self.position = Position(**state["position"])
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.average.steps = state["average_steps"]
        self.optimiser.load_state_dict(state["optimiser"])
        if scale := state.get("scaler"):  # empty from a device that needed none
            self._scaler.load_state_dict(scale)

    def save(self, file: Path) -> None:
        """Whole or not at all."""
        write_checkpoint(file, self.state())

    @classmethod
    def load(cls, file: Path, recipe: Recipe, team: Team = ALONE) -> Self:
        """The run that `save` kept. Files of before there were variants are of small ones."""
        state = read_checkpoint(file)
        run = cls(state.get("variant", "small"), state["shape"], Stage(**state["stage"]), recipe, team)
        run.restore(state)
        return run

    def _take(self, network: InSPyReNet) -> None:
        self.network = network.train()
        self.average = Average(self.network, self.memory)
        self.optimiser = self.recipe.optimiser(self.network)

    def _learn(self, image: Tensor, truth: Tensor) -> float:
        self.recipe.set_rates(self.optimiser, self.position)
        loss = self._loss(image, truth)
        self.optimiser.zero_grad()
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        self.position.elapsed += self.team.agree(self.network.parameters(), self._tick())
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NonFiniteLoss(f"the loss is {value}")
        self._scaler.unscale_(self.optimiser)
        if self.recipe.largest_gradient is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.largest_gradient)
        self._scaler.step(self.optimiser)
        self._scaler.update()
        return value

    def _loss(self, image: Tensor, truth: Tensor) -> Tensor:
        saliency = quick_pass(self.network, image, self.stage.levels, half=self._half)
        return pyramid_loss(saliency, truth, self.network.pyramid)

    def _tick(self) -> float:
        """Seconds since the last tick."""
        before, self._ticked = self._ticked, time.monotonic()
        return self._ticked - before

    def _build(self, size: int) -> InSPyReNet:
        return build_network(self.variant, base_size=size, **self.shape).to(self.device)
