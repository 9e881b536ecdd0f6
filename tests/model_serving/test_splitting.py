from collections.abc import Sequence

import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from model_serving.splitting import in_halves, is_out_of_memory


class Device:
    """Has room for batches up to some sum; remembers what it was asked for."""

    def __init__(self, room: int, error: Exception | None = None) -> None:
        self.room = room
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        self.asked: list[Sequence[int]] = []

    def double(self, sizes: Sequence[int]) -> list[int]:
        self.asked.append(sizes)
        if sum(sizes) > self.room:
            raise self.error
        return [2 * size for size in sizes]


def test_what_fits_is_done_in_one():
    device = Device(room=10)
    assert in_halves(device.double, [1, 2, 3], lambda size: -1) == [2, 4, 6]
    assert device.asked == [[1, 2, 3]]


def test_what_does_not_fit_is_halved_until_it_does():
    device = Device(room=2)
    assert in_halves(device.double, [1, 1, 1, 1], lambda size: -1) == [2, 2, 2, 2]
    assert device.asked == [[1, 1, 1, 1], [1, 1], [1, 1]]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(0, 12))
def test_only_items_that_are_too_large_alone_have_no_room(sizes: list[int], room: int):
    results = in_halves(Device(room).double, sizes, lambda size: -size)
    assert results == [2 * size if size <= room else -size for size in sizes]


def test_other_errors_are_raised():
    with pytest.raises(RuntimeError, match="device-side assert"):
        in_halves(Device(0, RuntimeError("CUDA error: device-side assert triggered")).double, [1, 1], lambda size: -1)


def test_the_failed_try_is_forgotten_before_the_next():
    """Its tensors hang on the error's traceback: kept alive, they would take the room that halving wins."""
    held: list[int] = []

    class Tensor:
        def __del__(self) -> None:
            held.remove(1)

    def work(sizes: Sequence[int]) -> list[int]:
        assert not held
        _tensor = Tensor()
        held.append(1)
        if len(sizes) > 1:
            raise MemoryError
        return [*sizes]

    assert in_halves(work, [1, 2], lambda size: -1) == [1, 2]


def test_torchs_own_words_for_a_full_memory_are_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ],
)
def test_so_are_those_of_nvidias_libraries(said: str):
    assert is_out_of_memory(RuntimeError(said))


def test_onnx_runtimes_errors_for_a_full_memory_split_a_batch_too():
    """They are no RuntimeErrors."""
    sizes = helper.make_tensor_value_info("sizes", TensorProto.INT64, [1])
    zeros = helper.make_tensor_value_info("zeros", TensorProto.FLOAT, None)
    node = helper.make_node("ConstantOfShape", ["sizes"], ["zeros"])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(helper.make_graph([node], "zeros", [sizes], [zeros]), opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def zeros_of(sizes: Sequence[int]) -> list[int]:
        session.run(None, {"sizes": [sum(sizes)]})
        return [0] * len(sizes)

    assert in_halves(zeros_of, [4, 1 << 58], lambda size: -1) == [0, -1]
