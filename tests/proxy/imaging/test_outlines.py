import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.imaging.outlines import Ring, keyholed, outlines
from proxy.imaging.run_lengths import Solid
from tests.proxy.imaging.solids import SHAPES, doughnut, ring, solids


def filled(rings: list[Ring], solid: Solid) -> Solid:
    """The pixels whose centres lie within an odd number of rings."""
    height, width = solid.shape
    xs, ys = np.arange(width) + 0.5, np.arange(height) + 0.5
    crossings = np.zeros(solid.shape, int)
    for corners in rings:
        for (x0, y0), (x1, y1) in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
            if y0 != y1:
                rows = (ys >= min(y0, y1)) & (ys < max(y0, y1))
                at = x0 + (ys - y0) * (x1 - x0) / (y1 - y0)
                crossings += rows[:, None] & (xs[None, :] > at[:, None])
    odd: Solid = crossings % 2 == 1
    return odd


def area(corners: Ring) -> float:
    """Positive for a ring that runs clockwise, where y points downwards."""
    x, y = corners.T.astype(float)
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


@given(solids())
def test_outlines_that_are_filled_again_are_the_mask(solid: Solid):
    rings = [corners for outline in outlines(solid) for corners in (outline.outer, *outline.holes)]
    assert (filled(rings, solid) == solid).all()


@given(solids())
def test_so_are_rings_with_keyholes(solid: Solid):
    rings = [keyholed(outline) for outline in outlines(solid)]
    assert (filled(rings, solid) == solid).all()
    assert sum(map(area, rings)) == solid.sum()


@given(solids(), st.sampled_from([0.0, 1.0, 3.0]))
@example(doughnut(), 0.0)
@example(doughnut(), 1.0)
def test_a_ring_with_keyholes_does_not_come_back_to_where_it_began(solid: Solid, epsilon: float):
    """labelme and X-AnyLabeling would leave that corner out."""
    for outline in outlines(solid, epsilon):
        first, *others = keyholed(outline).tolist()
        assert first not in others


@given(solids())
def test_there_is_an_outline_for_each_region_that_touches_and_each_hole_is_in_its_object(solid: Solid):
    objects, _ = cv2.connectedComponents(solid.view(np.uint8), connectivity=8)
    found = outlines(solid)
    assert len(found) == objects - 1
    for outline in found:
        own = filled([outline.outer, *outline.holes], solid)
        assert cv2.connectedComponents(own.view(np.uint8), connectivity=8)[0] == 2


@given(solids())
def test_outer_rings_run_clockwise_and_holes_the_other_way(solid: Solid):
    for outline in outlines(solid):
        assert area(outline.outer) > 0
        assert all(area(hole) < 0 for hole in outline.holes)


@given(solids(), st.floats(0.1, 20))
def test_no_object_and_no_hole_is_lost_by_simplifying(solid: Solid, epsilon: float):
    plain, simple = outlines(solid), outlines(solid, epsilon)
    assert [len(outline.holes) for outline in plain] == [len(outline.holes) for outline in simple]
    assert all(len(outline.outer) >= 3 for outline in simple)


def test_a_simpler_outline_has_fewer_points_and_is_off_by_no_more_than_was_allowed():
    solid = ring()
    (exact, *_), (simple, *_) = outlines(solid), outlines(solid, 1.0)
    assert len(simple.outer) < len(exact.outer) / 5
    for corner in exact.outer.tolist():
        distance = cv2.pointPolygonTest(simple.outer[:, None].astype(np.float32), corner, measureDist=True)
        assert abs(distance) <= 1.0


def test_the_whole_picture_is_its_four_corners():
    (outline,) = outlines(np.ones((3, 5), np.bool_))
    assert outline.outer.tolist() == [[0, 0], [5, 0], [5, 3], [0, 3]]


def test_an_object_in_a_hole_is_an_object_of_its_own():
    outer, inner = outlines(SHAPES["ring"])
    assert (len(outer.holes), len(inner.holes)) == (1, 0)


@pytest.mark.parametrize("rising", [True, False])
def test_pixels_that_touch_at_a_corner_are_one_object(rising: bool):
    solid = np.eye(2, dtype=np.bool_)
    (outline,) = outlines(solid[::-1] if rising else solid)
    assert len(outline.outer) == 8
