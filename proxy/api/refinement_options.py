"""What every model of options has: no unknown ones, and what may be done to a mask before it is used."""

from pydantic import BaseModel, ConfigDict, Field

from proxy.imaging.refinement import Refinement


class Options(BaseModel):
    """An option that is unknown is a mistake that somebody wants to hear of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RefinementOptions(Options):
    """What is done to the mask before it is used. None of it asks the model again."""

    threshold: int | None = Field(
        default=None,
        ge=1,
        le=255,
        description="A mask without soft edges: levels from here on become 255, all others 0.",
        examples=[128],
    )
    min_area: int = Field(
        default=0,
        ge=0,
        le=2**31,
        description="Objects of fewer pixels of the upright image are removed. An object is a region that touches, its "
        "levels 128 and more; its soft edges go with it.",
        examples=[500],
    )
    largest: bool = Field(default=False, description="Only the largest object stays.")
    fill_holes: bool = Field(
        default=False, description="Background that is enclosed by an object, and by no edge of the image, is filled."
    )
    grow: int = Field(
        default=0,
        ge=-100,
        le=100,
        description="So many pixels of the upright image does the outline move outwards; inwards when negative.",
        examples=[-2],
    )
    feather: float = Field(
        default=0,
        ge=0,
        le=100,
        description="Softens the outline: the standard deviation of a Gaussian blur, in pixels of the upright image.",
        examples=[1.5],
    )

    @property
    def refinement(self) -> Refinement:
        return Refinement(**{name: getattr(self, name) for name in RefinementOptions.model_fields})
