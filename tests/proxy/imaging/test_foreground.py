"""Composites of a known object and a known background: how much of the background is left in the object's edges."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from proxy.imaging.foreground import TILE, WORKING_SIDE, Edges, cut_out

ORANGE, BLUE = (230, 120, 40), (30, 70, 200)


def mottled(size: int, colour: tuple[int, int, int], seed: int) -> NDArray[np.float32]:
    """That colour, in slow waves of light and dark."""
    waves = np.random.default_rng(seed).normal(0, 15, (9, 9, 3)).astype(np.float32)
    return (cv2.resize(waves, (size, size), interpolation=cv2.INTER_CUBIC) + np.float32(colour)).clip(0, 255)


def tuft(size: int, softness: float) -> NDArray[np.float32]:
    """The alpha (0..1) of a ball with hairs, its outline blurred by so many pixels."""
    alpha, middle, random = np.zeros((size, size), np.float32), size // 2, np.random.default_rng(5)
    cv2.circle(alpha, (middle, middle), size // 4, 1.0, -1)
    for angle in random.uniform(0, 2 * np.pi, 60):
        across, down = np.cos(angle), np.sin(angle)
        ends = ((int(middle + reach * across), int(middle + reach * down)) for reach in (size / 4.2, size / 2.8))
        cv2.line(alpha, *ends, 1.0, 2, cv2.LINE_AA)
    return cv2.GaussianBlur(alpha, (0, 0), softness)


def composite(
    colours: NDArray[np.float32], behind: NDArray[np.float32], alpha: NDArray[np.float32]
) -> tuple[Pillow.Image, Pillow.Image]:
    levels = np.rint(alpha * 255)
    share = levels[..., None] / 255
    seen = share * colours + (1 - share) * behind
    return Pillow.fromarray(np.rint(seen).astype(np.uint8)), Pillow.fromarray(levels.astype(np.uint8))


def error(picture: Pillow.Image, colours: NDArray[np.float32], alpha: Pillow.Image) -> float:
    """Mean distance of the visible edge's colours, in levels."""
    levels = np.asarray(alpha)
    edge = (levels > 12) & (levels < 243)
    return float(np.abs(np.asarray(picture.convert("RGB"))[edge] - colours[edge]).mean())


@pytest.mark.parametrize(("softness", "better"), [(0.7, 12), (2, 10), (5, 6), (12, 6)])
def test_hardly_any_of_the_background_is_left_in_the_edges(softness: float, better: float):
    colours = mottled(384, ORANGE, seed=1)
    picture, alpha = composite(colours, mottled(384, BLUE, seed=2), tuft(384, softness))
    assert error(cut_out(picture, alpha), colours, alpha) < error(picture, colours, alpha) / better


def test_a_picture_that_is_reduced_for_its_guesses_is_cleaned_at_its_own_size():
    size = 2 * WORKING_SIDE + 37
    colours = mottled(size, ORANGE, seed=1)
    picture, alpha = composite(colours, mottled(size, BLUE, seed=2), tuft(size, 6))
    assert error(cut_out(picture, alpha), colours, alpha) < error(picture, colours, alpha) / 6


def test_tiles_leave_no_seam():
    size = (3 * TILE, WORKING_SIDE + 2 * TILE)
    flat = np.full((*size, 3), ORANGE, np.float32)
    across = np.arange(size[1], dtype=np.float32)[None].repeat(size[0], axis=0)
    ramp = ((across - 4 * TILE + 30) / 60).clip(0, 1)  # an edge that runs along a seam, over others
    picture, alpha = composite(flat, np.full_like(flat, BLUE), ramp)
    clean = np.asarray(cut_out(picture, alpha).convert("RGB")).astype(int)
    visible = np.asarray(alpha) > 12
    assert np.abs(clean - flat)[visible].max() <= 16
    assert np.abs(np.diff(clean, axis=0)).max() == 0
    assert np.abs(np.diff(clean[0, visible[0]], axis=0)).max() <= 2


@given(data=st.data(), width=st.integers(1, 40), height=st.integers(1, 40))
def test_what_is_opaque_is_left_bit_for_bit_and_what_is_gone_is_black(data: st.DataObject, width: int, height: int):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    levels = random.choice(np.array([0, 0, 100, 255, 255, 254, 1], np.uint8), (height, width))
    seen = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    clean = np.asarray(cut_out(Pillow.fromarray(seen), Pillow.fromarray(levels)))
    sure = (levels == 0) | (levels == 255)
    assert np.array_equal(clean[sure][:, :3], seen[sure] * (levels[sure] > 0)[:, None])
    assert np.array_equal(clean[..., 3], levels)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (WORKING_SIDE + 1, 2), (7, 9)])
@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_no_shape_is_too_odd_and_one_colour_stays_one(size: tuple[int, int], level: int):
    shown = cut_out(Pillow.new("RGB", size, ORANGE), Pillow.new("L", size, level))
    assert shown.getcolors() == [(size[0] * size[1], (*ORANGE, level) if level else (0, 0, 0, 0))]


def test_a_picture_with_holes_of_its_own_has_edges_of_its_own():
    ramp = Pillow.linear_gradient("L")
    picture = Pillow.merge("RGBA", (ramp, ramp, ramp, ramp))
    expected = picture.copy()
    expected.putalpha(128)
    assert cut_out(picture, Pillow.new("L", picture.size, 128)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("edges", ["clean", "plain"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_cutting_out_leaves_nothing_under_the_alpha_and_the_picture_as_it_is(edges: Edges, mode: str):
    picture, alpha = composite(mottled(64, ORANGE, seed=1), mottled(64, BLUE, seed=2), tuft(64, 2))
    picture = picture.convert(mode)
    before = picture.tobytes()
    shown = np.asarray(cut_out(picture, alpha, edges))
    assert not shown[shown[..., 3] == 0].any()
    assert np.array_equal(shown[..., 3], np.asarray(alpha))
    assert picture.tobytes() == before


def test_what_is_gone_is_black_in_tiles_that_are_all_gone_and_in_those_that_are_not():
    size = 3 * TILE
    alpha = Pillow.new("L", (size, size))
    alpha.paste(255, (TILE // 2, TILE // 2, 2 * TILE, 2 * TILE))
    picture = Pillow.new("RGB", (size, size), ORANGE)
    expected = Pillow.composite(picture, Pillow.new("RGB", picture.size), alpha)
    assert cut_out(picture, alpha).convert("RGB").tobytes() == expected.tobytes()


def test_plain_edges_are_those_of_the_picture():
    picture, alpha = composite(mottled(64, ORANGE, seed=1), mottled(64, BLUE, seed=2), tuft(64, 2))
    shown, levels = np.asarray(cut_out(picture, alpha, "plain")), np.asarray(alpha)
    assert np.array_equal(shown[levels > 0][:, :3], np.asarray(picture)[levels > 0])


@pytest.mark.parametrize("size", [(2_000_000, 1), (1, 2_000_000), (3, 500_000), (WORKING_SIDE + 1, 1)])
def test_a_picture_as_narrow_as_a_line_is_reduced_along_it_alone(size: tuple[int, int]):
    """Enlarged across as well, each of its tiles would take gigabytes."""
    picture = Pillow.new("RGB", size, ORANGE)
    clean = cut_out(picture, Pillow.new("L", size, 128))
    assert (clean.mode, clean.size, clean.getpixel((0, 0))) == ("RGBA", size, (*ORANGE, 128))
