"""The course of a training on labelled pairs: its steps and epochs, and all that is kept and told on the way."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from threading import Event

import numpy as np
import torch
from torch import Tensor

from model_serving.datasets.manifest import TRAIN, Pair
from model_serving.training.checking import Score, check, spread
from model_serving.training.checkpoint import write_checkpoint
from model_serving.training.pairs import LabelledPairs, Order, batches
from model_serving.training.parameters import Parameters
from model_serving.training.reports import Checked, Listener, Progressed
from model_serving.training.run import Run
from model_serving.training.stream import Batch
from model_serving.weights import save_weights


class Course:
    """Chance has no memory here: a step's number and the seed decide its pictures and what drops out of the network."""

    def __init__(
        self, parameters: Parameters, run: Run, pairs: Sequence[Pair], closed: int = 0, best: Score | None = None
    ) -> None:
        """`run` is new or restored; `closed` epochs were looked at, and the weights kept as the best had that score."""
        self.parameters = parameters
        self.run = run
        self.closed = closed
        self.best = best
        self.listeners: Sequence[Listener] = ()
        self.learned = [pair for pair in pairs if pair.split == TRAIN]
        self.held_out = [pair for pair in pairs if pair.split != TRAIN]
        self.saved_at = run.position.steps
        """The step of the last checkpoint; 0 where there is none."""
        self._terms = parameters.terms(pairs)
        self._dataset = LabelledPairs(self.learned, run.stage.size, parameters.seed, parameters.augmentation)
        self._losses: list[float] = []
        self._told = 0
        self._told_time = self._saved_time = time.monotonic()

    @property
    def steps(self) -> int:
        return self.parameters.epochs * self.steps_per_epoch

    @property
    def steps_per_epoch(self) -> int:
        return len(self.learned) // self.parameters.batch

    @property
    def over(self) -> bool:
        return self.closed >= self.parameters.epochs

    @property
    def _epoch_ended(self) -> bool:
        return self.run.position.steps >= (self.closed + 1) * self.steps_per_epoch

    def run_on(self, stop: Event) -> None:
        """To the end, or until the step in which `stop` is set; all is saved then."""
        self._told_time = self._saved_time = time.monotonic()
        if self._epoch_ended:  # it was stopped, or killed, before it was closed
            self._close_epoch()
        for batch in self._feed(self.run.position.steps, self.steps):
            self._learn(batch)
            if stop.is_set() or self._epoch_ended or self._is_due():
                self._save()
            if stop.is_set():
                return
            if self._epoch_ended:
                self._close_epoch()

    def _feed(self, first: int, last: int) -> Iterator[Batch]:
        order = Order(len(self.learned), self.parameters.batch, self.parameters.seed, first, last)
        pinned = self.run.device.type == "cuda"
        return batches(self._dataset, order, workers=self.parameters.workers, pinned=pinned)

    def _learn(self, batch: Batch) -> None:
        position = self.run.position
        torch.manual_seed(_seed(self.parameters.seed, position.steps))
        self._losses.append(self.run.step(batch))
        if time.monotonic() - self._told_time >= self.parameters.report_every_s:
            self._tell_progress()

    def _tell_progress(self) -> None:
        fresh = self._losses[self._told :]
        pace = len(fresh) / max(time.monotonic() - self._told_time, 1e-9)
        step = self.run.position.steps
        report = Progressed(
            step=step,
            steps=self.steps,
            epoch=step // self.steps_per_epoch,
            epochs=self.parameters.epochs,
            loss=float(np.mean(fresh)),
            rate=float(self.run.optimiser.param_groups[-1]["lr"]),
            images_per_second=pace * self.parameters.batch,
            seconds_left=(self.steps - step) / pace,
        )
        for listener in self.listeners:
            listener.progressed(report)
        self._told, self._told_time = len(self._losses), time.monotonic()

    def _close_epoch(self) -> None:
        """Looks at the averaged weights, and keeps them as the last and, where they are, as the best."""
        if self._told < len(self._losses):
            self._tell_progress()
        if self.parameters.settling:
            self.run.average.settle(self._settling())
        score = check(self.run, spread(self.held_out, self.parameters.checked)) if self.held_out else None
        best = score is None or score.beats(self.best)
        self._keep(self.parameters.last_weights, score)
        if best:
            self.best = score
            self._keep(self.parameters.weights, score)
        self.closed += 1
        self._save()
        loss = float(np.mean(self._losses)) if self._losses else None
        report = Checked(self.run.position.steps, self.closed, self.parameters.epochs, loss, score, best)
        for listener in self.listeners:
            listener.checked(report)
        self._losses, self._told, self._told_time = [], 0, time.monotonic()

    def _settling(self) -> Iterator[Tensor]:
        """The pictures that the next steps would learn from, at the end of the last epoch too."""
        torch.manual_seed(_seed(self.parameters.seed, self.run.position.steps))
        first = self.run.position.steps
        for picture, _ in self._feed(first, first + self.parameters.settling):
            yield picture.to(self.run.device)

    def _keep(self, file: Path, score: Score | None) -> None:
        made = {
            "images": self.run.position.images,
            "steps": self.run.position.steps,
            "held_out": None if score is None else {"iou": score.iou, "mae": score.mae},
            "terms": self._terms,
        }
        overrides = {"base_size": self.run.stage.size, **self.run.shape}
        save_weights(file, self.run.average.network, self.run.variant, overrides, training=json.dumps(made))  # type: ignore[arg-type]

    def _is_due(self) -> bool:
        return time.monotonic() - self._saved_time >= self.parameters.checkpoint_every_s

    def _save(self) -> None:
        kept = {
            "terms": self._terms,
            "closed": self.closed,
            "best": None if self.best is None else list(astuple(self.best)),
        }
        write_checkpoint(self.parameters.checkpoint, self.run.state() | kept)
        self.saved_at, self._saved_time = self.run.position.steps, time.monotonic()


def _seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0])
