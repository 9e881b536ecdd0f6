"""The pipelines of this project; Kedro looks for this file by its name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Every folder of `pipelines/` under its own name; `__default__` is all of them, one after the other."""
    pipelines = find_pipelines(raise_errors=True)
    if "__default__" in pipelines:
        pipelines["__default__"] = sum(pipelines.values(), start=Pipeline([]))
    return pipelines
