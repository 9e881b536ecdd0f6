from pathlib import Path

import pytest
import torch

from model_serving.exporting.realising import FASTEST_ON_CPU, RuntimeRefused, Wish, chosen, realise
from model_serving.network import InSPyReNet
from tests.model_serving.exporting.test_agreement import Off, grey_masks

NEAR, FAR = Off(1, 0.1), Off(20, 0.5)


def test_auto_is_the_quickest_on_a_cpu_and_torch_on_a_gpu_and_for_sizes_that_change() -> None:
    assert Wish().kind("static") == ("torch" if torch.cuda.is_available() else FASTEST_ON_CPU)
    assert Wish().kind("dynamic") == "torch"


def test_auto_precision_is_a_question_for_openvino_alone() -> None:
    kinds = ("torch", "compile", "onnx", "openvino")
    assert [Wish().wanted(kind) for kind in kinds] == ["equal", "equal", "equal", "auto"]
    assert Wish(precision="reduced").wanted("torch") == "reduced"


@pytest.mark.parametrize("runtime", ["compile", "onnx", "openvino"])
def test_only_torch_takes_sizes_that_change(runtime: str) -> None:
    with pytest.raises(RuntimeRefused, match=f"^{runtime} takes one size alone"):
        Wish(runtime).kind("dynamic")  # type: ignore[arg-type]


@pytest.mark.parametrize("runtime", ["compile", "onnx"])
def test_not_every_runtime_can_be_reduced(runtime: str) -> None:
    with pytest.raises(RuntimeRefused, match="openvino and torch have"):
        Wish(runtime, "reduced").kind("static")  # type: ignore[arg-type]


def test_the_first_that_is_near_enough_is_taken() -> None:
    said: list[str] = []
    assert chosen([("reduced", FAR), ("reduced", NEAR), ("equal", NEAR)], grey_masks(), said.append) == "reduced"
    [line] = said
    assert line.startswith("reduced: masks differ by 0.1")


def test_a_fall_back_to_equal_is_said_in_one_line_with_the_figures() -> None:
    said: list[str] = []
    assert chosen([("reduced", FAR), ("equal", NEAR)], grey_masks(), said.append) == "equal"
    assert said[0].startswith("reduced precision is refused: masks differ by 10.0")
    assert said[0].endswith("; equal is taken")
    assert "\n" not in said[0]


def test_masks_that_are_too_far_off_are_refused() -> None:
    with pytest.raises(RuntimeRefused, match=r"^equal precision is refused: .+ --runtime torch keeps the masks$"):
        chosen([("equal", FAR)], grey_masks(), print)


def test_reduced_is_refused_where_it_could_not_be_looked_at(tiny: InSPyReNet, tmp_path: Path) -> None:
    with pytest.raises(RuntimeRefused, match=r"^this processor does not multiply bfloat16.+ --precision equal$"):
        realise(tiny, "openvino", "reduced", tmp_path, say=pytest.fail, bfloat16=lambda: False)
    assert not list(tmp_path.iterdir())


def test_torch_in_float32_needs_no_file_and_no_look(tiny: InSPyReNet, tmp_path: Path) -> None:
    realised = realise(tiny, "torch", "equal", tmp_path, say=pytest.fail)
    assert (realised.precision, realised.file) == ("equal", None)
    assert not list(tmp_path.iterdir())
