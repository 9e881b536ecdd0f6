"""Its processes import this file: it asks for nothing but torch."""

import pytest
import torch

from model_serving.training.errors import TrainingError
from model_serving.training.team import Team, gather


def meet(team: Team) -> None:
    weight = torch.nn.Parameter(torch.zeros(3))
    unused = torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.full((3,), float(team.rank))
    assert team.agree([weight, unused], elapsed=2.0 + team.rank) == 2.5
    assert torch.equal(weight.grad, torch.full((3,), 0.5))
    assert unused.grad is None


def test_two_processes_agree_on_gradients_and_on_the_time():
    gather(2, meet)


def give_up(team: Team) -> None:
    raise TrainingError(f"process {team.rank} has had enough")


def test_what_one_of_several_processes_cannot_do_is_still_a_line():
    with pytest.raises(TrainingError, match=r"^process [01] has had enough$"):
        gather(2, give_up)


def test_one_process_keeps_its_own():
    weight = torch.nn.Parameter(torch.zeros(3))
    weight.grad = torch.ones(3)
    assert Team().agree([weight], 4.0) == 4.0
    assert torch.equal(weight.grad, torch.ones(3))
