from pathlib import Path

import pytest
import torch

from model_serving.training.checkpoint import read_checkpoint, write_checkpoint
from model_serving.training.errors import TrainingError
from tests.support.disk import files_at_most


@pytest.mark.parametrize("room", [100, 200_000], ids=["for nothing", "for half"])
def test_a_full_disk_is_told_in_a_line_and_leaves_the_checkpoint_before(tmp_path: Path, room: int):
    file = tmp_path / "checkpoint.pt"
    write_checkpoint(file, {"step": 1})
    with (
        files_at_most(room),
        pytest.raises(TrainingError, match=r"pt: cannot be written: .+ large") as told,
    ):
        write_checkpoint(file, {"step": 2, "network": torch.zeros(10**5)})
    assert "\n" not in str(told.value)
    assert read_checkpoint(file) == {"step": 1}
    assert list(tmp_path.iterdir()) == [file]
