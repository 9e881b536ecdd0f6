import pytest

from model_serving.training.schedule import FLOOR, WARM_UP, Stage, one_cycle, parse_stages, stage_at, warmed_poly

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


def test_the_papers_rate_climbs_from_a_tenth_and_falls_to_its_floor():
    paper = {"peak": 1e-4, "floor": 1e-7, "warm_up": 12_000, "warm_up_from": 0.1, "power": 0.9}
    assert warmed_poly(0, 105_000, **paper) == pytest.approx(1e-5)
    assert warmed_poly(6_000, 105_000, **paper) == pytest.approx(1e-4 * (0.1 * 0.5 + 0.5))
    assert warmed_poly(12_000, 105_000, **paper) == pytest.approx((1e-4 - 1e-7) * (1 - 12 / 105) ** 0.9 + 1e-7)
    assert warmed_poly(105_000, 105_000, **paper) == pytest.approx(1e-7)


def test_in_a_short_run_the_fall_comes_before_the_peak():
    paper = {"peak": 1e-4, "floor": 1e-7, "warm_up": 12_000, "warm_up_from": 0.1, "power": 0.9}
    rates = [warmed_poly(step, 2_000, **paper) for step in range(0, 2_001, 100)]
    assert max(rates) < 3e-5
    assert rates[-1] == pytest.approx(1e-7)


def test_without_a_warm_up_it_begins_at_the_peak():
    assert warmed_poly(0, 10, peak=1.0, floor=0.0, warm_up=0, warm_up_from=0.1, power=0.9) == 1.0
