"""The people, animals and things of 0 A.D., put together as the game does: a mesh, its texture, a pose, and props.

An actor is an XML file of groups; one variant of each group is taken, and what a later one says replaces what an
earlier one said.
"""

import io
import zipfile
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.random import Generator
from PIL import Image

from model_serving.training.arrays import Floats, Pixels, floats, pixels
from model_serving.training.renders import Surface
from model_serving.training.skinned import Mesh, read_mesh, read_poses

UNUSUAL = 0.4
"""Share of an actor's choices that pass over the game's odds, by which hardly anybody works or fights. Its props keep
to them: a rider who gathers fruit does so on foot, under his horse."""
NO_VARIANTS = ("death", "dead", "corpse", "formations", "promotion")
NO_SOCKETS = ("projectile", "loaded-", "garrisoned", "decal", "blood", "shadow", "particle", "smoke", "fire", "flame")
FACING_US = np.diag((1.0, 1.0, -1.0, 1.0)).astype(np.float32)
"""The game's z points away from who looks at a face."""
COARSE = "structural/"
"""Textures of buildings, which repeat: seen from so far, their finest grain would be noise."""
COARSE_SIDE = 256
ARMS = ("weapon", "shield", "ammo", "tool", "carry")
DEEPEST = 5
"""Props of props: an elephant carries a tower with a man, who wears a helmet with a crest."""


@dataclass(frozen=True)
class Looks:
    """What the chosen variants say together."""

    mesh: str = ""
    texture: str = ""
    material: str = ""
    colour: tuple[float, float, float] | None = None
    movements: dict[str, str] = field(default_factory=dict)
    props: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """The player's colour, 0..1, and words for the sockets that stay empty."""

    player: tuple[float, ...]
    empty: tuple[str, ...]


