import pytest
import torch

from model_serving.network import InSPyReNet


@torch.inference_mode()
def test_a_batch_gives_what_its_pictures_give_alone(tiny: InSPyReNet) -> None:
    images = torch.randn(3, 3, 64, 96)
    together = tiny(images)
    for row in range(3):
        alone = tiny(images[row : row + 1])
        torch.testing.assert_close(together.saliency[-1][row], alone.saliency[-1][0], rtol=0, atol=1e-3)
        torch.testing.assert_close(together.pred[row], alone.pred[0], rtol=0, atol=1e-4)
        torch.testing.assert_close(together.confidence[row], alone.confidence[0], rtol=0, atol=1e-4)


@torch.inference_mode()
def test_each_prediction_of_a_batch_spans_0_to_1(tiny: InSPyReNet) -> None:
    pred = tiny(torch.randn(3, 3, 64, 64)).pred
    assert pred.amin((1, 2, 3)).tolist() == [0, 0, 0]
    torch.testing.assert_close(pred.amax((1, 2, 3)), torch.ones(3))


@torch.inference_mode()
def test_the_confidence_is_the_largest_probability_before_the_stretching(tiny: InSPyReNet) -> None:
    output = tiny(torch.randn(2, 3, 64, 64))
    torch.testing.assert_close(output.confidence, torch.sigmoid(output.saliency[-1]).amax((1, 2, 3)))


@torch.inference_mode()
def test_maps_double_from_stride_8_to_1(tiny: InSPyReNet) -> None:
    output = tiny(torch.randn(1, 3, 64, 96))
    assert [tuple(x.shape[2:]) for x in output.saliency] == [(8, 12), (16, 24), (32, 48), (64, 96)]
    assert [tuple(x.shape[2:]) for x in output.laplacian] == [(16, 24), (32, 48), (64, 96)]


@torch.inference_mode()
def test_the_memory_format_of_the_input_does_not_matter(tiny: InSPyReNet) -> None:
    image = torch.randn(2, 3, 64, 96)
    expected = tiny(image).pred
    moved = tiny.to(memory_format=torch.channels_last)(image.to(memory_format=torch.channels_last)).pred
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(48, 64), (64, 33), (0, 64)])
def test_sides_that_are_no_multiples_of_32_are_refused(tiny: InSPyReNet, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        tiny(torch.zeros(1, 3, *size))


def test_above_the_threshold_the_small_picture_is_asked_for(tiny: InSPyReNet) -> None:
    with pytest.raises(ValueError, match="image_resized is needed for images above 512 pixels"):
        tiny(torch.zeros(1, 3, 544, 544))


@torch.inference_mode()
def test_one_side_within_the_threshold_is_enough_for_a_single_pass(tiny: InSPyReNet) -> None:
    assert tiny(torch.randn(1, 3, 32, 544), torch.randn(1, 3, 64, 64)).pred.shape == (1, 1, 64, 64)
    assert tiny(torch.randn(1, 3, 32, 544)).pred.shape == (1, 1, 32, 544)


@torch.inference_mode()
def test_without_a_threshold_the_small_picture_does_not_count(tiny: InSPyReNet) -> None:
    tiny.threshold = None
    image = torch.randn(1, 3, 96, 64)
    assert torch.equal(tiny(image, torch.randn(1, 3, 64, 64)).pred, tiny(image).pred)


def test_training_reaches_every_parameter(tiny: InSPyReNet) -> None:
    output = tiny.train()(torch.randn(2, 3, 64, 64))
    sum(saliency.square().mean() for saliency in output.saliency).backward()
    for name, parameter in tiny.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_the_finest_map_teaches_no_coarser_one(tiny: InSPyReNet) -> None:
    output = tiny.train()(torch.randn(2, 3, 64, 64))
    output.saliency[-1].sum().backward()
    heads = [tiny.decoder.head.weight, *(refiner.head.conv.weight for refiner in tiny.refiners)]
    assert [head.grad is not None for head in heads] == [False, False, False, True]


def test_each_map_teaches_the_detail_it_was_rebuilt_from(tiny: InSPyReNet) -> None:
    output = tiny.train()(torch.randn(2, 3, 64, 64))
    output.saliency[1].sum().backward()
    assert tiny.refiners[0].head.conv.weight.grad is not None
    assert tiny.decoder.head.weight.grad is None


def test_the_input_is_left_as_it_was(tiny: InSPyReNet) -> None:
    image = torch.randn(1, 3, 64, 64)
    before = image.clone()
    tiny(image)
    assert torch.equal(image, before)
