"""The averaged weights as a file that `weights.load_shipped` opens."""

import json
from pathlib import Path

from model_serving.training.run import Run
from model_serving.weights import save_weights


def export(run: Run, file: Path, seed: int) -> None:
    """Whole or not at all; the metadata says how to build the network and how the weights came about."""
    made = {"seed": seed, "images": run.position.images, "steps": run.position.steps}
    overrides = {"base_size": run.stage.size, **run.shape}
    save_weights(file, run.average.network, "small", overrides, training=json.dumps(made))  # type: ignore[arg-type]
