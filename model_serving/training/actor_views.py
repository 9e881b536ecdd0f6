"""Photographs of 0 A.D.'s people, animals and things: which of its actors, and from how many sides."""

import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from model_serving.training.actors import Cast
from model_serving.training.arrays import Pixels
from model_serving.training.assets import AssetsMissing
from model_serving.training.cutouts import trim
from model_serving.training.renders import render

ARCHIVE = "games/0ad/mods/public/public.zip"
VIEWS = (
    (r"fauna/horse_", 3),
    (r"fauna/", 8),
    (r"units/.*_(m|h)$", 1),
    (r"units/.*(elephant|siege|chariot|catapult|ballista|oxybeles|lithobolos|bolt|camel|cart|ram)", 2),
    (r"units/", 4),
    (r"flora/|fungi/", 1),
    (r"props/special/eyecandy/|props/wooden_", 2),
    (r"props/units/helmets/[^/]*$", 1),
    (r"structures/.*(reme|ship|boat|pentekonter|galley|merchant)", 3),
    (r"structures/", 1),
)
"""How often an actor is photographed, by the beginning of its name; the first line that fits counts."""
NO_SUBJECTS = re.compile(
    r"decal|ground|road|path|puddle|water_|waves|runway|delimitator|destruct|fndn|plot|wall|field|palisade|rubble|paddy|"
    r"foundation|bridge|fence|settlement|_pivot|packed|dummy|blood|reflection|_r$|chariot.*_(h\d|d)$|circle|shoal|row_a|"
    r"rotary|trigger|target|cliff|global|corpse|treadmill|colonnade|fish_generic|wheel|particle|_top|awning|"
    r"leaves|sprout|carrying",
)
"""Ground, ruins, parts, riders without a horse, and what is no single thing."""
PEOPLE = re.compile(r"units/.*(infantry|female|healer|trader|champion|hero|minister|priest|druid|citizen)(?!.*_m$)")
CLOSE_UPS = 0.35
"""Of the views of people, who then lay down what they hold."""


def actor_views(share: Path) -> Iterator[tuple[str, Pixels]]:
    """(name, HxWx4 uint8) of every view of every actor that is a thing; `share` is the packages' usr/share.

    Raises AssetsMissing where 0ad-data is not among them.
    """
    archive = share / ARCHIVE
    if not archive.exists():
        folder = share.parent.parent
        raise AssetsMissing(f"{archive} not found: `python -m model_serving.training.assets {folder}` fetches it")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        for views in processes.map(partial(_views, archive), subjects(_cast(archive).names)):
            yield from views


def subjects(names: list[str]) -> list[str]:
    return [name for name in names if _count(name) and not NO_SUBJECTS.search(name)]


def _count(name: str) -> int:
    return next((count for pattern, count in VIEWS if re.match(pattern, name)), 0)


def _views(archive: Path, name: str) -> list[tuple[str, Pixels]]:
    numbered = ((f"{name}-{number}", _view(archive, name, number)) for number in range(_count(name)))
    return [(title, view) for title, view in numbered if view is not None]


def _view(archive: Path, name: str, number: int) -> Pixels | None:
    rng = np.random.default_rng([number, *name.encode()])
    close = bool(PEOPLE.match(name)) and rng.random() < CLOSE_UPS
    surfaces = _cast(archive).surfaces(rng, name, armed=not close)
    return trim(Image.fromarray(render(rng, surfaces, close))) if surfaces else None


@cache
def _cast(archive: Path) -> Cast:
    """Each process reads the archive's long list once."""
    return Cast(archive)
