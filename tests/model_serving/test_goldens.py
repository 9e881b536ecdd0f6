"""The authors' numbers, which any change of ours must keep."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from model_serving import pixels
from model_serving.build import build_network
from model_serving.network import InSPyReNet, Output
from model_serving.network.pyramid import transition
from model_serving.weights import load_official_state, official_state
from tests.model_serving.filling import picture, state_sha256

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def golden(name: str) -> dict[str, Tensor]:
    with np.load(GOLDEN / f"{name}.npz") as maps:
        return {key: torch.from_numpy(maps[key]) for key in maps}


def tensor(image: NDArray[np.uint8]) -> Tensor:
    return pixels.normalise(Image.fromarray(image))[None]


def maps(output: Output) -> dict[str, Tensor]:
    named = zip(("d3", "d2", "d1", "d0", "p2", "p1", "p0"), output.saliency + output.laplacian, strict=True)
    return {**dict(named), "pred": output.pred}


def assert_near(output: Output, expected: dict[str, Tensor]) -> None:
    for name, values in maps(output).items():
        torch.testing.assert_close(values, expected[name], rtol=0, atol=1e-4 if name == "pred" else 1e-3, msg=name)


def assert_nearly_everywhere_near(output: Output, expected: dict[str, Tensor]) -> None:
    """The blending thresholds hard, so that the last digit of a float may flip a pixel."""
    for name, values in maps(output).items():
        off = (values - expected[name]).abs() > (1e-4 if name == "pred" else 1e-3)
        assert off.float().mean() < 1e-3, name


def test_the_filled_weights_are_the_goldens_weights(small: InSPyReNet) -> None:
    state = official_state(small)
    assert len(state) == 1401
    assert state_sha256(state) == "5d03e418d2e98c132bcc712ef341dc300012eeb202e66c24bebf54f8a16740f2"


@torch.inference_mode()
def test_a_single_pass_gives_the_authors_maps(small: InSPyReNet) -> None:
    assert_near(small(tensor(picture(384, 384))), golden("small_384x384"))


@torch.inference_mode()
def test_up_to_the_threshold_the_small_picture_is_used(small: InSPyReNet) -> None:
    output = small(tensor(picture(512, 768)), tensor(picture(384, 384)))
    assert_near(output, golden("small_384x384"))


@torch.inference_mode()
def test_above_the_threshold_both_resolutions_are_blended(small: InSPyReNet) -> None:
    output = small(tensor(picture(640, 960)), tensor(picture(384, 384)))
    expected = golden("small_640x960")
    probability = torch.sigmoid(expected["d0"])
    span = probability.max() - probability.min() + 1e-8
    assert_nearly_everywhere_near(output, {**expected, "pred": (probability - probability.min()) / span})


@pytest.mark.parametrize(("mask", "logits", "side"), [("t2", "d3", 5), ("t1", "d2", 9), ("t0", "d1", 17)])
def test_transition_regions_are_the_authors(mask: str, logits: str, side: int) -> None:
    expected = golden("small_640x960")
    flipped = transition(expected[logits], side).bool() != expected[mask]
    assert flipped.sum() <= 4


@torch.inference_mode()
def test_a_picture_from_its_bytes_to_its_alpha_is_as_transparent_background_does_it(small: InSPyReNet) -> None:
    network = build_network("small", threshold=None)
    load_official_state(network, official_state(small))
    file = io.BytesIO()
    Image.fromarray(picture(333, 500, seed=7)).save(file, "PNG")

    prepared = pixels.prepare_static(pixels.decode(file.getvalue(), max_pixels=333 * 500), network.base_size)
    output = network(prepared.image)
    alpha = pixels.grey(pixels.saliency_at(output.pred, prepared.size))

    expected = golden("remover_static")
    torch.testing.assert_close(output.pred, expected["pred"], rtol=0, atol=1e-4)
    difference = np.abs(alpha.astype(int) - expected["alpha"].numpy().astype(int))
    assert difference.max() <= 1  # a truncated float may fall to either side
    assert (difference > 0).mean() < 1e-2
