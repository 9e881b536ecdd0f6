import pytest

from proxy.core.patience import REMEMBERED, Patience

LONGEST_S = 30.0


@pytest.fixture
def patience():
    return Patience(LONGEST_S)


def test_before_the_first_mask_it_is_the_longest(patience):
    assert patience.seconds == LONGEST_S


def test_it_follows_the_slowest_of_late(patience):
    patience.learn(2.0)
    patience.learn(1.0)
    assert patience.seconds == 6.0
    for _ in range(REMEMBERED - 1):
        patience.learn(1.0)
    assert patience.seconds == 3.0


def test_it_has_an_end(patience):
    patience.learn(20.0)
    assert patience.seconds == LONGEST_S
