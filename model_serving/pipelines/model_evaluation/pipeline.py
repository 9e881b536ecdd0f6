"""parameters -> what is told, and files in the folder that they name."""

from kedro.pipeline import Node, Pipeline

from model_serving.pipelines.model_evaluation.nodes import evaluate


def create_pipeline() -> Pipeline:
    return Pipeline([Node(evaluate, "params:model_evaluation", None, name="evaluate")])
