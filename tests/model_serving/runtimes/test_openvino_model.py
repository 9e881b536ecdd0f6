import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model_serving.exporting import openvino_ir
from model_serving.network import InSPyReNet
from model_serving.runtimes.openvino_import import import_openvino
from model_serving.runtimes.openvino_model import OpenVINO, compiled, runs_bfloat16
from model_serving.runtimes.runtime import Prediction, RuntimeUnavailable


@pytest.fixture(scope="module")
def file(_tiny: InSPyReNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    openvino_ir.export(_tiny, folder)
    return folder / openvino_ir.FILE


@pytest.fixture(scope="module")
def runtime(file: Path) -> OpenVINO:
    return OpenVINO(file, "equal")


@pytest.fixture(scope="module")
def equal(file: Path) -> Any:
    """OpenVINO's own model, as the two others here."""
    return compiled(file, "equal")


@pytest.fixture(scope="module")
def reduced(file: Path) -> Any:
    if not runs_bfloat16():
        pytest.skip("this processor has no bfloat16")
    return compiled(file, "reduced")


def test_the_masks_are_the_networks(runtime: OpenVINO, images: Tensor, expected: Prediction) -> None:
    torch.testing.assert_close(runtime(images), expected, rtol=0, atol=1e-4)


def test_it_knows_the_size_that_it_takes_and_refuses_others(runtime: OpenVINO, images: Tensor) -> None:
    assert runtime.base_size == (64, 64)
    with pytest.raises(ValueError, match="64 x 64"):
        runtime(images[..., :32])
    with pytest.raises(ValueError, match="64 x 64"):
        runtime(images, images)


def test_the_same_network_gives_the_same_bytes(file: Path, tiny: InSPyReNet, tmp_path: Path) -> None:
    openvino_ir.export(tiny, tmp_path)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == file.with_name(made.name).read_bytes()


def test_a_disk_without_room_is_told_as_for_any_other_file(file: Path, tmp_path: Path) -> None:
    model = import_openvino().Core().read_model(file)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="OpenVINO cannot write"):
            openvino_ir.save(model, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def precisions(model: Any, place: str) -> set[str]:
    """In which the compiled model multiplies there."""
    keys = ("originalLayersNames", "layerType", "runtimePrecision")
    nodes = [node.get_rt_info() for node in model.get_runtime_model().get_ordered_ops()]
    said = [tuple(str(node[key].get()) for key in keys) for node in nodes]
    multiplying = ("MatMul", "FullyConnected", "Convolution")
    return {precision for names, kind, precision in said if place in names and kind in multiplying}


def test_reduced_the_sums_of_sica_stay_in_float32(reduced: Any) -> None:
    assert precisions(reduced, ".total/") == {"f32"}
    assert precisions(reduced, ".layers.2.blocks.0.mlp.fc1/") == {"bf16"}


def test_what_else_is_spared_stays_in_float32_too(file: Path, reduced: Any, tmp_path: Path) -> None:
    spared = tmp_path / file.name
    for made in file.parent.iterdir():
        (tmp_path / made.name).write_bytes(made.read_bytes())
    openvino_ir.spare(spared, openvino_ir.SPARED[-1])
    assert precisions(reduced, ".decoder.smooth.") == {"bf16"}
    assert precisions(compiled(spared, "reduced"), ".decoder.smooth.") == {"f32"}


def test_reduced_is_float32_where_the_processor_has_no_bfloat16(file: Path, equal: Any, images: Tensor) -> None:
    model = compiled(file, "reduced", bfloat16=lambda: False)
    assert precisions(model, ".layers.2.blocks.0.mlp.fc1/") == {"f32"}
    expected = equal(images[:1].numpy())
    torch.testing.assert_close(model(images[:1].numpy())[0], expected[0], rtol=0, atol=0)


def test_it_takes_as_many_threads_as_torch_has(equal: Any) -> None:
    assert equal.get_property("INFERENCE_NUM_THREADS") == torch.get_num_threads()


_NOBODY_IS_CALLED = """
import sys

def listen(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn", "os.fork"):
        raise SystemExit(f"{event}: {arguments}")

sys.addaudithook(listen)
from model_serving.runtimes.openvino_import import import_openvino
import_openvino().Core().compile_model(sys.argv[1], "CPU")
import_openvino(".frontend.pytorch.ts_decoder")
assert not [name for name in sys.modules if "telemetry" in name and sys.modules[name]]
"""


def test_it_calls_nobody(file: Path) -> None:
    subprocess.run([sys.executable, "-c", _NOBODY_IS_CALLED, str(file)], check=True)


def test_without_openvino_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(RuntimeUnavailable, match="pip install openvino") as caught:
        import_openvino()
    assert "\n" not in str(caught.value)
