"""The fields of `/v1.0/removebg`, which its callers may say in any of three kinds of body: every value is a text.

What is not understood is refused under remove.bg's own code for the field. Fields that are unknown are passed over, and
so are hints that this model has no use for.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from proxy.api import notations
from proxy.api.problems import said
from proxy.api.removebg.errors import Fault, Refused
from proxy.imaging.backgrounds import Colour
from proxy.imaging.geometry import Length, Margins, Region

Size = Literal["preview", "medium", "hd", "full", "50mp"]
Format = Literal["auto", "png", "jpeg", "zip", "webp"]
Channels = Literal["rgba", "alpha"]

V = TypeVar("V")

SIZES: Mapping[str, Size] = {
    "preview": "preview",
    "small": "preview",
    "regular": "preview",
    "medium": "medium",
    "hd": "hd",
    "4k": "full",
    "full": "full",
    "auto": "full",
    "50mp": "50mp",
}
FORMATS: Mapping[str, Format] = {
    "auto": "auto",
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "zip": "zip",
    "webp": "webp",
}
CHANNELS: Mapping[str, Channels] = {"rgba": "rgba", "alpha": "alpha"}
TRUTHS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def _one_of(values: Mapping[str, V]) -> Callable[[str], V]:
    def read(text: str) -> V:
        word = text.strip().lower()
        if word not in values:
            raise ValueError(f"`{text[:40]}` is none of {', '.join(values)}.")
        return values[word]

    return read


def _opacity(text: str) -> float | None:
    """0..1, of percents; `auto` is None."""
    if text == "auto":
        return None
    try:
        percents = float(text.removesuffix("%"))
    except ValueError:
        percents = -1
    if not 0 <= percents <= 100:
        raise ValueError(f"`{text[:40]}` is no opacity; write `auto`, or 0 to 100.")
    return percents / 100


def _region(text: str) -> Region:
    sides = [notations.length(part) for part in text.split()]
    if len(sides) != 4:
        raise ValueError(f"`{text[:40]}` is no region; write left, top, right and bottom: `10% 0% 90% 500px`.")
    return Region(*sides)


Truth = Annotated[bool, BeforeValidator(_one_of(TRUTHS))]


class Wishes(BaseModel):
    """What is asked of the answer. Defaults are remove.bg's own; that of `size` is a setting here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    size: Annotated[Size | None, BeforeValidator(_one_of(SIZES))] = Field(
        default=None,
        description="Largest answer: `preview` (also `small`, `regular`) has 0.25 megapixels, `medium` 1.5, `hd` 4, "
        "`full` (also `4k`, `auto`) 25 and `50MP` 50; a PNG never more than 10. Left out: as "
        "`REMATTE_REMOVEBG_DEFAULT_SIZE` says.",
    )
    type: str = Field(default="auto", description="What the picture shows. A hint that the model does not need.")
    type_level: str = Field(default="1", description="How exactly `X-Type` tells it: `none`, `1`, `2`, `latest`.")
    format: Annotated[Format, BeforeValidator(_one_of(FORMATS))] = Field(
        default="auto",
        description="`auto` (PNG when anything is transparent, else JPEG), `png`, `jpg`, `webp`, or `zip` (`color.jpg` "
        "and `alpha.png`).",
    )
    roi: Annotated[Region | None, BeforeValidator(_region)] = Field(
        default=None,
        description="Region of interest: left, top, right, bottom, each in `px` or `%`. What is outside is background.",
    )
    crop: Truth = Field(default=False, description="The answer is as large as the subject.")
    crop_margin: Annotated[Margins, BeforeValidator(notations.margins)] = Field(
        default=Margins(), description="Room around a cropped subject: 1, 2 or 4 values, in `px` or `%` of the subject."
    )
    scale: Annotated[float | None, BeforeValidator(notations.scale)] = Field(
        default=None, description="`original`, or how much of the answer the subject fills: `10%` to `100%`."
    )
    position: Annotated[tuple[float, float] | None, BeforeValidator(notations.position)] = Field(
        default=None, description="`original`, `center`, or parts across and down: `20% 80%`."
    )
    channels: Annotated[Channels, BeforeValidator(_one_of(CHANNELS))] = Field(
        default="rgba", description="`rgba`, or `alpha`: the mask alone."
    )
    bg_color: Annotated[Colour | None, BeforeValidator(notations.colour)] = Field(
        default=None, description="Colour behind the subject: 3, 4, 6 or 8 hex digits, or a name of CSS."
    )
    add_shadow: Truth = Field(default=False, description="A shadow; counts with `type=car` alone.")
    shadow_type: str = Field(default="none", description="`none`; all others drop the same shadow here.")
    shadow_opacity: Annotated[float | None, BeforeValidator(_opacity)] = Field(
        default=None, description="`auto`, or 0 to 100."
    )
    semitransparency: Truth = Field(default=True, description="Read, and passed over: the model's soft levels stay.")


def wishes(texts: Mapping[str, str]) -> Wishes:
    """Raises Refused with every fault there is."""
    try:
        wished = Wishes.model_validate(texts)
    except ValidationError as error:
        faults = (Fault(f"invalid_{fault['loc'][0]}", said(fault["msg"])) for fault in error.errors())
        raise Refused(*faults) from None
    if wished.roi and (fault := region_fault(wished.roi)):
        raise Refused(fault)
    return wished


def region_fault(region: Region, size: tuple[int, int] | None = None) -> Fault | None:
    """`size`: width and height of the upright image; before it is known, only what would be wrong in any image is."""
    width, height = size or (None, None)
    axes = ((region.left, region.right, width), (region.top, region.bottom, height))
    if any(_outside(low, side) or _outside(high, side) for low, high, side in axes):
        return Fault("roi_exceeds_bounds", "The region of interest must lie within the image.")
    if any(_is_empty(low, high, side) for low, high, side in axes):
        return Fault("roi_region_empty", "The region of interest must have a width and a height.")
    return None


def _outside(length: Length, side: int | None) -> bool:
    whole = 1 if length.relative else side
    return length.value < 0 or (whole is not None and length.value > whole)


def _is_empty(low: Length, high: Length, side: int | None) -> bool:
    if low.relative == high.relative:
        return low.value >= high.value
    return side is not None and low.of(side) >= high.of(side)
