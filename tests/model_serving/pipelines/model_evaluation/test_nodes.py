from pathlib import Path

import pytest

from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.evaluate import Plan
from model_serving.pipelines.model_evaluation.nodes import plan
from model_serving.pipelines.running import read_parameters


def test_what_is_null_is_as_by_default():
    assert plan({"weights": None, "pictures": 3}) == Plan(pictures=3)


def test_what_is_given_is_taken():
    made = plan({"weights": "mine.safetensors", "photos": False, "manifest": "build/data/manifest.csv"})
    assert made == Plan(weights=Path("mine.safetensors"), photos=False, manifest=Path("build/data/manifest.csv"))


def test_a_value_that_cannot_be_meant_is_named():
    with pytest.raises(EvaluationError, match=r"model_evaluation\.scenes: .*, not many"):
        plan({"scenes": "many"})


def test_every_field_of_a_plan_is_a_parameter_with_the_same_default():
    for name in Plan.__slots__:
        read_parameters(None, [f"model_evaluation.{name}=null"])
