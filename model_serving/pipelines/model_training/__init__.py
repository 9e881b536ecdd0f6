"""Weights trained on the pairs of the manifest, from nothing or from others."""

from model_serving.pipelines.model_training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
