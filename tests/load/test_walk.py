from itertools import pairwise

from tests.load.walk import BURST, project

PICTURES = 5000


def test_a_project_is_walked_in_order_and_then_reviewed_in_order():
    pictures = [visit.picture for visit in project(BURST, 100, seed=1)]
    assert pictures[:100] == list(range(100))
    assert all(earlier < later for earlier, later in pairwise(pictures[100:]))


def test_the_burst_profile_asks_three_times_for_each_picture_and_again_for_every_fifth():
    requests = sum(visit.requests for visit in project(BURST, PICTURES, seed=1))
    assert 3.1 < requests / PICTURES < 3.3


def test_every_visit_asks_at_least_once():
    assert min(visit.requests for visit in project(BURST, PICTURES, seed=1)) == 1


def test_two_in_a_hundred_visits_are_to_other_bytes():
    visits = list(project(BURST, PICTURES, seed=1))
    assert 0.01 < sum(visit.reencoded for visit in visits) / len(visits) < 0.03


def test_the_same_seed_gives_the_same_walk():
    assert list(project(BURST, 50, seed=7)) == list(project(BURST, 50, seed=7))
    assert list(project(BURST, 50, seed=7)) != list(project(BURST, 50, seed=8))
