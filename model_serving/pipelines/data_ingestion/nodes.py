"""The parameters' words into those of `model_serving.datasets`."""

from pathlib import Path
from typing import Any

from model_serving.datasets.ingestion import ingest
from model_serving.datasets.wanted import Ingested, read_wanted


def ingested(parameters: dict[str, Any]) -> list[Ingested]:
    """Every data set brought to `folder`, or found where it lies."""
    return ingest(read_wanted(parameters["datasets"]), Path(parameters["folder"]))
