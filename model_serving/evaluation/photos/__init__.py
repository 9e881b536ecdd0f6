"""Real photos with masks made by hand, to measure by and never to train or tune on. README.md says whose they are."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Photo:
    """`image` is a JPEG, `mask` an 8-bit grey PNG of the same size: 255 on the subject, 0 elsewhere."""

    name: str
    image: Path
    mask: Path


def photos() -> list[Photo]:
    """Every photo of the set, by name."""
    return [Photo(image.stem, image, image.with_suffix(".png")) for image in sorted(HERE.glob("*.jpg"))]
