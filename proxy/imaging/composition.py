"""A cutout as it was asked for: refined, placed on a canvas, with something behind it, in some file format.

A short chain of pure steps. Each takes pictures and gives pictures; none of them asks the model.
"""

from dataclasses import dataclass, fields
from typing import Literal

from PIL import Image as Pillow
from PIL import ImageChops

from proxy.core.fingerprint import Image
from proxy.core.types import Answer, Facts, InTurn, Mask
from proxy.imaging.backgrounds import BLACK, WHITE, Background, Blur, Scene, painted
from proxy.imaging.colours import in_rgb, in_srgb
from proxy.imaging.containers import Format, encoded
from proxy.imaging.foreground import Edges, cut_out
from proxy.imaging.geometry import IN_PLACE, Box, Layout, Placing, Region, laid_out, whole
from proxy.imaging.picture import upright
from proxy.imaging.refinement import AS_IT_IS, Refinement, refined
from proxy.imaging.renderers import scaled
from proxy.imaging.shadow import Shadow, cast

VISIBLE = 13
"""Levels below (5 %) are no part of a subject's box: the model breathes on most of a picture."""


@dataclass(frozen=True, slots=True)
class Composition:
    """All that can be asked of a cutout. The defaults ask for nothing."""

    refinement: Refinement = AS_IT_IS
    """Its lengths are pixels of the upright image."""
    roi: Region | None = None
    """Everything outside is background."""
    edges: Edges = "clean"
    """`clean`: the subject's own colours in its soft edges. `plain`: the image's."""
    placing: Placing = IN_PLACE
    background: Background | None = None
    shadow: Shadow | None = None
    channels: Literal["rgba", "alpha"] = "rgba"
    """`alpha`: only the placed mask, grey."""
    format: Format = "png"

    @property
    def name(self) -> str:
        """What differs from the defaults, each with its field's name: no two compositions share one."""
        values = ((field, getattr(self, field.name)) for field in fields(self) if field.name != "format")
        asked = (f"{field.name}={value!r}" for field, value in values if value != field.default)
        return " ".join((f"cutout.{self.format}", *asked))

    @property
    def behind(self) -> Background | None:
        """JPEG has no holes: there always is something behind."""
        return WHITE if self.background is None and self.format == "jpeg" else self.background

    @property
    def mixes_colours(self) -> bool:
        """Two sources on one canvas must speak one language of colours. Black is black in all of them."""
        stained = self.shadow is not None and self.shadow.colour[:3] != BLACK[:3]
        return stained or not (self.behind is None or isinstance(self.behind, Blur))


class Cutout:
    """The renderer of a composition. The answer's facts are those of `facts_of`."""

    needs_image = True

    def __init__(self, composition: Composition, max_pixels: int) -> None:
        """`max_pixels`: of the image, of a background picture, and of the answer, which is scaled down to it."""
        self._composition = composition
        self._max_pixels = max_pixels
        self.name = composition.name

    async def render(self, image: Image | None, mask: Mask, in_turn: InTurn) -> Answer:
        """Raises BadImage, TooManyPixels."""
        assert image is not None
        return await in_turn(composed, image, mask, self._composition, self._max_pixels)


def composed(image: Image, mask: Mask, composition: Composition, max_pixels: int) -> Answer:
    """The whole chain. Raises BadImage, TooManyPixels."""
    picture = in_rgb(upright(image, max_pixels))
    alpha = alpha_of(picture, mask, composition)
    subject = subject_box(alpha)
    layout = laid_out(picture.size, subject, composition.placing, max_pixels)
    if composition.channels == "alpha":
        shown = placed(alpha, layout)
    else:
        shown = _shown(picture, alpha, layout, composition, max_pixels)
    return Answer(*encoded(shown, composition.format), facts_of(layout, subject))


def alpha_of(picture: Pillow.Image, mask: Mask, composition: Composition) -> Pillow.Image:
    """Of the picture's size, mode L. Where the picture had holes of its own, they stay holes."""
    alpha = scaled(mask.png, picture.size)
    if composition.roi:
        alpha = _inside(alpha, composition.roi.of(picture.size).within(picture.size))
    alpha = refined(alpha, composition.refinement)
    return ImageChops.multiply(alpha, picture.getchannel("A")) if picture.mode == "RGBA" else alpha


def subject_box(alpha: Pillow.Image) -> Box | None:
    """What can be seen of the subject; None when that is nothing."""
    box = alpha.point(lambda level: 255 if level >= VISIBLE else 0).getbbox()
    return Box(*box) if box else None


def placed(picture: Pillow.Image, layout: Layout) -> Pillow.Image:
    """On a canvas that is empty elsewhere. The same picture when nothing moves."""
    target, source = layout.target, layout.source
    if source == target == whole(picture.size) and picture.size == layout.canvas:
        return picture
    if source.width == target.width and source.height == target.height:
        piece = picture.crop(source.pixels)
    else:
        size = (int(target.width), int(target.height))
        piece = picture.resize(size, Pillow.Resampling.BICUBIC, box=source)
    canvas = Pillow.new(picture.mode, layout.canvas)
    canvas.paste(piece, target.pixels[:2])
    return canvas


def facts_of(layout: Layout, subject: Box | None) -> Facts:
    """Width and height of the answer and, as `max_…`, of what it would be without a limit on its pixels; the subject's
    box in the upright image, all 0 when nothing stands out."""
    box = subject or Box(0, 0, 0, 0)
    named = {
        "width": layout.canvas[0],
        "height": layout.canvas[1],
        "max_width": layout.full[0],
        "max_height": layout.full[1],
        "foreground_top": box.top,
        "foreground_left": box.left,
        "foreground_width": box.width,
        "foreground_height": box.height,
    }
    return tuple((name, int(value)) for name, value in named.items())


def _shown(
    picture: Pillow.Image, alpha: Pillow.Image, layout: Layout, composition: Composition, max_pixels: int
) -> Pillow.Image:
    behind = composition.behind
    if composition.mixes_colours:
        picture = in_srgb(picture)
    foreground = placed(cut_out(picture, alpha, composition.edges), layout)
    canvas = painted(behind, Scene(picture, alpha, layout, composition.placing.moves), max_pixels) if behind else None
    shown = over(canvas, foreground, composition.shadow)
    shown.info = picture.info
    return shown


def over(canvas: Pillow.Image | None, foreground: Pillow.Image, shadow: Shadow | None) -> Pillow.Image:
    """The foreground on its shadow on the canvas: RGB when the canvas is, else RGBA."""
    if shadow:
        alpha = foreground.getchannel("A")
        dark = cast(shadow, alpha, subject_box(alpha) or whole(alpha.size))
        canvas = over(canvas, dark, None)
    if canvas is None:
        return foreground
    if canvas.mode == "RGB":
        canvas.paste(foreground, mask=foreground.getchannel("A"))
    else:
        canvas.alpha_composite(foreground)
    return canvas


def _inside(alpha: Pillow.Image, box: Box) -> Pillow.Image:
    kept = Pillow.new("L", alpha.size)
    if box.width > 0 and box.height > 0:
        kept.paste(alpha.crop(box.pixels), box.pixels)
    return kept
