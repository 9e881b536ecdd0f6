"""Photographs of 3D models: people, vehicles, animals, plants and household things, seen from many sides.

No mesh library's renderer runs without a GPU or a display, and none is needed: points strewn over the surface, the
nearest of each pixel kept, give a lit picture with its alpha in half a second.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import trimesh
from numpy.random import Generator
from PIL import ImageFilter

from model_serving.training.arrays import Floats, Pixels, floats, picture
from model_serving.training.canvas import crop_to_alpha

SIDE = 448
"""Of the grid that the points fall on; two by two of its cells make a pixel."""
POINTS_PER_CELL = 2.5
MOST_POINTS = 1_000_000
MOST_BYTES = 12_000_000
"""Of a model's file; the few larger ones take as long to read as all the others."""
VIEWS = 3
VIEWS_OF_PEOPLE = 20
CLOSE_UPS = 0.5
"""Of the views of people: head and shoulders, cut off below."""
NO_THINGS = re.compile(
    r"door|window|plug|socket|switch|dimmer|rj-45|fleche|stationnement|passage|antenna|rail|carpet|rug|mat$|fence|"
    r"shadows|boundary|bell|column|chimney|sidewalk|pool$|tatami|sandpit|hedge$|elevator|mirror|fluorescent|radiator|"
    r"cabinet|wardrobe|shower|vanity|whiteboard|cooktop|induction|ruler|islandextension|chopping|largefridge",
    re.IGNORECASE,
)
"""Parts of buildings, marks on roads and plain boxes."""
PEOPLE = re.compile(r"male|boy|girl|mannequin", re.IGNORECASE)


@dataclass(frozen=True)
class Surface:
    """Triangles of one material: Nx3x3 corners and normals, Nx3x2 texture coordinates, HxWx4 texture."""

    corners: Floats
    normals: Floats
    texels: Floats
    texture: Pixels

    @property
    def areas(self) -> Floats:
        first, second = self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0]
        return np.asarray(np.linalg.norm(np.cross(first, second), axis=1) / 2.0, np.float32)


def renders(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Pixels]]:
    """(name, HxWx4 uint8) of every view of every wanted model in the folder's `.sh3f` catalogues (zip files of OBJ)."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        for views in processes.map(_views, *zip(*_models(folder, wanted), strict=True)):
            yield from views


def _models(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[Path, str]]:
    """(catalogue, entry) of the models that are things, by name."""
    for catalogue in sorted(folder.glob("*.sh3f")):
        with zipfile.ZipFile(catalogue) as archive:
            for entry in sorted(archive.namelist()):
                name = PurePosixPath(entry).stem
                thing = entry.endswith(".obj") and not NO_THINGS.search(name)
                if thing and archive.getinfo(entry).file_size < MOST_BYTES and wanted(name):
                    yield catalogue, entry


def _views(catalogue: Path, entry: str) -> list[tuple[str, Pixels]]:
    with zipfile.ZipFile(catalogue) as archive:
        surfaces = load(archive, entry)
    if not surfaces:
        return []
    name = PurePosixPath(entry).stem
    person = bool(PEOPLE.search(name))
    rng = np.random.default_rng(list(name.encode()))
    return [
        (f"{name}-{number}", render(rng, surfaces, close=person and rng.random() < CLOSE_UPS))
        for number in range(VIEWS_OF_PEOPLE if person else VIEWS)
    ]


def load(archive: zipfile.ZipFile, entry: str) -> list[Surface]:
    """A model's surfaces, moved and scaled into the unit ball."""
    resolver = trimesh.resolvers.ZipResolver(
        {name: io.BytesIO(archive.read(name)) for name in archive.namelist() if name.startswith(_parent(entry))},
        namespace=_parent(entry),
    )
    file = io.BytesIO(archive.read(entry))
    scene = trimesh.load_scene(file, file_type="obj", resolver=resolver, process=False)
    meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)]
    if not meshes:
        return []
    corners = np.concatenate([mesh.vertices for mesh in meshes])
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2.0
    radius = float(np.linalg.norm(corners - middle, axis=1).max())
    return [_surface(mesh, middle, radius) for mesh in meshes]


def _parent(entry: str) -> str:
    return f"{PurePosixPath(entry).parent}/"


def _surface(mesh: Any, middle: Floats, radius: float) -> Surface:
    material = getattr(mesh.visual, "material", None)
    texels = getattr(mesh.visual, "uv", None)
    picture = getattr(material, "image", None)
    diffuse = np.asarray(getattr(material, "diffuse", (180, 180, 180, 255)), np.uint8)
    if picture is None or texels is None or not np.any(texels):
        texture = diffuse[None, None]
        texels = np.zeros((len(mesh.vertices), 2))
    else:
        texture = np.asarray(picture.convert("RGBA"))
    faces = mesh.faces
    return Surface(
        ((mesh.vertices[faces] - middle) / radius).astype(np.float32),
        mesh.vertex_normals[faces].astype(np.float32),
        np.asarray(texels)[faces].astype(np.float32),
        texture,
    )


