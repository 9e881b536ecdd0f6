from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from model_serving.exporting import machine_code
from model_serving.runtimes.inductor import Inductor, processor
from model_serving.runtimes.runtime import RuntimeUnavailable


class Brightest(nn.Module):
    """Answers as an exported network does; compiling a real one takes minutes."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        pred = torch.sigmoid(image.mean(1, keepdim=True))
        return pred, pred.amax((1, 2, 3))


@pytest.fixture(scope="module")
def file(images: Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("compiled") / "network.pt2"
    machine_code.compile_to(file, Brightest(), images[:1])
    return file


def test_what_was_compiled_gives_the_same_for_any_batch(file: Path, images: Tensor) -> None:
    runtime = Inductor(file, (64, 64))
    torch.testing.assert_close(tuple(runtime(images)), Brightest()(images))
    with pytest.raises(ValueError, match="64 x 64"):
        runtime(images[..., :32])


def test_what_was_compiled_for_another_processor_is_refused_before_it_runs(file: Path) -> None:
    Inductor(file, (64, 64), here=processor() | {"more"})
    lacking = processor() - {"avx2", "neon"}
    with pytest.raises(RuntimeUnavailable, match=f"^{file}: compiled .+ with (avx2|neon), .+ RUNTIME=torch$"):
        Inductor(file, (64, 64), here=lacking)


def test_without_a_compiler_the_remedy_is_named(
    tmp_path: Path, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(RuntimeUnavailable, match="install g\\+\\+"):
        machine_code.compile_to(tmp_path / "network.pt2", Brightest(), images[:1])


def test_what_cannot_be_loaded_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "network.pt2").write_bytes(b"of another machine")
    with pytest.raises(RuntimeUnavailable, match="RUNTIME=torch") as caught:
        Inductor(tmp_path / "network.pt2", (64, 64))
    assert "\n" not in str(caught.value)
