"""A shadow that a subject drops on what lies behind it."""

from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageFilter

from proxy.imaging.backgrounds import BLACK, Colour
from proxy.imaging.geometry import Box, Length

SOFT, ASIDE, BELOW = (Length(part, relative=True) for part in (0.03, 0.02, 0.04))


@dataclass(frozen=True, slots=True)
class Shadow:
    """Its own shape, moved and softened. Lengths are relative to the longer side of the subject on its canvas."""

    opacity: float = 0.5
    """0..1."""
    blur: Length = SOFT
    """Standard deviation of the Gaussian."""
    right: Length = ASIDE
    down: Length = BELOW
    colour: Colour = BLACK


def cast(shadow: Shadow, alpha: Pillow.Image, subject: Box) -> Pillow.Image:
    """RGBA of the size of `alpha`, the subject's on its canvas. `subject`: where it lies there."""
    side = max(subject.width, subject.height)
    moved = _moved(alpha, shadow.right.of(side), shadow.down.of(side))
    soft = moved.filter(ImageFilter.GaussianBlur(shadow.blur.of(side)))
    strength = shadow.opacity * shadow.colour.alpha / 255
    layer = Pillow.new("RGB", alpha.size, shadow.colour[:3])
    layer.putalpha(soft.point(lambda level: level * strength + 0.5))
    return layer


def _moved(alpha: Pillow.Image, right: float, down: float) -> Pillow.Image:
    moved = Pillow.new("L", alpha.size)
    moved.paste(alpha, (round(right), round(down)))
    return moved
