"""Fetches, unpacks or composes the data sets that the parameters name."""

from model_serving.pipelines.data_ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