class Cast:
    """The actors of the game's archive `public.zip`."""

    def __init__(self, archive: Path) -> None:
        self._archive = zipfile.ZipFile(archive)
        self.names = sorted(
            name.removeprefix("art/actors/").removesuffix(".xml")
            for name in self._archive.namelist()
            if name.startswith("art/actors/") and name.endswith(".xml")
        )
        self._mesh = lru_cache(200)(self._read_mesh)
        self._texture = lru_cache(50)(self._read_texture)

    def surfaces(self, rng: Generator, name: str, armed: bool = True) -> list[Surface]:
        """One of the actor's looks in one of its poses, within the unit ball; empty where it shows nothing."""
        scene = Scene(tuple(rng.uniform(0.1, 0.9, 3)), NO_SOCKETS if armed else (*NO_SOCKETS, *ARMS))
        return _fitted(self._assembled(rng, f"{name}.xml", FACING_US, scene, DEEPEST))

    def _assembled(self, rng: Generator, actor: str, place: Floats, scene: Scene, deep: int) -> list[Surface]:
        looks = self._looks(rng, actor, UNUSUAL if deep == DEEPEST else 0.0)
        if not looks.mesh or not self._has(f"art/meshes/{looks.mesh}.cached.pmd"):
            return []
        mesh = self._mesh(looks.mesh)
        pose = self._pose(rng, looks)
        clad = len(mesh.faces) and self._skin(looks.texture)
        shown = [self._surface(mesh, pose, looks, place, scene.player)] if clad else []
        for socket, prop in looks.props.items() if deep else ():
            where = mesh.socket(socket, pose)
            if where is not None and not any(word in f"{socket} {prop}" for word in scene.empty):
                shown += self._assembled(rng, prop, place @ where, scene, deep - 1)
        return shown

    def _looks(self, rng: Generator, actor: str, unusual: float) -> Looks:
        if not self._has(f"art/actors/{actor}"):
            return Looks()
        root = ElementTree.fromstring(self._archive.read(f"art/actors/{actor}"))
        looks = Looks(material=root.findtext("material", "default.xml"))
        for group in root.findall("group"):
            if variants := group.findall("variant"):
                looks = self._with(looks, _chosen(rng, variants, unusual))
        return looks

    def _with(self, looks: Looks, variant: ElementTree.Element) -> Looks:
        if (base := variant.get("file")) and self._has(f"art/variants/{base}"):
            looks = self._with(looks, ElementTree.fromstring(self._archive.read(f"art/variants/{base}")))
        texture = variant.find("textures/texture[@name='baseTex']")
        colour = variant.findtext("color")
        movements = {a.get("name", ""): a.get("file", "") for a in variant.findall("animations/animation")}
        props = {prop.get("attachpoint", ""): prop.get("actor", "") for prop in variant.findall("props/prop")}
        merged = {socket: prop for socket, prop in {**looks.props, **props}.items() if prop}
        return replace(
            looks,
            mesh=variant.findtext("mesh") or looks.mesh,
            texture=looks.texture if texture is None else texture.get("file", ""),
            colour=_colour(colour) if colour else looks.colour,
            movements={**looks.movements, **movements},
            props=merged,
        )

    def _pose(self, rng: Generator, looks: Looks) -> Floats | None:
        """A moment of one of its movements."""
        files = sorted({file for name, file in looks.movements.items() if "death" not in name.lower()})
        files = [file for file in files if self._has(f"art/animation/{file}.cached.psa")]
        if not files:
            return None
        poses = read_poses(self._archive.read(f"art/animation/{files[rng.integers(len(files))]}.cached.psa"))
        return np.asarray(poses[rng.integers(len(poses))])

    def _surface(
        self, mesh: Mesh, pose: Floats | None, looks: Looks, place: Floats, player: tuple[float, ...]
    ) -> Surface:
        vertices, normals = mesh.posed(pose)
        turned = normals @ place[:3, :3].T
        turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-6)
        texture = dyed(self._texture(looks.texture), looks.material, looks.colour or (1.0, 1.0, 1.0), player)
        where = vertices @ place[:3, :3].T + place[:3, 3]
        return Surface(
            where[mesh.faces].astype(np.float32),
            turned[mesh.faces].astype(np.float32),
            mesh.texels[mesh.faces],
            texture,
        )

    def _read_mesh(self, name: str) -> Mesh:
        return read_mesh(self._archive.read(f"art/meshes/{name}.cached.pmd"))

    def _read_texture(self, name: str) -> Pixels:
        image = Image.open(io.BytesIO(self._archive.read(self._skin(name))))
        if name.startswith(COARSE):
            image.thumbnail((COARSE_SIDE, COARSE_SIDE))
        return np.asarray(image.convert("RGBA"))

    def _skin(self, texture: str) -> str:
        """Its file; empty where there is none."""
        files = (f"art/textures/skins/{texture}{ending}" for ending in (".cached.dds", ""))
        return next((file for file in files if texture and self._has(file)), "")

    def _has(self, file: str) -> bool:
        return file in self._archive.NameToInfo


def dyed(texture: Pixels, material: str, colour: tuple[float, ...], player: tuple[float, ...]) -> Pixels:
    """HxWx4: where alpha is low, some materials are see-through; some take the actor's or the player's colour there."""
    if material.startswith(("basic_trans", "trans", "blend")):
        return texture
    solid = floats(texture)
    dye = {"player": player, "object": colour}.get(material[:6])
    if dye is not None:
        solid[..., :3] *= solid[..., 3:] + (1.0 - solid[..., 3:]) * np.asarray(dye, np.float32)
    solid[..., 3] = 1.0
    return pixels(solid)


def _fitted(surfaces: list[Surface]) -> list[Surface]:
    """Moved and scaled together into the unit ball."""
    if not surfaces:
        return []
    corners = np.concatenate([surface.corners.reshape(-1, 3) for surface in surfaces])
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2.0
    radius = np.linalg.norm(corners - middle, axis=1).max()
    return [replace(surface, corners=((surface.corners - middle) / radius).astype(np.float32)) for surface in surfaces]


def _chosen(rng: Generator, variants: list[ElementTree.Element], unusual: float) -> ElementTree.Element:
    odds = np.array([float(variant.get("frequency", 0)) for variant in variants])
    if not odds.any() or rng.random() < unusual:
        odds = np.array([float(not any(word in str(variant.attrib) for word in NO_VARIANTS)) for variant in variants])
    if not odds.any():
        odds = np.ones(len(variants))
    return variants[rng.choice(len(variants), p=odds / odds.sum())]


def _colour(words: str) -> tuple[float, float, float]:
    red, green, blue = (float(word) / 255.0 for word in words.split())
    return red, green, blue
