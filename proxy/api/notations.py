"""How lengths, places and colours are written in options, the same at every door (remove.bg's notation and CSS's).

Each function raises ValueError: one sentence for the caller that names the text and the remedy.
"""

import re
from collections.abc import Callable

from PIL import ImageColor

from proxy.imaging.backgrounds import OPAQUE, Colour, Gradient
from proxy.imaging.geometry import MAX_MARGIN_PART, MAX_MARGIN_PX, Length, Margins, Region

_NUMBER = re.compile(r"(-?\d{1,9}(?:\.\d{1,6})?)(px|%|)")
_HEX = re.compile(r"#?([0-9A-Fa-f]{3,8})")
_ANGLE = re.compile(r"(-?\d{1,4}(?:\.\d{1,6})?)deg")
MAX_STOPS = 8


def checked(read: Callable[[str], object]) -> Callable[[str], str]:
    """A validator of the text that `read` will be given."""

    def check(text: str) -> str:
        read(text)
        return text

    return check


def length(text: str) -> Length:
    """`30px`, `30` (pixels too) or `10%`."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"`{text[:40]}` is no length; write pixels (`30px`) or a part (`10%`).")
    value = float(found[1])
    return Length(value / 100, relative=True) if found[2] == "%" else Length(value)


def positive_length(text: str) -> Length:
    """Raises for less than 0, for more than the whole, and for more than 500 pixels."""
    got = length(text)
    if not 0 <= got.value <= (1 if got.relative else MAX_MARGIN_PX):
        raise ValueError(f"`{text[:40]}` is out of range; 0 to {MAX_MARGIN_PX}px, or 0% to 100%.")
    return got


def margins(text: str) -> Margins:
    """One length for all sides, two (top and bottom, left and right), or four (top, right, bottom, left)."""
    sides = [length(part) for part in text.split()]
    for side in sides:
        if not 0 <= side.value <= (MAX_MARGIN_PART if side.relative else MAX_MARGIN_PX):
            limits = f"0 to {MAX_MARGIN_PX}px, or 0% to {MAX_MARGIN_PART:.0%} of the subject"
            raise ValueError(f"`{text[:40]}` is out of range; each margin may be {limits}.")
    match sides:
        case [every]:
            return Margins(every, every, every, every)
        case [vertical, horizontal]:
            return Margins(vertical, horizontal, vertical, horizontal)
        case [top, right, bottom, left]:
            return Margins(top, right, bottom, left)
    raise ValueError(f"`{text[:40]}` has {len(sides)} lengths; write 1, 2 or 4 with spaces between them.")


def region(text: str) -> Region:
    """Left, top, right, bottom: four lengths from the upper left corner."""
    sides = [length(part) for part in text.split()]
    if len(sides) != 4 or any(side.value < 0 for side in sides):
        raise ValueError(f"`{text[:40]}` is no region; write left, top, right and bottom: `10% 0% 90% 500px`.")
    left, top, right, bottom = sides
    for low, high in ((left, right), (top, bottom)):
        if low.relative == high.relative and low.value >= high.value:
            raise ValueError(f"`{text[:40]}` holds nothing; right must exceed left, and bottom must exceed top.")
    return Region(left, top, right, bottom)


def scale(text: str) -> float | None:
    """`10%` to `100%`; `original` is None."""
    if text == "original":
        return None
    found = _NUMBER.fullmatch(text.strip())
    if not found or found[2] != "%" or not 10 <= float(found[1]) <= 100:
        raise ValueError(f"`{text[:40]}` is no scale; write `original`, or a part from `10%` to `100%`.")
    return float(found[1]) / 100


def position(text: str) -> tuple[float, float] | None:
    """`center`, one part for both ways, or two (across, down); `original` is None."""
    if text == "original":
        return None
    parts = [_part(word) for word in text.replace("center", "50%").split()]
    if len(parts) not in (1, 2) or any(part is None for part in parts):
        raise ValueError(f"`{text[:40]}` is no position; write `original`, `center`, or 0% to 100%, once or twice.")
    across, down = parts[0], parts[-1]
    return across or 0.0, down or 0.0


def offset(text: str) -> tuple[Length, Length]:
    """Two lengths: to the right and down; negative ones go to the left and up."""
    parts = [length(part) for part in text.split()]
    if len(parts) != 2 or any(abs(part.value) > (1 if part.relative else MAX_MARGIN_PX) for part in parts):
        limits = f"`-100%` to `100%` or -{MAX_MARGIN_PX}px to {MAX_MARGIN_PX}px"
        raise ValueError(f"`{text[:40]}` is no offset; write two lengths, right and down: {limits} each.")
    return parts[0], parts[1]


def colour(text: str) -> Colour:
    """Hex digits, 3, 4, 6 or 8 of them, with or without `#`; or a name of CSS."""
    word = text.strip().lower()
    if not word:
        raise ValueError(f"`{text}` is no colour; in an address `#` is written `%23`, or left out.")
    if word == "transparent":
        return Colour(0, 0, 0, 0)
    if (found := _HEX.fullmatch(word)) and len(found[1]) in (3, 4, 6, 8):
        digits = found[1] if len(found[1]) > 4 else "".join(2 * digit for digit in found[1])
        return Colour(*bytes.fromhex(digits))
    if word not in ImageColor.colormap:
        raise ValueError(f"`{text[:40]}` is no colour; write hex digits (`fff`, `81d4fa80`) or a name of CSS.")
    return Colour(*ImageColor.getrgb(word)[:3], OPAQUE)


def gradient(text: str) -> Gradient:
    """Colours with commas between them, and in front, if not downwards, an angle: `90deg, white, navy`."""
    words = [word.strip() for word in text.split(",")]
    turned = _ANGLE.fullmatch(words[0])
    stops = tuple(colour(word) for word in words[1 if turned else 0 :])
    if not 2 <= len(stops) <= MAX_STOPS:
        raise ValueError(f"`{text[:40]}` has {len(stops)} colours; write 2 to {MAX_STOPS}: `90deg, white, navy`.")
    return Gradient(stops, float(turned[1]) % 360 if turned else 180.0)


def _part(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if not found or found[2] != "%" or not 0 <= float(found[1]) <= 100:
        return None
    return float(found[1]) / 100
