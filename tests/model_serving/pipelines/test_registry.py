from pathlib import Path

from kedro.framework.project import configure_project

import model_serving.pipelines
from model_serving.pipeline_registry import register_pipelines


def test_every_folder_is_a_pipeline_and_all_of_them_fit_together():
    configure_project("model_serving")
    pipelines = register_pipelines()
    folders = {path.parent.name for path in Path(model_serving.pipelines.__path__[0]).glob("*/pipeline.py")}
    assert set(pipelines) == folders | {"__default__"}
    names = [node.name for node in pipelines["__default__"].nodes]
    assert names.index("ingest_datasets") < names.index("prepare_pairs") < names.index("tell_of_pairs")