def render(rng: Generator, surfaces: list[Surface], close: bool) -> Pixels:
    """One lit view from somewhere, HxWx4 uint8, cropped; `close` keeps the uppermost part and comes nearer."""
    kept = rng.uniform(0.3, 0.6) if close else 1.0
    corners = np.concatenate([surface.corners.reshape(-1, 3) for surface in surfaces])
    top, bottom = corners[:, 1].max(), corners[:, 1].min()
    floor = top - kept * (top - bottom)
    zoom = 0.46 * SIDE * min(1.0 / kept, 2.0)
    lift = -(top + floor) / 2.0 if close else 0.0
    turn, distance, sun = _turn(rng, close), rng.uniform(2.2, 6.0), _unit(rng.normal((0.2, 0.8, 0.8), 0.6))
    budget = min(1.0, MOST_POINTS / (sum(float(s.areas.sum()) for s in surfaces) * zoom**2 * POINTS_PER_CELL + 1.0))
    parts = [_points(rng, surface, zoom**2 * POINTS_PER_CELL * budget, floor, sun @ turn) for surface in surfaces]
    where = (np.concatenate([place for place, _ in parts]) + np.array((0.0, lift, 0.0))) @ turn.T
    return _seen(where, np.concatenate([colour for _, colour in parts]), zoom, distance)


def _points(rng: Generator, surface: Surface, density: float, floor: float, sun: Floats) -> tuple[Floats, Floats]:
    """Nx3 places and Nx3 lit colours, 0..1, strewn evenly over the surface, as far as it is not see-through."""
    sums = np.cumsum(surface.areas, dtype=np.float64)
    count = int(sums[-1] * density) + 1
    face = np.searchsorted(sums, (np.arange(count) + rng.random(count)) * sums[-1] / count).clip(0, len(sums) - 1)
    weights = _barycentric(rng, count)
    places = np.einsum("nk,nkd->nd", weights, surface.corners[face])
    texels = np.einsum("nk,nkd->nd", weights, surface.texels[face])
    colours = _looked_up(surface.texture, texels)
    shown = (colours[:, 3] > 0.5) & (places[:, 1] >= floor)
    normals = np.einsum("nk,nkd->nd", weights, surface.normals[face])[shown]
    light = 0.45 + 0.65 * np.abs(normals @ sun.astype(np.float32))
    return places[shown], np.clip(colours[shown, :3] * light[:, None], 0.0, 1.0)


def _barycentric(rng: Generator, count: int) -> Floats:
    root, other = np.sqrt(rng.random(count, np.float32)), rng.random(count, np.float32)
    return np.stack((1.0 - root, root * (1.0 - other), root * other), axis=1)


def _looked_up(texture: Pixels, texels: Floats) -> Floats:
    height, width = texture.shape[:2]
    column = np.floor(texels[:, 0] % 1.0 * width).astype(np.int64).clip(0, width - 1)
    row = np.floor((1.0 - texels[:, 1] % 1.0) * height).astype(np.int64).clip(0, height - 1)
    return floats(texture[row, column])


def _turn(rng: Generator, close: bool) -> Floats:
    """Any way round, seen from a little above; faces are seen from the front more often."""
    yaw = rng.normal(0.0, 0.7) if close else rng.uniform(-np.pi, np.pi)
    pitch = rng.normal(0.05, 0.1) if close else rng.uniform(-0.05, 0.6)
    around = np.array(((np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw))))
    over = np.array(((1, 0, 0), (0, np.cos(pitch), -np.sin(pitch)), (0, np.sin(pitch), np.cos(pitch))))
    return np.asarray(over @ around, np.float32)


def _unit(direction: np.ndarray) -> Floats:
    return np.asarray(direction / np.linalg.norm(direction), np.float32)


def _seen(where: Floats, colours: Floats, zoom: float, distance: float) -> Pixels:
    """The nearest point of each cell, then the mean of two by two cells."""
    grown = zoom * distance / (distance - where[:, 2])
    column = (SIDE / 2 + where[:, 0] * grown).astype(np.int64)
    row = (SIDE / 2 - where[:, 1] * grown).astype(np.int64)
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    order = np.flatnonzero(inside)[np.argsort(where[inside, 2])]
    cells = np.zeros((SIDE, SIDE, 4), np.float32)
    cells[row[order], column[order], :3] = colours[order]
    cells[row[order], column[order], 3] = 1.0
    cells[..., :3] = floats(picture(cells[..., :3]).filter(ImageFilter.MedianFilter(3)))  # what shows through gaps
    cells[..., :3] *= cells[..., 3:]
    sums = cells.reshape(SIDE // 2, 2, SIDE // 2, 2, 4).sum(axis=(1, 3))
    sums[..., :3] /= np.maximum(sums[..., 3:], 1.0)
    sums[..., 3] = np.clip(sums[..., 3] / 3.0, 0.0, 1.0)
    return crop_to_alpha((sums * 255.0).astype(np.uint8))
