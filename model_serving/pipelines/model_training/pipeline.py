"""Manifest to weights."""

from kedro.pipeline import Pipeline, node

from model_serving.pipelines.model_training.nodes import train


def create_pipeline() -> Pipeline:
    return Pipeline([node(train, "params:model_training", "trained_weights", name="train")])
