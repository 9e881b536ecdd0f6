from pathlib import Path

from model_serving.pipelines.model_training import create_pipeline
from model_serving.pipelines.running import read_parameters, run
from tests.support.training import TINY, configured, manifest_of


def test_the_pipeline_is_one_road_from_parameters_to_weights():
    pipeline = create_pipeline()
    assert pipeline.inputs() == {"params:model_training"}
    assert pipeline.outputs() == {"trained_weights"}


def test_it_runs_alone_and_leaves_weights(tmp_path: Path):
    manifest_of(tmp_path)
    given = (
        configured() | TINY | {"epochs": 1, "manifest": str(tmp_path / "manifest.csv"), "out": str(tmp_path / "out")}
    )
    run("model_training", {"model_training": dict(given)})
    assert (tmp_path / "out" / "small.safetensors").exists()


def test_its_manifest_lies_where_the_data_is():
    from kedro.config import OmegaConfigLoader

    from model_serving.settings import CONF_SOURCE, CONFIG_LOADER_ARGS

    given = read_parameters(None, ["data=elsewhere", "model_training.batch=4"])
    told = OmegaConfigLoader(CONF_SOURCE, runtime_params=given, **CONFIG_LOADER_ARGS)["parameters"]["model_training"]
    assert told["manifest"] == "elsewhere/manifest.csv"
    assert told["batch"] == 4
    assert told["epochs"] == configured()["epochs"]
