"""datasets -> ingested."""

from kedro.pipeline import Node, Pipeline

from model_serving.pipelines.data_ingestion.nodes import ingested


def create_pipeline() -> Pipeline:
    return Pipeline([Node(ingested, "params:data_ingestion", "ingested", name="ingest_datasets")])
