"""The archive that TorchServe serves: made when there is none. One that is there stays, whoever made it."""

import sys
from collections.abc import Mapping
from pathlib import Path

from proxy.up.crew import Crew

_CODE = Path(__file__).parents[2]
_OFFLINE = (
    *("datasets", "training", "evaluation", "pipelines", "torchserve"),
    *("settings.py", "pipeline_registry.py"),
)
"""Parts of `model_serving` that decide nothing about a mask."""


def build_archive(crew: Crew, archive: Path, environment: Mapping[str, str]) -> None:
    """From the shipped weights. Raises what `Crew.run` raises."""
    command = (sys.executable, "-m", "model_serving.archive", "--variant", "small", "--out", str(archive.parent))
    crew.run("Archive", command, environment, "building the model archive")


def is_outdated(archive: Path, code: Path = _CODE) -> bool:
    """Whether the model's code or its shipped weights were changed after the archive was made."""
    package = code / "model_serving"
    parts = [path for path in package.iterdir() if path.name not in _OFFLINE] + [code / "handler"]
    files = (file for part in parts for file in (part.rglob("*") if part.is_dir() else [part]))
    made = archive.stat().st_mtime
    return any(file.stat().st_mtime > made for file in files if file.suffix in {".py", ".safetensors"})
