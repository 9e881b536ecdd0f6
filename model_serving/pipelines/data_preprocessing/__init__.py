"""Matches and checks the pairs, leaves out what does not fit, and splits the rest into a manifest."""

from model_serving.pipelines.data_preprocessing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
