"""Measures weights on real photos, on a manifest's held-out pairs, on composed scenes, beside the paper's numbers."""

from model_serving.pipelines.model_evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
