"""manifest -> trained_weights, a file's name."""

from kedro.pipeline import Node, Pipeline

from model_serving.pipelines.model_training.nodes import trained


def create_pipeline() -> Pipeline:
    return Pipeline([Node(trained, ["manifest", "params:model_training"], "trained_weights", name="train")])
