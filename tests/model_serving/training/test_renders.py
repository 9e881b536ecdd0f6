import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_serving.training.renders import VIEWS, VIEWS_OF_PEOPLE, load, render, renders

CUBE = """mtllib {name}.mtl
v -1 {low} -1
v 1 {low} -1
v 1 {low} 1
v -1 {low} 1
v -1 1 -1
v 1 1 -1
v 1 1 1
v -1 1 1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl paint
f 1/1 2/2 6/3 5/4
f 2/1 3/2 7/3 6/4
f 3/1 4/2 8/3 7/4
f 4/1 1/2 5/3 8/4
f 5/1 6/2 7/3 8/4
f 1/1 2/2 3/3 4/4
"""
RED = "newmtl paint\nKd 0.9 0.05 0.05\n"
TEXTURED = "newmtl paint\nKd 1 1 1\nmap_Kd blue.png\n"


def write_catalogue(folder: Path, *models: tuple[str, str, float], name: str = "things") -> Path:
    """A zip file of OBJ models as sweethome3d's catalogues are."""
    Image.new("RGB", (4, 4), (10, 20, 230)).save(folder / "blue.png")
    with zipfile.ZipFile(folder / f"{name}.sh3f", "w") as archive:
        for model, material, low in models:
            archive.writestr(f"maker/{model}/{model}.obj", CUBE.format(name=model, low=low))
            archive.writestr(f"maker/{model}/{model}.mtl", material)
            archive.write(folder / "blue.png", f"maker/{model}/blue.png")
    return folder


@pytest.fixture
def catalogue(tmp_path):
    return partial(write_catalogue, tmp_path)


def surfaces_of(folder: Path, name: str):
    with zipfile.ZipFile(folder / "things.sh3f") as archive:
        return load(archive, f"maker/{name}/{name}.obj")


def colour_of(view: np.ndarray) -> np.ndarray:
    return view[view[..., 3] > 250][:, :3].mean(axis=0)


@pytest.mark.parametrize(("material", "channel"), [(RED, 0), (TEXTURED, 2)])
def test_a_view_is_solid_and_has_the_models_colours(catalogue, material: str, channel: int):
    view = render(np.random.default_rng(1), surfaces_of(catalogue(("crate", material, -1)), "crate"), close=False)
    assert view.dtype == np.uint8
    assert 90 < max(view.shape[:2]) <= 224
    middle = view[view.shape[0] // 3 : -view.shape[0] // 3, view.shape[1] // 3 : -view.shape[1] // 3, 3]
    assert middle.min() == 255
    assert colour_of(view).argmax() == channel


def test_no_two_views_are_from_one_side(catalogue):
    surfaces, rng = surfaces_of(catalogue(("crate", RED, -1)), "crate"), np.random.default_rng(2)
    assert len({render(rng, surfaces, close=False).shape for _ in range(8)}) > 4


def test_a_close_up_of_something_tall_is_its_upper_part(catalogue):
    surfaces = surfaces_of(catalogue(("tower", RED, -9)), "tower")
    whole, close = (render(np.random.default_rng(3), surfaces, close=close) for close in (False, True))
    assert whole.shape[0] / whole.shape[1] > 1.5 * close.shape[0] / close.shape[1]


def test_what_the_texture_leaves_out_is_not_there(catalogue):
    surfaces = surfaces_of(catalogue(("crate", TEXTURED, -1)), "crate")
    texture = surfaces[0].texture.copy()
    texture[:, :2, 3] = 0
    holed = [replace(surface, texture=texture) for surface in surfaces]
    solid, half = (render(np.random.default_rng(4), kind, close=False)[..., 3] for kind in (surfaces, holed))
    assert (half > 200).sum() < 0.9 * (solid > 200).sum()


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, np.ndarray]]:
    """Of two catalogues, one crate in both."""
    folder, crate = tmp_path_factory.mktemp("catalogues"), ("crate", RED, -1)
    flat = 0.9  # hardly a surface: its views are quickly made
    write_catalogue(folder, crate, *((name, RED, flat) for name in ("sitMale02", "garage-door", "other")), name="one")
    write_catalogue(folder, crate, name="two")
    return list(renders(folder, lambda name: name != "other"))


def test_people_are_seen_from_more_sides_and_parts_of_buildings_from_none(views):
    kinds = ("sitMale02", "crate", "garage", "other")
    counts = {kind: sum(name.startswith(kind) for name, _ in views) for kind in kinds}
    assert counts == {"sitMale02": VIEWS_OF_PEOPLE, "crate": 2 * VIEWS, "garage": 0, "other": 0}


def test_the_same_model_gives_the_same_views(views):
    crates = [view for name, view in views if name.startswith("crate")]
    assert all(np.array_equal(one, other) for one, other in zip(crates[:VIEWS], crates[VIEWS:], strict=True))
