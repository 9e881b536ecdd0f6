"""Where a run stands, and what its rate is there.

By the clock (`one_cycle`) a shared machine gets fewer steps, not a broken schedule; the paper counts steps
(`warmed_poly`).
"""

import math
from dataclasses import dataclass

from model_serving.network.inspyrenet import LEVELS

WARM_UP = 0.06
FLOOR = 0.004
"""Of the peak rate, at the end."""


@dataclass
class Position:
    """How far a run has come; `elapsed` is seconds it was running, pauses not counted."""

    images: int = 0
    steps: int = 0
    elapsed: float = 0.0


@dataclass(frozen=True)
class Stage:
    """Pictures of `size` x `size` until `until` of the run has passed, for the coarsest `levels` of the saliency."""

    size: int
    batch: int
    until: float
    levels: int = LEVELS


def stage_at(stages: tuple[Stage, ...], progress: float) -> Stage:
    return next((stage for stage in stages if progress < stage.until), stages[-1])


def one_cycle(progress: float) -> float:
    """Share of the peak learning rate at `progress` 0..1: a short climb, then half a cosine down to FLOOR."""
    if progress < WARM_UP:
        return FLOOR + (1.0 - FLOOR) * progress / WARM_UP
    fall = (min(progress, 1.0) - WARM_UP) / (1.0 - WARM_UP)
    return FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * fall))


def warmed_poly(
    step: int, steps: int, *, peak: float, floor: float, warm_up: int, warm_up_from: float, power: float
) -> float:
    """The rate before step `step` (0 for the first) of `steps`, as the authors' PolyLr has it.

    It falls from `peak` to `floor`, and climbs for `warm_up` steps from a share of `peak` where that is less.
    """
    falling = (peak - floor) * (1.0 - min(step / steps, 1.0)) ** power + floor
    if step >= warm_up:
        return falling
    climbed = step / warm_up
    return min(peak * (warm_up_from * (1.0 - climbed) + climbed), falling)


def parse_stages(text: str) -> tuple[Stage, ...]:
    """`128x16x1:0.5,256x8:1` is 128 px in batches of 16 for half of the run, one level, then 256 px in eights, all.

    ValueError where the text is of another form, the shares do not rise to 1, a size is no multiple of 32 or there are
    no such levels.
    """
    stages = tuple(_parse_stage(part) for part in text.split(","))
    ends = [stage.until for stage in stages]
    if ends != sorted(ends) or ends[-1] != 1.0:
        raise ValueError(f"the shares must rise to 1: {text}")
    return stages


def _parse_stage(text: str) -> Stage:
    shape, until = text.split(":")
    size, batch, levels = (
        int(number) for number in (shape if shape.count("x") == 2 else f"{shape}x{LEVELS}").split("x")
    )
    if size % 32:
        raise ValueError(f"{size} is not a multiple of 32")
    if not 1 <= levels <= LEVELS:
        raise ValueError(f"there are 1 to {LEVELS} levels, not {levels}")
    return Stage(size, batch, float(until), levels)
