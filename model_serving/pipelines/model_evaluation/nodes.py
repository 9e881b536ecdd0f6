"""The parameters' words into a plan of `model_serving.evaluation`."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from model_serving.evaluation.errors import EvaluationError
from model_serving.evaluation.evaluate import Plan, carry_out

_PLAN = TypeAdapter(Plan)


def evaluate(parameters: dict[str, Any]) -> None:
    carry_out(plan(parameters))


def plan(parameters: dict[str, Any]) -> Plan:
    """What is null is left as it is by default. EvaluationError for a value that cannot be meant."""
    try:
        return _PLAN.validate_python({name: value for name, value in parameters.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise EvaluationError(f"model_evaluation.{name}: {first['msg']}, not {first['input']}") from error
