import io
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from benchmarks import runtimes
from benchmarks.contenders import Contender
from benchmarks.field import Effort
from model_serving.exporting.agreement import default_photos
from tests.support.models import tiny_weights

ONCE = Effort(rounds=1, seconds=0, turns=1, slow_turns=1, distinct=1)


def test_each_contender_has_a_row_beside_the_authors_way(tmp_path: Path):
    files = [default_photos()[0].read_bytes()]
    weights = tiny_weights(tmp_path / "tiny.safetensors")
    ground = runtimes.Ground("small", weights, files, gflop=1.0, ceilings={"float32": 100.0, "bfloat16": 200.0})
    contenders = (runtimes.AUTHORS, Contender("torch", "torch"))
    with Progress(console=Console(file=io.StringIO())) as progress:
        rows = list(runtimes.rows(ground, contenders, tmp_path, ONCE, progress))
    named = [dict(zip(runtimes.COLUMNS, row, strict=True)) for row in rows]
    assert [row["runtime"] for row in named] == ["the authors' way", "torch"]
    assert named[0]["of the authors'"] == "1.0 x"
    assert [row["floor ms"] for row in named] == ["10", "10"]
    assert [row["far off"] for row in named] == ["0.00%", "0.00%"]
    measured = [float(row[name].split()[0]) for row in named for name in ("images/s", "load s", "ready s", "memory")]
    assert min(measured) > 0


def test_the_floor_is_the_networks_operations_and_the_machines_ceiling():
    assert runtimes.ceiling(torch.float32, side=256, tries=1) > 0
