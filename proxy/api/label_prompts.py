"""What Label Studio's smart tools say: rectangles and points, in percent of the image."""

from math import cos, isnan, radians, sin
from typing import Any

from pydantic import BaseModel, Field

from proxy.imaging.prompts import Point, Prompts

_LABELS = ("keypointlabels", "rectanglelabels")


class Shape(BaseModel):
    """`value` has `x` and `y`, a rectangle `width`, `height` and `rotation` (degrees, around its first corner) too."""

    type: str
    value: dict[str, Any]
    is_positive: bool | None = None


class Context(BaseModel):
    """Shapes of other kinds than rectangles and points are passed over."""

    result: list[Shape] = Field(default=[], max_length=1000)


def prompts_of(context: Context, shape: tuple[int, ...]) -> Prompts:
    """In pixels of a mask of that shape (height and width). A point that says nothing of it is a wanted one."""
    height, width = shape
    clicks = [
        (click.is_positive is not False, _point(click.value, width, height)) for click in _of(context, "keypoint")
    ]
    return Prompts(
        areas=tuple(_corners(drawn.value, width, height) for drawn in _of(context, "rectangle")),
        wanted=tuple(point for wanted, point in clicks if wanted),
        unwanted=tuple(point for wanted, point in clicks if not wanted),
    )


def wanted_label(context: Context | None) -> str | None:
    """That of the first shape which has one."""
    labels = (shape.value.get(kind) for shape in (context.result if context else ()) for kind in _LABELS)
    return next((str(label[0]) for label in labels if isinstance(label, list) and label), None)


def _of(context: Context, kind: str) -> list[Shape]:
    return [shape for shape in context.result if shape.type in (kind, f"{kind}labels")]


def _point(value: dict[str, Any], width: int, height: int) -> Point:
    return _number(value, "x") / 100 * width, _number(value, "y") / 100 * height


def _corners(value: dict[str, Any], width: int, height: int) -> tuple[Point, ...]:
    left, top = _point(value, width, height)
    across, down = _number(value, "width") / 100 * width, _number(value, "height") / 100 * height
    turn = radians(_number(value, "rotation"))
    return tuple(
        (left + x * cos(turn) - y * sin(turn), top + x * sin(turn) + y * cos(turn))
        for x, y in ((0.0, 0.0), (across, 0.0), (across, down), (0.0, down))
    )


def _number(value: dict[str, Any], name: str) -> float:
    """Within what a picture can be far off; nonsense is 0."""
    number = value.get(name)
    if not isinstance(number, int | float) or isnan(number):
        return 0.0
    return float(min(max(number, -1000), 1000))
