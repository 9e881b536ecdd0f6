import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.datasets.manifest import Pair, write_manifest
from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.evaluate import Plan, carry_out, evaluate, examples, main, saliency
from model_serving.evaluation.examples import Example, Picture
from model_serving.network import InSPyReNet
from model_serving.remover import Remover
from model_serving.weights import WeightsError, save_weights
from tests.support.models import TINY


@pytest.fixture
def weights(tmp_path: Path, tiny: InSPyReNet) -> Path:
    save_weights(tmp_path / "tiny.safetensors", tiny, "small", TINY)
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Two held-out pairs of ECSSD and one of training."""
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        Image.fromarray(rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)).save(tmp_path / f"{name}.jpg")
        Image.new("L", (70, 50), 255).save(tmp_path / f"{name}.png")
    pairs = [
        Pair(tmp_path / f"{name}.jpg", tmp_path / f"{name}.png", "ECSSD", split)
        for name, split in (("a", "held-out"), ("b", "train"), ("c", "held-out"))
    ]
    write_manifest(tmp_path / "manifest.csv", pairs)
    return tmp_path / "manifest.csv"


def noise() -> Picture:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    file = io.BytesIO()
    image.save(file, "PNG")
    return Picture(file.getvalue(), image, np.zeros((48, 64), np.float32))


def test_a_picture_comes_back_as_a_map_of_its_own_size(tiny: InSPyReNet):
    found = saliency(Remover(tiny), noise())
    assert found.shape == (48, 64)
    assert 0.0 <= found.min() <= found.max() <= 1.0


def test_scores_are_of_the_served_mask_against_the_truth(tiny: InSPyReNet):
    remover, picture = Remover(tiny), noise()
    served = saliency(remover, picture)
    right = Example("mine", "right", lambda: Picture(picture.file, picture.image, served))
    wrong = Example("mine", "wrong", lambda: Picture(picture.file, picture.image, 1.0 - served))
    scores = evaluate(remover, [right, wrong], pictures=2).scores
    assert (scores[0].name, scores[0].iou, scores[0].mae) == ("right", 1.0, 0.0)
    assert scores[1].iou < 0.1


def test_the_sheet_shows_no_more_than_was_asked_for(tiny: InSPyReNet):
    many = [Example("mine", str(number), noise) for number in range(5)]
    assert len(evaluate(Remover(tiny), many, pictures=3).strips) == 3
    assert len(evaluate(Remover(tiny), many, pictures=9).strips) == 5
    assert len(evaluate(Remover(tiny), many, pictures=0).strips) == 1


def test_a_file_that_the_product_refuses_is_named(tiny: InSPyReNet):
    with pytest.raises(EvaluationError, match=r"broken\.jpg: the product refuses it"):
        saliency(Remover(tiny), Picture(b"broken", noise().image, noise().truth), "broken.jpg")


def test_a_manifest_is_measured_and_told_beside_the_paper(
    weights: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    main(["--weights", str(weights), "--manifest", str(manifest), "--out", str(tmp_path / "out")])
    told = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert told["sources"]["ECSSD"]["pictures"] == 2
    assert "ECSSD: beside the paper" in capsys.readouterr().out
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"scores.csv", "scores.json", "sheet.png"}


def test_the_sources_of_a_plan_follow_each_other(manifest: Path):
    found = [example.source for example in examples(Plan(manifest=manifest))]
    assert found == ["photos"] * (len(found) - 2) + ["ECSSD"] * 2


def test_a_plan_without_a_source_is_refused():
    with pytest.raises(EvaluationError, match="nothing to measure on"):
        examples(Plan(photos=False))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--weights", "absent.safetensors"], "absent.safetensors: cannot be used"),
        (["--manifest", "absent.csv"], "absent.csv: no such manifest"),
        (["--assets", "absent"], "absent: no assets"),
        (["--device", "abacus"], "device abacus: "),
    ],
)
def test_what_cannot_be_had_is_told_in_one_line(arguments: list[str], told: str, tmp_path: Path):
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--out", str(tmp_path / "out")])
    assert str(ended.value).startswith(f"evaluate: {told}")
    assert "\n" not in str(ended.value)
    assert not (tmp_path / "out").exists()


def test_weights_that_cannot_be_read_are_told(tmp_path: Path):
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"bad\.safetensors: cannot be used"):
        carry_out(Plan(weights=tmp_path / "bad.safetensors"))
