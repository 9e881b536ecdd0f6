from pathlib import Path

import pytest
import yaml

from model_serving.pipelines.__main__ import main
from model_serving.pipelines.model_training import create_pipeline
from tests.support.training import manifest_of, parameters


def test_it_goes_from_the_manifest_to_weights():
    pipeline = create_pipeline()
    assert pipeline.inputs() == {"manifest", "params:model_training"}
    assert pipeline.outputs() == {"trained_weights"}


def test_it_runs_alone_with_parameters_of_a_file_and_others_over_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    manifest_of(tmp_path)
    told = {"data": str(tmp_path), "model_training": parameters(tmp_path).model_dump(mode="json")}
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(told))
    main(["model_training", "--config", str(tmp_path / "mine.yml"), "--params", "model_training.epochs=1"])
    assert "epoch 1 of 1, step 2" in (tmp_path / "training" / "log").read_text()
    assert (tmp_path / "training" / "small.safetensors").exists()
    assert f"`make model WEIGHTS={tmp_path}/training/small.safetensors` makes the archive" in capsys.readouterr().err
