import pytest

from model_serving.training.schedule import FLOOR, WARM_UP, Stage, one_cycle, parse_stages, stage_at

STAGES = (Stage(128, 16, 0.5, levels=1), Stage(128, 16, 0.7), Stage(256, 8, 1.0))


def test_stages_are_read_from_text():
    assert parse_stages("128x16x1:0.5,128x16:0.7,256x8:1") == STAGES


@pytest.mark.parametrize(
    "text", ["128x16:0.5", "128x16:0.9,64x8:0.5", "100x8:1", "128:1", "128x16x5:1", "128x16x0:1", "128x16x1x9:1", ""]
)
def test_stages_that_make_no_sense_are_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - any of the messages
        parse_stages(text)


@pytest.mark.parametrize(("progress", "number"), [(0.0, 0), (0.49, 0), (0.5, 1), (0.7, 2), (1.0, 2), (1.2, 2)])
def test_the_stage_follows_the_clock(progress: float, number: int):
    assert stage_at(STAGES, progress) == STAGES[number]


def test_the_rate_climbs_shortly_and_falls_to_its_floor():
    assert one_cycle(0.0) == pytest.approx(FLOOR)
    assert one_cycle(WARM_UP) == pytest.approx(1.0)
    falling = [one_cycle(WARM_UP + step * (1 - WARM_UP) / 10) for step in range(11)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(FLOOR)
    assert one_cycle(1.5) == pytest.approx(FLOOR)
