"""ingested -> manifest, left_out, and what is told of them."""

from kedro.pipeline import Node, Pipeline

from model_serving.pipelines.data_preprocessing.nodes import prepared, tell


def create_pipeline() -> Pipeline:
    return Pipeline(
        [
            Node(prepared, ["ingested", "params:data_preprocessing"], ["manifest", "left_out"], name="prepare_pairs"),
            Node(tell, ["manifest", "left_out", "params:data"], None, name="tell_of_pairs"),
        ]
    )
