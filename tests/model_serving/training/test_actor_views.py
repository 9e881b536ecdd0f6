import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.training.actor_views import ARCHIVE, actor_views, subjects
from model_serving.training.assets import AssetsMissing
from tests.model_serving.training.compiled import mesh

CAMEL = """<actor version="1"><group><variant name="it"><mesh>camel.dae</mesh>
  <textures><texture file="camel.png" name="baseTex"/></textures></variant></group></actor>"""


Named = list[tuple[str, np.ndarray]]


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A game with one flat camel, which is visible, and a ghost, which is not."""
    folder = tmp_path_factory.mktemp("share")
    (folder / ARCHIVE).parent.mkdir(parents=True)
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (8, 8, 4), dtype=np.uint8)).save(texture := io.BytesIO(), "DDS")
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        archive.writestr("art/actors/fauna/camel.xml", CAMEL)
        archive.writestr("art/actors/fauna/ghost.xml", "<actor/>")
        archive.writestr("art/meshes/camel.dae.cached.pmd", mesh([], {}))
        archive.writestr("art/textures/skins/camel.png.cached.dds", texture.getvalue())
    return folder


@pytest.fixture(scope="module")
def views(share: Path) -> Named:
    return list(actor_views(share))


def test_every_view_that_can_be_used_is_given_with_its_actors_name(views: Named):
    assert 3 < len(views) <= 8
    assert {name.rsplit("-", 1)[0] for name, _ in views} == {"fauna/camel"}
    assert all(view.dtype == np.uint8 and view.shape[2] == 4 and max(view.shape) <= 224 for _, view in views)


def test_the_same_actor_gives_the_same_views(share: Path, views: Named):
    again = list(actor_views(share))
    assert [name for name, _ in again] == [name for name, _ in views]
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(again, views, strict=True))


def test_ground_ruins_and_riders_without_a_horse_are_no_subjects():
    things = ["fauna/lion", "units/romans/healer", "units/romans/cavalry_archer_b_m", "structures/romans/house"]
    others = ["units/romans/cavalry_archer_b_r", "structures/fndn_3x3", "props/special/eyecandy/ground_ice_decal"]
    others += ["structures/romans/wall_long", "geology/snow1", "particle/rain"]
    assert subjects([*things, *others]) == things


def test_without_the_package_the_command_that_fetches_it_is_named(tmp_path: Path):
    with pytest.raises(AssetsMissing, match=f"training.assets {tmp_path}"):
        next(actor_views(tmp_path / "usr/share"))
