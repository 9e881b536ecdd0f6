import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from model_serving.archive import Archive, build_archive
from tests.support.models import tiny_weights
from tests.support.torchserve import TorchServe, ready_torchserve

# Waits long enough for four requests sent at once to meet in one batch.
BATCHES_OF_FOUR = "{minWorkers: 1, maxWorkers: 1, batchSize: 4, maxBatchDelay: 200, responseTimeout: 60}\n"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """The networks are tiny: on a busy machine threads would only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("archive")
    serving = folder / "model-config.yaml"
    serving.write_text(BATCHES_OF_FOUR)
    return build_archive("small", tiny_weights(folder / "tiny.safetensors"), folder, serving=serving)


@pytest.fixture(scope="session")
def unpacked(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as TorchServe unpacks it for its worker."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive.path) as mar:
        mar.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def server(archive: Archive) -> Iterator[TorchServe]:
    with ready_torchserve(archive.path.parent, OMP_NUM_THREADS="1", PYTHONPATH="/elsewhere") as server:
        yield server
