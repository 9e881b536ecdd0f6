import numpy as np
import pytest
from cvat_sdk.masks import decode_mask, encode_mask
from hypothesis import given, settings
from hypothesis import strategies as st
from label_studio_sdk.converter.brush import decode_rle, encode_rle
from pycocotools import mask as coco

from proxy.imaging.brush import brush
from proxy.imaging.run_lengths import Solid, box, coco_counts, cvat_numbers, runs
from tests.proxy.imaging.solids import SHAPES, solids


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_runs_begin_with_the_background_and_take_turns(pixels: list[bool]):
    lengths = runs(np.array(pixels))
    assert np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).tolist() == pixels
    assert (lengths[1:] > 0).all()


@given(solids())
def test_coco_counts_are_those_of_pycocotools(solid: Solid):
    theirs = coco.encode(np.asfortranarray(solid.view(np.uint8)))
    assert coco_counts(solid) == theirs["counts"].decode()


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools' own
@pytest.mark.parametrize("name", SHAPES)
def test_coco_counts_of_large_masks_are_decoded_by_pycocotools(name: str):
    solid = SHAPES[name]
    decoded = coco.decode({"size": list(solid.shape), "counts": coco_counts(solid).encode()})
    assert (decoded == solid).all()


@given(solids())
def test_cvat_numbers_are_those_of_the_sdk_and_are_decoded_by_it(solid: Solid):
    if not solid.any():
        return
    numbers = cvat_numbers(solid)
    assert numbers == encode_mask(solid)
    height, width = solid.shape
    assert (decode_mask(numbers, image_width=width, image_height=height) == solid).all()


@settings(deadline=None)  # the SDK's decoder goes bit by bit
@given(solids())
def test_a_brush_is_what_the_label_studio_sdk_writes_and_reads(solid: Solid):
    pixels = np.repeat(solid.ravel().astype(np.uint8) * 255, 4)
    assert list(brush(solid)) == encode_rle(pixels)
    assert (decode_rle(list(brush(solid))) == pixels).all()


@pytest.mark.parametrize("name", SHAPES)
def test_so_is_a_brush_whose_runs_are_longer_than_a_field_of_it(name: str):
    pixels = np.repeat(SHAPES[name].ravel().astype(np.uint8) * 255, 4)
    assert list(brush(SHAPES[name])) == encode_rle(pixels)


@given(solids())
def test_a_box_holds_the_object_and_touches_it_on_every_side(solid: Solid):
    left, top, width, height = box(solid)
    inside = solid[top : top + height, left : left + width]
    assert inside.sum() == solid.sum()
    if solid.any():
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))
    else:
        assert (left, top, width, height) == (0, 0, 0, 0)
