"""The averaged weights as a file that `weights.load_shipped` opens."""

import json
from pathlib import Path

from safetensors.torch import save_file

from model_serving.training.run import Run
from model_serving.weights import official_state


def export(run: Run, file: Path, seed: int) -> None:
    """Whole or not at all; the metadata says how to build the network and how the weights came about."""
    tensors = {name: entry.contiguous() for name, entry in official_state(run.average.network).items()}
    unfinished = file.with_suffix(".part")
    save_file(tensors, unfinished, metadata(run, seed))
    unfinished.replace(file)


def metadata(run: Run, seed: int) -> dict[str, str]:
    made = {"seed": seed, "images": run.position.images, "steps": run.position.steps}
    overrides = {"base_size": run.stage.size, **run.shape}
    return {"variant": "small", "overrides": json.dumps(overrides), "training": json.dumps(made)}
