from pathlib import Path
from typing import Any

import pytest

from model_serving.datasets.manifest import read_manifest
from model_serving.training.errors import TrainingError
from model_serving.training.parameters import FREE, Parameters, differences
from tests.support.training import configured, manifest_of, parameters

DUTS = 10_553
"""Pictures of the authors' training set."""


def test_the_configured_recipe_is_the_papers():
    told = Parameters.read(configured())
    recipe = told.recipe(DUTS)
    assert recipe.steps == 60 * (DUTS // 6)
    assert (recipe.backbone_rate, recipe.rate, recipe.floor_rate) == (1e-5, 1e-4, 1e-7)
    assert (recipe.warm_up, recipe.warm_up_from, recipe.power) == (12_000, 0.1, 0.9)
    assert (recipe.weight_decay, recipe.largest_gradient) == (0.0, None)
    assert told.augmentation.scale == (0.75, 1.25)
    assert told.augmentation.degrees == 10


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"batch": 0}, r"model_training.batch: .+, not 0"),
        ({"size": 100}, r"model_training.size: .+ multiple of 32, not 100"),
        ({"variant": "huge"}, r"model_training.variant: .+'small', .+, not 'huge'"),
        ({"epoch": 3}, r"model_training.epoch: .+, not 3"),
        (
            {"augmentation": configured()["augmentation"] | {"flip_odds": 2}},
            r"model_training.augmentation.flip_odds: .+",
        ),
    ],
)
def test_a_parameter_that_will_not_do_is_named_in_a_line(changed: dict[str, Any], said: str):
    with pytest.raises(TrainingError, match=f"^{said}$"):
        Parameters.read(configured() | changed)


def test_a_folder_of_data_may_be_moved(tmp_path: Path):
    manifest_of(tmp_path / "here")
    before = parameters(tmp_path / "here")
    terms = before.terms(read_manifest(before.manifest))
    (tmp_path / "here").rename(tmp_path / "there")
    after = parameters(tmp_path / "there")
    assert after.terms(read_manifest(after.manifest)) == terms


def test_on_what_terms_a_run_is_and_what_may_change(tmp_path: Path):
    pairs = read_manifest(manifest_of(tmp_path))
    told = parameters(tmp_path)
    terms = told.terms(pairs)
    assert set(Parameters.model_fields) > FREE
    assert not FREE & set(terms)
    assert parameters(tmp_path, workers=7, out=tmp_path / "elsewhere").terms(pairs) == terms
    changed = told.model_copy(update={"batch": 3, "augmentation": told.augmentation.model_copy(update={"degrees": 5})})
    assert differences(terms, changed.terms(pairs)) == ["batch 2, not 3", "augmentation.degrees 10, not 5"]
    assert [line.split()[0] for line in differences(terms, told.terms(pairs[1:]))] == ["pairs"]
