import torch

from model_serving.network.sica import ContextAttention


def refiner(grid: tuple[int, int], *, sees_detail: bool = False) -> ContextAttention:
    torch.manual_seed(0)
    return ContextAttention(16, 8, grid, sees_detail=sees_detail).eval()


def test_the_context_is_a_sum_over_the_grid_and_not_a_mean() -> None:
    part, x = refiner((4, 4)), torch.ones(1, 16, 4, 4)
    context = part._context(x, torch.full((1, 3, 4, 4), 0.5))
    assert context.shape == (1, 16, 3, 1)
    assert context.unique().tolist() == [8.0]


def test_the_features_memory_is_read_as_rows_without_a_transpose() -> None:
    part, x = refiner((2, 2)), torch.arange(64.0).reshape(1, 16, 2, 2)
    first_pixel = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    context = part._context(x, first_pixel)
    assert context.flatten().tolist() == list(range(16))


def test_the_maps_split_the_probabilities_at_the_threshold() -> None:
    part = refiner((1, 1), sees_detail=True)
    saliency, detail = torch.logit(torch.tensor([0.9, 0.2])), torch.logit(torch.tensor([0.6, 0.5]))
    maps = part._maps((1, 2), saliency.reshape(1, 1, 1, 2), detail.reshape(1, 1, 1, 2))
    expected = torch.tensor([[0.4, 0.0], [0.0, 0.3], [0.1, 0.2], [0.1, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(maps[0, :, 0], expected)


def test_the_answer_has_the_inputs_size_whatever_the_grid() -> None:
    features, logits = refiner((8, 8))(torch.randn(2, 16, 6, 10), torch.randn(2, 1, 3, 5))
    assert (features.shape, logits.shape) == ((2, 8, 6, 10), (2, 1, 6, 10))


def test_another_grid_gives_another_answer() -> None:
    x, saliency = torch.randn(1, 16, 8, 8), torch.randn(1, 1, 4, 4)
    small, large = refiner((4, 4)), refiner((8, 8))
    assert not torch.allclose(small(x, saliency)[1], large(x, saliency)[1])
