"""Which pictures of the packages may stand behind an object, and which of them training never sees.

A photo whose subject stands out (a bird, a flower, a clock) is no background and is not listed.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from model_serving.training.arrays import Pixels

SIDE = 640
"""Longest side kept, in pixels."""

LOMIRI = "backgrounds"
NATURE = "backgrounds/mate/nature"
MATE = "backgrounds/mate/desktop"
PLASMA = "wallpapers"
LANDSCAPES = "stellarium/landscapes"
PLANETS = "games/endless-sky/images/land"

TRAIN = (
    *(
        f"{LOMIRI}/{name}.jpg"
        for name in (
            "Bridge_by_Sander_Klootwijk",
            "Dragonfly_by_Bolly",
            "Infinite-Sea_by_Aury88",
            "life_by_Aitzol_Berasategi",
            "Painting-Colors_by__herobrine7gamer",
            "aitzgorri_by_Aitzol_Berasategi",
            "sunset_by_Aitzol_Berasategi",
            "analogpattern_by_Peter_Nerlich",
            "umang_by_Abhishek_Mudgal",
        )
    ),
    *(f"{NATURE}/{name}.jpg" for name in ("Blinds", "Dune", "GreenMeadow", "Storm")),
    *(f"{MATE}/{name}.png" for name in ("Stripes", "Ubuntu-Mate-Cold-no-logo", "Ubuntu-Mate-Warm-no-logo")),
    "backgrounds/mate/abstract/Elephants_3840x2160.jpg",
    *(
        f"{PLASMA}/{name}"
        for name in (
            "Cascade",
            "Cluster",
            "ColdRipple",
            "ColorfulCups",
            "DarkestHour",
            "EveningGlow",
            "Elarun",
            "Grey",
            "Honeywave",
            "IceCold",
            "Kokkini",
            "MilkyWay",
            "Opal",
            "Path",
            "Shell",
            "Volna",
            "summer_1am",
            "Altai",
        )
    ),
    *(f"{LANDSCAPES}/hurricane/hurricane{n}.png" for n in "12345678b"),
    *(f"{LANDSCAPES}/guereins/guereins{n}.png" for n in "12345678b"),
    *(f"{LANDSCAPES}/ocean/ocean{n}.png" for n in "27"),
)
HELD_OUT = (
    f"{LOMIRI}/Fossa_by_Jasper_Roks.jpg",
    f"{LOMIRI}/picosdeeuropa_by_Aitzol_Berasategi.jpg",
    f"{NATURE}/RainDrops.jpg",
    f"{NATURE}/Wood.jpg",
    f"{PLASMA}/BytheWater",
    f"{PLASMA}/Canopee",
    f"{PLASMA}/PastelHills",
    *(f"{LANDSCAPES}/garching/garching-gl{n}.png" for n in "1234"),
    f"{LANDSCAPES}/garching/garching-ground3.png",
)
TILES_TRAIN = (
    "beigeTile", "blackAndWhiteTiles", "boxTree", "cloudy", "grass", "marbleWall", "oldWoodenFloor", "pavingStone",
    "pebbles", "redTiles", "roughcast", "smallBricks", "smallRedBricks", "stone2Wall", "stoneTiles", "stoneWall",
    "veryCloudy", "wallBeigeTile", "greyTile", "blueTiles",
)  # fmt: skip
TILES_HELD_OUT = ("woodenFloor", "smallWhiteBricks", "stone3Wall", "lightBlueTile", "blueSky")
HELD_OUT_TEXTURES = 5
"""Every so manieth of propaganda-debian's textures is held out."""
PLANETS_HELD_OUT = ("bwerner", "fields", "loc", "snow")
"""Series of endless-sky's photos of the Earth."""
PLANETS_WITH_SUBJECTS = (
    "beach9-sfiera", "beach10-sfiera", "beach11-harro", "beach12-harro", "canyon04", "city14-sfiera", "city16-sfiera",
    "city17-sfiera", "earthrise", "industrial0-iridium", "lava0", "mfield5", "nasa0", "nasa1", "nasa2", "nasa3",
    "nasa4", "nasa5", "nasa6", "nasa7", "nasa8", "nasa9", "sea0", "sea15-harro", "sea16-harro", "sea17-harro",
)  # fmt: skip


def photos(share: Path, held_out: bool) -> Iterator[tuple[str, Pixels]]:
    """(name, HxWx3 uint8) of every background of one side of the split; `share` is the packages' usr/share."""
    for name in HELD_OUT if held_out else TRAIN:
        yield name, shrink(Image.open(_file(share / name)))
    for number, path in enumerate(sorted((share / PLASMA).glob("*.JPG"))):
        if (number % HELD_OUT_TEXTURES == 0) == held_out:
            yield path.name, shrink(Image.open(path))
    for path in sorted((share / PLANETS).glob("*.jpg")):
        if path.stem not in PLANETS_WITH_SUBJECTS and path.stem.startswith(PLANETS_HELD_OUT) == held_out:
            yield path.name, shrink(Image.open(path))
    yield from _tiles(share / "sweethome3d/sweethome3d.jar", TILES_HELD_OUT if held_out else TILES_TRAIN)


def shrink(image: Image.Image) -> Pixels:
    """RGB pixels, longest side at most SIDE; see-through parts (a landscape's sky) become a pale sky."""
    rgba = image.convert("RGBA")
    rgba.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    sky = Image.fromarray(_sky(rgba.height, rgba.width)).convert("RGBA")
    return np.asarray(Image.alpha_composite(sky, rgba).convert("RGB"))


def _sky(height: int, width: int) -> Pixels:
    low, high = np.array((225.0, 232.0, 240.0)), np.array((110.0, 160.0, 220.0))
    down = np.linspace(0.0, 1.0, height)[:, None, None]
    return np.broadcast_to(high + (low - high) * down, (height, width, 3)).astype(np.uint8)


def _file(path: Path) -> Path:
    """A Plasma wallpaper is a folder of one picture in several sizes."""
    if not path.is_dir():
        return path
    files = [file for file in (path / "contents/images").iterdir() if file.suffix in (".jpg", ".png")]
    return max(files, key=lambda file: file.stat().st_size)


def _tiles(jar: Path, names: tuple[str, ...]) -> Iterator[tuple[str, Pixels]]:
    """Floors and walls, four tiles each way: sweethome3d keeps them in its jar."""
    with zipfile.ZipFile(jar) as archive:
        entries = {Path(entry).stem: entry for entry in archive.namelist() if entry.endswith(".jpg")}
        for name in names:
            tile = shrink(Image.open(io.BytesIO(archive.read(entries[name]))))
            yield name, np.tile(tile, (3, 3, 1))[:SIDE, :SIDE]
