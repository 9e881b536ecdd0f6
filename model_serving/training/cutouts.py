"""The cut-out objects of the packages, and which of them training never sees."""

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model_serving.training.arrays import Pixels
from model_serving.training.canvas import crop_to_alpha
from model_serving.training.renders import renders

SIDE = 224
"""Longest side kept, in pixels."""

STAMPS = "tuxpaint/stamps"
CLIPART = "openclipart/png"
CLIPART_FOLDERS = (
    "animals", "buildings/furniture", "buildings/homes", "containers", "decorations", "education/books", "electronics",
    "food", "office", "people", "plants", "recreation/music", "recreation/party", "recreation/sports",
    "recreation/toys", "recreation/holiday", "tools", "transportation/boating", "transportation/vehicles", "unsorted",
)  # fmt: skip
PORTRAITS = "games/wesnoth/1.16/data"
MODELS = "sweethome3d/furniture"
ICONS = "icons/oxygen/base/256x256"
ICON_FOLDERS = ("apps", "devices", "places")
EMOJI = "fonts/truetype/noto/NotoColorEmoji.ttf"
EMOJI_RANGES = ((0x231A, 0x2BFF), (0x1F300, 0x1F3FA), (0x1F400, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F90C, 0x1FAFF))
EMOJI_SIZE = 109
"""The one size the font's bitmaps come in."""

HELD_OUT_PERCENT = 10
LARGEST = 20_000_000
"""Pixels; some of the clip art is drawn for posters."""
Image.MAX_IMAGE_PIXELS = None  # Pillow would warn of the posters before we can pass them over


def cutouts(share: Path, held_out: bool) -> Iterator[tuple[str, Pixels]]:
    """(name, HxWx4 uint8) of every usable object of one side of the split; `share` is the packages' usr/share."""

    def ours(name: str) -> bool:
        return is_held_out(name) == held_out

    drawn = ((name, image) for name, image in chain(_files(share), _emoji(share / EMOJI)) if ours(name))
    rendered = ((name, Image.fromarray(view)) for name, view in renders(share / MODELS, ours))
    for name, image in chain(drawn, rendered):
        if (cutout := trim(image)) is not None:
            yield name, cutout


def subject(name: str) -> str:
    """What a picture shows, by the first word of its file name: rabbit-2 and rabbit_little are one rabbit."""
    words = re.findall(r"[a-z]{2,}", Path(name).stem.lower())
    return words[0] if words else name


def is_held_out(name: str) -> bool:
    digest = blake2b(subject(name).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 100 < HELD_OUT_PERCENT


def trim(image: Image.Image) -> Pixels | None:
    """Cropped and shrunk, or None if it is too small, a bare rectangle, or mostly see-through."""
    rgba = np.asarray(image.convert("RGBA"))
    if not (rgba[..., 3] > 200).any():
        return None
    kept = Image.fromarray(np.ascontiguousarray(crop_to_alpha(rgba)))
    kept.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    cutout = np.asarray(kept)
    alpha = cutout[..., 3] / 255.0
    solid = (alpha > 0.8).sum() / max(1, (alpha > 0.05).sum())
    usable = min(alpha.shape) >= 24 and max(alpha.shape) >= 72 and 0.12 < alpha.mean() < 0.97 and solid > 0.6
    return cutout if usable else None


def _files(share: Path) -> Iterator[tuple[str, Image.Image]]:
    stamps = (path for path in (share / STAMPS).rglob("*.png") if "symbols" not in path.parts)
    clipart = chain.from_iterable((share / CLIPART / folder).rglob("*.png") for folder in CLIPART_FOLDERS)
    icons = chain.from_iterable((share / ICONS / folder).glob("*.png") for folder in ICON_FOLDERS)
    portraits = (path for path in (share / PORTRAITS).rglob("*.png") if "portraits" in path.parts)
    for path in sorted({*stamps, *clipart, *icons, *portraits}):
        image = Image.open(path)
        if not path.stem.endswith("_mirror") and image.width * image.height < LARGEST:
            yield path.name, image


def _emoji(font_file: Path) -> Iterator[tuple[str, Image.Image]]:
    """Single code points only, so that no variant of skin or hair exists to leak across the split."""
    font = ImageFont.truetype(str(font_file), EMOJI_SIZE)
    for code in chain.from_iterable(range(first, last + 1) for first, last in EMOJI_RANGES):
        glyph = Image.new("RGBA", (160, 160))
        ImageDraw.Draw(glyph).text((8, 8), chr(code), font=font, embedded_color=True)
        if glyph.getbbox():
            yield f"{code:x}", glyph
