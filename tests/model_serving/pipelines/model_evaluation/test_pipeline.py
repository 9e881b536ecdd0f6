import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.datasets.manifest import Pair, write_manifest
from model_serving.network import InSPyReNet
from model_serving.pipelines.__main__ import main
from model_serving.weights import save_weights
from tests.support.models import TINY


def test_weights_are_measured_on_what_is_held_out(
    tiny: InSPyReNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    save_weights(Path("tiny.safetensors"), tiny, "small", TINY)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)).save("a.png")
    Image.new("L", (40, 40), 255).save("a-mask.png")
    write_manifest(Path("manifest.csv"), [Pair(Path("a.png"), Path("a-mask.png"), "mine", "held-out")])
    given = ("weights=tiny.safetensors", "manifest=manifest.csv", "photos=false", "out=results")
    main(["model_evaluation", "--params", *(f"model_evaluation.{assignment}" for assignment in given)])
    assert json.loads(Path("results/scores.json").read_text())["sources"]["mine"]["pictures"] == 1
    assert "mine: 1 picture " in capsys.readouterr().out
