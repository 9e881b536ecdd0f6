"""What a caller may ask of a cutout, and the renderer that does what was asked.

The same names in a query, in a form's fields and in a JSON body. None of them enters the mask's key: whatever is asked
of a picture, its mask is made once.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from proxy.api import notations
from proxy.api.negotiation import choose
from proxy.api.notations import checked
from proxy.api.refinement_options import RefinementOptions
from proxy.api.service import Service
from proxy.core.types import Renderer
from proxy.errors import BadUpload
from proxy.imaging.backgrounds import Backdrop, Background, Blur
from proxy.imaging.composition import Composition
from proxy.imaging.containers import MEDIA_TYPES, Format
from proxy.imaging.geometry import Placing
from proxy.imaging.shadow import Shadow

CUTOUT_FORMATS: Mapping[Format, str] = MEDIA_TYPES

BACKGROUNDS = ("bg_color", "bg_gradient", "bg_blur")
COMPANIONS = {"crop_margin": "crop", "shadow_opacity": "shadow", "shadow_blur": "shadow", "shadow_offset": "shadow"} | {
    "shadow_color": "shadow"
}
"""What means nothing without its companion."""


class CutoutOptions(RefinementOptions):
    """Of `/v1/cutout` and `/v1/cutouts/{digest}`. Without any: transparent where the background was."""

    format: Literal[Format, "jpg"] | None = Field(
        default=None,
        description="Without it `Accept` decides, and PNG is the favourite. `jpeg` (or `jpg`) has no transparency: "
        "white lies behind, if nothing else does. `zip` holds `color.jpg` and `alpha.png`. `auto` is PNG when anything "
        "is transparent, else JPEG.",
    )
    channels: Literal["rgba", "alpha"] = Field(
        default="rgba", description="`alpha`: the mask alone, as a grey picture, placed as the cutout would be."
    )
    roi: Annotated[str, AfterValidator(checked(notations.region))] | None = Field(
        default=None,
        description="Region of interest: left, top, right, bottom, each in pixels or percent of the upright image. "
        "What is outside counts as background.",
        examples=["10% 0% 90% 100%"],
    )
    edges: Literal["clean", "plain"] = Field(
        default="clean",
        description="`clean`: where the edge lets the background through, the subject gets its own colours back, so "
        "that no halo of the old background is left. `plain`: the colours of the image.",
    )
    crop: bool = Field(default=False, description="The answer is as large as the subject, not as the image.")
    crop_margin: Annotated[str, AfterValidator(checked(notations.margins))] = Field(
        default="0",
        description="Room around a cropped subject: one length for all sides, two (top and bottom, left and right) or "
        "four (top, right, bottom, left). Percent are parts of the subject. At most 50% or 500px on each side.",
        examples=["10%", "20px 5%"],
    )
    scale: Annotated[str, AfterValidator(checked(notations.scale))] = Field(
        default="original",
        description="So much of the answer's width or height, whichever is the scarcer, does the subject fill: 10% to "
        "100%. It lies in the middle then, if no `position` says otherwise.",
        examples=["80%"],
    )
    position: Annotated[str, AfterValidator(checked(notations.position))] = Field(
        default="original",
        description="Where the subject lies: `center`, one part for both ways, or two (across and down). At 0% it "
        "touches the left (upper) edge, at 100% the right (lower) one.",
        examples=["center", "50% 100%"],
    )
    max_pixels: int | None = Field(
        default=None,
        ge=1,
        description="An answer that would have more pixels is scaled down until it has no more.",
        examples=[250_000],
    )
    bg_color: Annotated[str, AfterValidator(checked(notations.colour))] | None = Field(
        default=None,
        description="A colour behind the subject: 3, 4, 6 or 8 hex digits, with or without `#`, or a name of CSS. "
        "Colours of the image are converted to sRGB then.",
        examples=["81d4fa", "white"],
    )
    bg_gradient: Annotated[str, AfterValidator(checked(notations.gradient))] | None = Field(
        default=None,
        description="2 to 8 colours behind the subject, with commas between them, and first, if they do not run "
        "downwards, an angle as in CSS.",
        examples=["white, silver", "90deg, ffffff, 81d4fa"],
    )
    bg_blur: Annotated[str, AfterValidator(checked(notations.positive_length))] | None = Field(
        default=None,
        description="The image's own background, blurred so far: the standard deviation, in pixels or percent of the "
        "image's longer side.",
        examples=["2%"],
    )
    shadow: bool = Field(default=False, description="The subject drops a shadow on what lies behind it.")
    shadow_opacity: int = Field(default=50, ge=0, le=100, description="Percent.")
    shadow_blur: Annotated[str, AfterValidator(checked(notations.positive_length))] = Field(
        default="3%", description="Softness of the shadow, in pixels or percent of the subject's longer side."
    )
    shadow_offset: Annotated[str, AfterValidator(checked(notations.offset))] = Field(
        default="2% 4%",
        description="To the right and down, in pixels or percent of the subject's longer side.",
        examples=["0 5%"],
    )
    shadow_color: Annotated[str, AfterValidator(checked(notations.colour))] = Field(
        default="black", description="As `bg_color`."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for fault in self._faults():
            raise ValueError(fault)
        return self

    def renderer(self, service: Service, accept: str = "", backdrop: Backdrop | None = None) -> Renderer:
        """`backdrop`: a picture behind the subject. Raises NotAcceptable, BadUpload for two backgrounds."""
        named: Format | None = "jpeg" if self.format == "jpg" else self.format
        return service.compose(self.composition(choose(CUTOUT_FORMATS, accept, named), backdrop))

    def composition(self, kind: Format, backdrop: Backdrop | None = None) -> Composition:
        if backdrop and self.background:
            raise BadUpload("There are two backgrounds; send a picture or one of `bg_color`, `bg_gradient`, `bg_blur`.")
        return Composition(
            refinement=self.refinement,
            roi=notations.region(self.roi) if self.roi else None,
            edges=self.edges,
            placing=Placing(
                crop=notations.margins(self.crop_margin) if self.crop else None,
                scale=notations.scale(self.scale),
                position=notations.position(self.position),
                max_pixels=self.max_pixels,
            ),
            background=backdrop or self.background,
            shadow=self._shadow if self.shadow else None,
            channels=self.channels,
            format=kind,
        )

    @property
    def background(self) -> Background | None:
        if self.bg_color:
            return notations.colour(self.bg_color)
        if self.bg_gradient:
            return notations.gradient(self.bg_gradient)
        return Blur(notations.positive_length(self.bg_blur)) if self.bg_blur else None

    @property
    def _shadow(self) -> Shadow:
        right, down = notations.offset(self.shadow_offset)
        return Shadow(
            opacity=self.shadow_opacity / 100,
            blur=notations.positive_length(self.shadow_blur),
            right=right,
            down=down,
            colour=notations.colour(self.shadow_color),
        )

    def _faults(self) -> Iterator[str]:
        behind = [name for name in BACKGROUNDS if getattr(self, name)]
        if len(behind) > 1:
            yield f"`{'` and `'.join(behind)}` are two backgrounds; send one of them."
        for name, companion in COMPANIONS.items():
            if name in self.model_fields_set and not getattr(self, companion):
                yield f"`{name}` means nothing without `{companion}=true`; add it."
        if self.channels == "alpha" and (behind or self.shadow or self.format == "zip"):
            yield "`channels=alpha` is the mask alone; leave out background and shadow, and `format=zip`."
