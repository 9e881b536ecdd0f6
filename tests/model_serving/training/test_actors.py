import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.training.actors import Cast, dyed
from tests.model_serving.training.compiled import QUARTER_TURN, mesh, movement

MAN = """<actor version="1">
  <group><variant name="body" frequency="1" file="biped/base.xml">
    <mesh>man.dae</mesh>
    <textures><texture file="skin.png" name="baseTex"/></textures>
    <props><prop actor="hat.xml" attachpoint="head"/><prop actor="spear.xml" attachpoint="weapon_R"/></props>
  </variant></group>
  <group>
    <variant name="idle" frequency="1"/>
    <variant name="death"><props><prop attachpoint="head"/></props></variant>
  </group>
  <material>player_trans.xml</material>
</actor>"""
THING = """<actor version="1"><group><variant name="it"><mesh>thing.dae</mesh>
  <textures><texture file="{texture}" name="baseTex"/></textures></variant></group></actor>"""
BASE = '<variant><animations><animation file="walk.dae" name="Walk"/></animations></variant>'


def dds(colour: tuple[int, int, int, int]) -> bytes:
    Image.new("RGBA", (4, 4), colour).save(file := io.BytesIO(), "DDS")
    return file.getvalue()


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    """A man who carries a hat and a spear, each a square."""
    with zipfile.ZipFile(tmp_path / "public.zip", "w") as archive:
        for name, data in {
            "art/actors/man.xml": MAN,
            "art/actors/hat.xml": THING.format(texture="felt.png"),
            "art/actors/spear.xml": THING.format(texture="wood.png"),
            "art/actors/ghost.xml": "<actor/>",
            "art/actors/bare.xml": THING.format(texture="lost.png"),
            "art/variants/biped/base.xml": BASE,
            "art/meshes/man.dae.cached.pmd": mesh([(0, 0, 0)], {"head": (0, (0, 1, 0)), "weapon_R": (0, (3, 0, 0))}),
            "art/meshes/thing.dae.cached.pmd": mesh([], {}),
            "art/animation/walk.dae.cached.psa": movement([[((0, 0, 0), QUARTER_TURN)]]),
            "art/textures/skins/skin.png.cached.dds": dds((90, 60, 50, 255)),
            "art/textures/skins/felt.png.cached.dds": dds((10, 200, 10, 255)),
            "art/textures/skins/wood.png.cached.dds": dds((120, 80, 20, 255)),
        }.items():
            archive.writestr(name, data)
    return Cast(tmp_path / "public.zip")


def test_the_actors_are_known_by_name(cast: Cast):
    assert cast.names == ["bare", "ghost", "hat", "man", "spear"]


def test_an_actor_wears_its_props_where_its_pose_has_them(cast: Cast):
    man, hat, spear = cast.surfaces(np.random.default_rng(1), "man")
    assert [surface.texture[0, 0, 1] for surface in (man, hat, spear)] == [60, 200, 80]
    middle = {
        name: surface.corners.mean(axis=(0, 1)) for name, surface in (("man", man), ("hat", hat), ("spear", spear))
    }
    assert middle["hat"][0] < middle["man"][0]  # the quarter turn has laid him on his back
    assert middle["spear"][1] > middle["man"][1]


def test_an_actor_without_arms_keeps_his_hat(cast: Cast):
    assert len(cast.surfaces(np.random.default_rng(1), "man", armed=False)) == 2


def test_nobody_is_shown_dead(cast: Cast):
    assert all(len(cast.surfaces(np.random.default_rng(seed), "man")) == 3 for seed in range(20))


@pytest.mark.parametrize("name", ["ghost", "bare"], ids=["a mesh", "a texture's file"])
def test_an_actor_shows_nothing_without(cast: Cast, name: str):
    assert cast.surfaces(np.random.default_rng(1), name) == []


def test_the_same_seed_gives_the_same_look(cast: Cast):
    first, second = (cast.surfaces(np.random.default_rng(7), "man") for _ in range(2))
    assert all(np.array_equal(one.corners, other.corners) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("material", "seen"),
    [
        ("player_trans.xml", (200, 0, 0, 255)),
        ("objectcolor.xml", (0, 200, 0, 255)),
        ("basic_trans.xml", (200, 200, 200, 0)),
        ("default.xml", (200, 200, 200, 255)),
    ],
)
def test_what_low_alpha_means_is_for_the_material_to_say(material: str, seen: tuple[int, ...]):
    texture = np.array([[(200, 200, 200, 0)]], np.uint8)
    assert tuple(dyed(texture, material, (0, 1, 0), (1, 0, 0))[0, 0]) == seen
