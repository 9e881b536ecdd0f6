import sys
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor

from model_serving.exporting import onnx_file
from model_serving.network import InSPyReNet
from model_serving.runtimes.onnx_session import OnnxSession
from model_serving.runtimes.runtime import Prediction, RuntimeUnavailable


@pytest.fixture(scope="module")
def file(_tiny: InSPyReNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exported") / "network.onnx"
    onnx_file.export(_tiny, file)
    return file


@pytest.fixture(scope="module")
def session(file: Path) -> OnnxSession:
    return OnnxSession(file)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_masks_are_the_networks_for_any_batch(
    session: OnnxSession, images: Tensor, expected: Prediction, batch: int
) -> None:
    prediction = session(images[:batch])
    torch.testing.assert_close(prediction, Prediction(*(part[:batch] for part in expected)), rtol=0, atol=1e-4)


def test_the_file_is_whole_and_says_what_it_takes(file: Path) -> None:
    model = onnx.load(file)
    onnx.checker.check_model(model)
    assert [given.name for given in model.graph.input] == ["image"]
    assert [made.name for made in model.graph.output] == ["pred", "confidence"]
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == onnx_file.OPSET
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_other_sizes_are_refused(session: OnnxSession, images: Tensor) -> None:
    with pytest.raises(ValueError, match="64 x 64"):
        session(images[..., :32])


@pytest.mark.parametrize("package", ["onnxruntime", "onnx"])
def test_what_is_not_installed_is_named(
    tiny: InSPyReNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RuntimeUnavailable, match=f"pip install {package}$") as caught:
        OnnxSession(tmp_path) if package == "onnxruntime" else onnx_file.export(tiny, tmp_path / "network.onnx")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
