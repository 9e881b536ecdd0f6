import pytest
import torch

from model_serving.build import build_network
from model_serving.training.recipe import OneCycle, Paper
from model_serving.training.schedule import Position
from tests.model_serving.training.test_run import TINY

PAPER = Paper(
    steps=100,
    backbone_rate=1e-5,
    rate=1e-4,
    floor_rate=1e-7,
    warm_up=10,
    warm_up_from=0.1,
    power=0.9,
    weight_decay=0.0,
    largest_gradient=None,
)


def test_the_backbone_learns_at_its_own_rate_and_every_parameter_at_one():
    network = build_network("small", base_size=64, **TINY)
    optimiser = PAPER.optimiser(network)
    PAPER.set_rates(optimiser, Position(steps=10))
    backbone, rest = optimiser.param_groups
    assert backbone["lr"] == pytest.approx(1e-5, rel=0.1)
    assert rest["lr"] == pytest.approx(1e-4, rel=0.1)
    assert {id(p) for p in backbone["params"]} == {id(p) for p in network.backbone.parameters()}
    assert len(backbone["params"]) + len(rest["params"]) == len(list(network.parameters()))


def test_the_paper_counts_steps_and_the_one_cycle_seconds():
    position = Position(steps=50, elapsed=30.0)
    assert PAPER.progress(position) == 0.5
    assert OneCycle(40.0).progress(position) == 0.75


def test_the_rates_of_a_resumed_optimiser_are_those_of_its_place():
    network = torch.nn.Linear(2, 2)
    optimiser, again = PAPER.optimiser(network), PAPER.optimiser(network)
    again.load_state_dict(optimiser.state_dict())
    for one in (optimiser, again):
        PAPER.set_rates(one, Position(steps=40))
    assert [g["lr"] for g in again.param_groups] == [g["lr"] for g in optimiser.param_groups]
