"""Where the subject comes to lie: lengths, boxes, and the layout of a canvas. Pure arithmetic, no pixels."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Length:
    """Pixels, or a part of the side that it is measured along."""

    value: float
    relative: bool = False
    """`value` 1 is the whole side then."""

    def of(self, side: float) -> float:
        """In pixels."""
        return self.value * side if self.relative else self.value


NOTHING = Length(0)
MAX_MARGIN_PX, MAX_MARGIN_PART = 500, 0.5
"""On each side (remove.bg's limits)."""


class Box(NamedTuple):
    """Pixels of a picture; right and bottom are the first that are outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def scaled(self, across: float, down: float) -> "Box":
        return Box(self.left * across, self.top * down, self.right * across, self.bottom * down)

    def moved(self, right: float, down: float) -> "Box":
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def rounded(self) -> "Box":
        """To whole pixels, at least one each way, about the same middle.

        A side that is whole keeps its length, and an edge that is whole its place.
        """
        width, height = max(1, round(self.width)), max(1, round(self.height))
        left, top = round((self.left + self.right - width) / 2), round((self.top + self.bottom - height) / 2)
        return Box(left, top, left + width, top + height)

    @property
    def pixels(self) -> tuple[int, int, int, int]:
        """As Pillow wants it."""
        return int(self.left), int(self.top), int(self.right), int(self.bottom)

    def within(self, size: tuple[float, float]) -> "Box":
        """As far as it lies in a picture of that size."""
        return Box(max(self.left, 0), max(self.top, 0), min(self.right, size[0]), min(self.bottom, size[1]))


def whole(size: tuple[float, float]) -> Box:
    return Box(0, 0, *size)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle by two of its corners."""

    left: Length
    top: Length
    right: Length
    bottom: Length

    def of(self, size: tuple[int, int]) -> Box:
        """In whole pixels of a picture of that size; it may reach beyond the picture, or hold nothing."""
        width, height = size
        return Box(
            *(round(side) for side in (self.left.of(width), self.top.of(height))),
            *(round(side) for side in (self.right.of(width), self.bottom.of(height))),
        )


@dataclass(frozen=True, slots=True)
class Margins:
    """Room around the subject. Parts are parts of the subject's own side; more than the limits allow is cut to them."""

    top: Length = NOTHING
    right: Length = NOTHING
    bottom: Length = NOTHING
    left: Length = NOTHING

    def around(self, box: Box) -> Box:
        return Box(
            box.left - _bounded(self.left, box.width),
            box.top - _bounded(self.top, box.height),
            box.right + _bounded(self.right, box.width),
            box.bottom + _bounded(self.bottom, box.height),
        )


def _bounded(margin: Length, side: float) -> float:
    limit = MAX_MARGIN_PART * side if margin.relative else MAX_MARGIN_PX
    return round(min(max(margin.of(side), 0), limit))


@dataclass(frozen=True, slots=True)
class Placing:
    """How the subject lies on its canvas. The defaults leave it where it is."""

    crop: Margins | None = None
    """The canvas is the subject with that room around it, and not the whole picture."""
    scale: float | None = None
    """0..1: the subject fills so much of the canvas, one way, and less the other."""
    position: tuple[float, float] | None = None
    """0..1 across and down: at 0 the subject touches the left (upper) edge, at 1 the right (lower) one. A subject that
    was scaled lies in the middle."""
    max_pixels: int | None = None
    """A larger canvas is scaled down, with all that is on it."""

    @property
    def moves(self) -> bool:
        return self.scale is not None or self.position is not None


IN_PLACE = Placing()


class Layout(NamedTuple):
    """What of the picture goes where."""

    canvas: tuple[int, int]
    source: Box
    """Of the picture."""
    target: Box
    """Of the canvas, in whole pixels. It may reach beyond it."""
    full: tuple[int, int]
    """The canvas without the limit on its pixels."""


def laid_out(size: tuple[int, int], subject: Box | None, placing: Placing, most: int) -> Layout:
    """`size`: the picture's width and height; `most`: pixels that no canvas exceeds, whatever the margins.

    Without a subject the whole picture stays as it is, but for its size.
    """
    picture = whole(size)
    frame = placing.crop.around(subject) if placing.crop and subject else picture
    if subject and placing.moves:
        source, target = subject, _moved(subject, frame, placing)
    else:
        source = frame.within(size)
        target = source.moved(-frame.left, -frame.top)
    full = _bounded_size(frame, most)
    canvas = _bounded_size(frame, min(most, placing.max_pixels or most))
    return Layout(canvas, source, target.scaled(canvas[0] / frame.width, canvas[1] / frame.height).rounded(), full)


def _moved(subject: Box, canvas: Box, placing: Placing) -> Box:
    width, height = canvas.width, canvas.height
    fitting = min(width / subject.width, height / subject.height)
    scale = 1.0 if placing.scale is None else placing.scale * fitting
    across, down = placing.position or (0.5, 0.5)
    left = (width - subject.width * scale) * across
    top = (height - subject.height * scale) * down
    return Box(left, top, left + subject.width * scale, top + subject.height * scale)


def _bounded_size(frame: Box, max_pixels: int) -> tuple[int, int]:
    """Width and height of the frame, scaled down as far as it has more pixels than that."""
    ratio = min(1.0, (max_pixels / (frame.width * frame.height)) ** 0.5)
    return max(1, int(frame.width * ratio)), max(1, int(frame.height * ratio))
