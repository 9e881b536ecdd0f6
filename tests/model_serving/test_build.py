import gzip
from pathlib import Path

import pytest
import torch

from model_serving.build import VARIANTS, Overrides, build_network
from model_serving.weights import official_state

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def table(name: str) -> set[tuple[str, str, str]]:
    lines = gzip.decompress((GOLDEN / f"entries-{name}.tsv.gz").read_bytes()).decode().splitlines()
    return {(entry, shape, dtype) for entry, shape, dtype in (line.split("\t") for line in lines)}


@pytest.mark.parametrize(
    ("variant", "entries", "parameters"),
    [("base", "swinb", 90_721_443), ("fast", "swinb", 90_721_443), ("res2net50", "res2net50", 28_104_339)],
)
def test_entries_are_the_authors_by_name_shape_and_type(variant: str, entries: str, parameters: int) -> None:
    with torch.device("meta"):
        network = build_network(variant)
    ours = {
        (name, "x".join(map(str, entry.shape)) or "scalar", str(entry.dtype).removeprefix("torch."))
        for name, entry in official_state(network).items()
    }
    assert ours == table(entries)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize(
    ("variant", "base_size", "threshold"),
    [
        ("base", (1024, 1024), None),
        ("fast", (384, 384), None),
        ("res2net50", (384, 384), None),
        ("small", (384, 384), 512),
    ],
)
def test_each_variant_has_its_base_size_and_threshold(
    variant: str, base_size: tuple[int, int], threshold: int | None
) -> None:
    assert (VARIANTS[variant].base_size, VARIANTS[variant].threshold) == (base_size, threshold)


def test_a_network_comes_in_eval_mode() -> None:
    assert not build_network("small").training


def test_the_base_size_sets_the_grids_of_all_three_refiners() -> None:
    network = build_network("small", base_size=(256, 320))
    assert [refiner.grid for refiner in network.refiners] == [(64, 80), (128, 160), (256, 320)]


def test_one_number_is_a_square_base_size() -> None:
    assert build_network("small", base_size=256).base_size == (256, 256)


def test_drop_path_grows_linearly_over_the_blocks() -> None:
    network = build_network("small", drop_path=0.7)
    rates = [getattr(block.drop_path1, "drop_prob", 0.0) for stage in network.backbone.layers for block in stage.blocks]
    assert rates == pytest.approx([0.1 * index for index in range(8)])


def test_an_unknown_variant_is_told_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown variant 'huge': choose one of base, fast, res2net50, small"):
        build_network("huge")


def test_an_unknown_override_is_told_the_choices() -> None:
    with pytest.raises(ValueError, match="small has no width: choose from base_size, threshold, depth, embed_dim"):
        build_network("small", width=3)  # type: ignore[call-arg]


def test_res2net_has_no_window() -> None:
    with pytest.raises(ValueError, match=r"res2net50 has no window_size: choose from base_size, threshold, depth$"):
        build_network("res2net50", window_size=7)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (Overrides(base_size=(1, 2, 3)), "base_size"),
        (Overrides(base_size=0), "base_size"),
        (Overrides(depth=12), "depth must be a multiple of 8"),
        (Overrides(depths=(2, 2, 2)), "four entries"),
        (Overrides(num_heads=(1, 2, 3, 8)), "must divide"),
        (Overrides(window_size=0), "window_size"),
    ],
)
def test_numbers_that_do_not_fit_together_are_refused(overrides: Overrides, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        build_network("small", **overrides)
