"""The way of a new image, as bars."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from benchmarks.hundred.sitting import STAGES, Sitting

_COLOURS = dict(zip(STAGES, pyplot.get_cmap("tab10").colors, strict=False))


def plot(sittings: Sequence[Sitting], file: Path) -> None:
    """A bar for each entrant, made of the medians of its stages; and its pictures per second. An SVG."""
    matplotlib.rcParams["svg.hashsalt"] = "rematte"
    figure, (ways, rates) = pyplot.subplots(1, 2, figsize=(13, 1.6 + 0.5 * len(sittings)), width_ratios=(3, 1))
    names = [sitting.entrant.name for sitting in sittings]
    left = [0.0] * len(sittings)
    for stage in STAGES:
        widths = [1000 * sitting.stage(stage) for sitting in sittings]
        ways.barh(names, widths, left=left, label=stage, color=_COLOURS[stage])
        left = [before + width for before, width in zip(left, widths, strict=True)]
    ways.set_xlabel("milliseconds, medians, one picture at a time")
    ways.legend(ncols=len(STAGES), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    rates.barh(names, [sitting.rate for sitting in sittings], color="0.6")
    rates.set_yticks([])
    rates.set_xlabel("pictures per second, eight callers")
    for axes in (ways, rates):
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
