import numpy as np
import pytest
from PIL import Image

from model_serving.training.augment import Augmentation, Labelled, augmented

NONE = Augmentation(scale=(1.0, 1.0), scale_odds=0, flip_odds=0, degrees=0, rotate_odds=0, enhance=0.1, enhance_odds=0)


@pytest.fixture
def labelled() -> Labelled:
    """Grey with a bright box left of the middle, and the box."""
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 10:25] = 255
    return Image.fromarray(np.stack([mask // 2 + 60] * 3, -1)), Image.fromarray(mask)


def turned(labelled: Labelled, seed: int = 0, **changes: object) -> tuple[np.ndarray, np.ndarray]:
    how = NONE.model_copy(update=changes)
    picture, mask = augmented(np.random.default_rng(seed), labelled, how)
    assert picture.size == mask.size == labelled[0].size
    return np.asarray(picture), np.asarray(mask)


def test_with_no_odds_nothing_changes(labelled: Labelled):
    picture, mask = turned(labelled)
    assert (picture == np.asarray(labelled[0])).all()
    assert (mask == np.asarray(labelled[1])).all()


def test_the_mask_is_mirrored_with_its_picture(labelled: Labelled):
    picture, mask = turned(labelled, flip_odds=1)
    assert (mask == np.asarray(labelled[1])[:, ::-1]).all()
    assert (picture == np.asarray(labelled[0])[:, ::-1]).all()


@pytest.mark.parametrize(("scale", "share"), [(1.25, 1.25**2), (0.75, 0.75**2)])
def test_what_is_nearer_is_larger_and_what_is_farther_has_black_around_it(
    labelled: Labelled, scale: float, share: float
):
    picture, mask = turned(labelled, scale=(scale, scale), scale_odds=1)
    assert (mask > 127).sum() == pytest.approx(share * (np.asarray(labelled[1]) > 127).sum(), rel=0.2)
    assert (picture[0, 0] == 0).all() == (scale < 1)


def test_both_are_turned_about_the_middle_by_less_than_asked_for(labelled: Labelled):
    for seed in range(8):
        picture, mask = turned(labelled, seed, degrees=10, rotate_odds=1)
        middle = (picture[..., 0] > 120) == (mask > 127)
        assert middle[5:-5, 5:-5].mean() > 0.99


def test_light_changes_the_picture_and_never_the_mask(labelled: Labelled):
    picture, mask = turned(labelled, enhance_odds=1)
    assert (mask == np.asarray(labelled[1])).all()
    assert 0 < np.abs(picture.astype(int) - np.asarray(labelled[0])).max() < 60


def test_one_seed_is_one_picture(labelled: Labelled):
    everything = {"scale": (0.75, 1.25), "scale_odds": 0.5, "flip_odds": 0.5, "degrees": 10, "rotate_odds": 0.5}
    pictures = [turned(labelled, seed, **everything)[0].tobytes() for seed in (1, 1, 2, 3, 4)]
    assert pictures[0] == pictures[1]
    assert len(set(pictures)) > 2
