import io
import time

import numpy as np
import pytest
import torch
from PIL import Image

from model_serving import pixels
from model_serving.network import InSPyReNet
from model_serving.remover import Mask, Refusal, Remover, Resizing
from tests.model_serving.filling import picture
from tests.support.pictures import picture as jpeg


def png(height: int, width: int, seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(height, width, seed)).save(file, "PNG")
    return file.getvalue()


def opened(result: object) -> Image.Image:
    assert isinstance(result, Mask)
    return Image.open(io.BytesIO(result.png))


def test_a_mask_is_an_8_bit_grey_png_in_the_pictures_aspect_ratio(tiny: InSPyReNet) -> None:
    small, large = Remover(tiny).remove([png(30, 40), png(150, 200)])
    assert [(opened(mask).format, opened(mask).mode) for mask in (small, large)] == [("PNG", "L")] * 2
    assert [opened(mask).size for mask in (small, large)] == [(40, 30), (64, 48)]


def test_the_mask_is_the_networks_prediction(tiny: InSPyReNet) -> None:
    data = png(64, 64)
    prepared = pixels.prepare_static(pixels.decode(data, 64 * 64), (64, 64))
    with torch.inference_mode():
        output = tiny(prepared.image)
    (result,) = Remover(tiny).remove([data])
    off = np.asarray(opened(result)).astype(int) - pixels.grey(output.pred[0, 0].numpy())
    assert np.abs(off).max() <= 1  # a truncated float may fall to either side
    assert (off != 0).mean() < 0.01
    assert isinstance(result, Mask)
    assert result.confidence == pytest.approx(output.confidence.item())


def test_a_batch_gives_each_picture_its_own_mask(tiny: InSPyReNet) -> None:
    files = [png(64, 64, seed) for seed in range(3)]
    remover = Remover(tiny)
    together, alone = remover.remove(files), [remover.remove([file])[0] for file in files]
    for one, other in zip(together, alone, strict=True):
        difference = np.asarray(opened(one)).astype(int) - np.asarray(opened(other)).astype(int)
        assert np.abs(difference).max() <= 1


def test_a_mask_says_how_long_its_parts_took(tiny: InSPyReNet) -> None:
    began = time.perf_counter()
    one, other = Remover(tiny).remove([png(64, 64), png(64, 64, seed=1)])
    passed = time.perf_counter() - began
    assert isinstance(one, Mask)
    assert isinstance(other, Mask)
    assert one.took.network == other.took.network  # a batch goes through it together
    assert 0 < one.took.decode + one.took.encode + other.took.decode + other.took.encode + one.took.network < passed


def test_bad_items_fail_alone_and_in_their_place(tiny: InSPyReNet) -> None:
    results = Remover(tiny, max_pixels=5000).remove([b"text", png(30, 40), png(80, 80), b""])
    assert [type(result) for result in results] == [Refusal, Mask, Refusal, Refusal]
    assert [result.code for result in results if isinstance(result, Refusal)] == [
        "unreadable_image",
        "too_many_pixels",
        "unreadable_image",
    ]


def test_pictures_of_different_working_sizes_share_a_batch_of_requests(tiny: InSPyReNet) -> None:
    results = Remover(tiny, resizing="dynamic").remove([png(64, 96), png(96, 64), png(64, 96, seed=1)])
    assert [opened(result).size for result in results] == [
        (64, 43),
        (43, 64),
        (64, 43),
    ]


def test_without_a_threshold_dynamic_masks_have_the_pictures_own_size(tiny: InSPyReNet) -> None:
    tiny.threshold = None
    (result,) = Remover(tiny, resizing="dynamic").remove([png(64, 96)])
    assert opened(result).size == (96, 64)


def test_nothing_in_nothing_out(tiny: InSPyReNet) -> None:
    assert Remover(tiny).remove([]) == []


def test_a_failing_network_is_not_a_refused_picture(tiny: InSPyReNet) -> None:
    tiny.decoder.head = torch.nn.Conv2d(1, 1, 1)  # as a device would: in the middle of the work
    remover = Remover(tiny)
    with pytest.raises(RuntimeError):
        remover.remove([png(64, 64)])


@pytest.mark.parametrize("resizing", ["static", "dynamic"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2000, 50)], ids=["one pixel", "sliver", "panorama"])
def test_odd_shapes_have_masks(tiny: InSPyReNet, resizing: Resizing, size: tuple[int, int]) -> None:
    height, width = size
    (result,) = Remover(tiny, resizing=resizing).remove([jpeg(width, height)])
    wide, high = opened(result).size
    assert 1 <= wide <= width
    assert 1 <= high <= height


def test_a_batch_without_room_is_done_in_halves(tiny: InSPyReNet) -> None:
    batches: list[int] = []

    def allocate(_: torch.nn.Module, arguments: tuple[torch.Tensor]) -> None:
        batches.append(len(arguments[0]))
        if len(arguments[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    tiny.register_forward_pre_hook(allocate)
    results = Remover(tiny).remove([png(64, 64, seed) for seed in range(4)])
    assert [type(result) for result in results] == [Mask] * 4
    assert batches == [4, 2, 2]


def test_the_same_bytes_give_the_same_mask(tiny: InSPyReNet) -> None:
    remover = Remover(tiny)
    assert remover.remove([png(64, 64)]) == remover.remove([png(64, 64)])


def test_tensorfloat_is_off_as_the_authors_have_it(tiny: InSPyReNet) -> None:
    torch.backends.cudnn.allow_tf32 = True
    Remover(tiny)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
