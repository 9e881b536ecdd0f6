import http_sf
import pytest

from proxy.core.predictor import Prediction
from proxy.core.types import Found, Tier
from proxy.telemetry.headers import cache_status, server_timing
from tests.support.entries import MASK, RENDERED


def parsed(prediction: Prediction) -> dict[str, object]:
    ((name, parameters),) = http_sf.parse(cache_status(prediction).encode(), tltype="list")
    assert str(name) == "rematte"
    return {key: value if isinstance(value, bool | int) else str(value) for key, value in parameters.items()}


@pytest.mark.parametrize("tier", ["memory", "redis"])
def test_a_hit_on_a_mask_names_its_tier_and_whole_seconds_of_life(tier: Tier):
    hit = Prediction(RENDERED, '"tag"', found=Found(MASK, tier, 1799.9))
    assert parsed(hit) == {"hit": True, "ttl": 1799, "detail": tier}


def test_a_hit_on_a_finished_answer_says_rendered():
    hit = Prediction(RENDERED, '"tag"', found=Found(RENDERED, "redis", 60.0))
    assert parsed(hit) == {"hit": True, "ttl": 60, "detail": "rendered"}


def test_a_hit_from_another_file_of_the_same_picture_says_pixels():
    hit = Prediction(RENDERED, '"tag"', found=Found(MASK, "redis", 60.0, by_pixels=True))
    assert parsed(hit) == {"hit": True, "ttl": 60, "detail": "pixels"}


def test_a_miss_is_stored():
    assert parsed(Prediction(RENDERED, '"tag"')) == {"fwd": "miss", "stored": True}


def test_a_shared_flight_is_a_collapsed_miss():
    shared = Prediction(RENDERED, '"tag"', collapsed=True)
    assert parsed(shared) == {"fwd": "miss", "stored": True, "collapsed": True}


def test_an_answer_that_may_not_be_kept_is_not_called_stored():
    assert parsed(Prediction(RENDERED, '"tag"', stored=False)) == {"fwd": "miss"}


def test_a_caller_who_wants_no_kept_answer_bypasses_the_cache():
    assert parsed(Prediction(RENDERED, '"tag"', bypassed=True)) == {"fwd": "bypass", "stored": True}


def test_stages_are_told_in_order_and_in_milliseconds():
    assert server_timing({"read": 0.0015, "queue": 0.0, "infer": 1.25}) == (
        "read;dur=1.500, queue;dur=0.000, infer;dur=1250.000"
    )


def test_the_lookup_says_which_tier_answered():
    found = Found(RENDERED, "redis", 60.0)
    assert server_timing({"pixels": 0.002, "render": 0.001}, found) == 'pixels;dur=2.000;desc="redis", render;dur=1.000'
    assert server_timing({"read": 0.001, "lookup": 0.002}, found) == 'read;dur=1.000, lookup;dur=2.000;desc="redis"'
