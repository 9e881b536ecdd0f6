import os
from pathlib import Path

import pytest

from proxy.up.archive import is_outdated

MADE = 1_000_000_000


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Code that is older than the archive beside it."""
    for name in ("handler/inspyrenet.py", "model_serving/remover.py", "model_serving/runtimes/eager.py"):
        touch(tmp_path / name, MADE - 1)
    touch(tmp_path / "inspyrenet.mar", MADE)
    return tmp_path


def touch(file: Path, time: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.utime(file, (time, time))


def outdated(code: Path) -> bool:
    return is_outdated(code / "inspyrenet.mar", code)


def test_an_archive_newer_than_the_code_is_not_outdated(code: Path):
    assert not outdated(code)


@pytest.mark.parametrize(
    "file",
    [
        "handler/inspyrenet.py",
        "model_serving/remover.py",
        "model_serving/runtimes/eager.py",
        "model_serving/exporting/openvino_ir.py",
        "model_serving/network/small.safetensors",
    ],
)
def test_what_decides_about_a_mask_outdates_it(code: Path, file: str):
    touch(code / file, MADE + 1)
    assert outdated(code)


@pytest.mark.parametrize(
    "file",
    [
        "model_serving/datasets/pairing.py",
        "model_serving/training/fit.py",
        "model_serving/evaluation/score.py",
        "model_serving/pipelines/running.py",
        "model_serving/pipeline_registry.py",
        "model_serving/settings.py",
        "model_serving/torchserve/ready.py",
    ],
)
def test_what_is_done_besides_serving_does_not(code: Path, file: str):
    touch(code / file, MADE + 1)
    assert not outdated(code)
