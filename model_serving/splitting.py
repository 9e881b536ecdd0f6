"""A batch that the device has no room for is done in halves, and these in halves, down to single pictures."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

_SAYS_SO = ("can't allocate memory", "out of memory", "failed to allocate", "bad_alloc", "status_alloc_failed")
"""Words of torch's CPU allocator, of cuBLAS and cuDNN, and of the other runtimes, which have no error of their own for
it."""


def in_halves(
    work: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item], no_room: Callable[[Item], Result]
) -> list[Result]:
    """What `work` makes of all items, in order; `no_room` for each that it has no room for even alone.

    Every other error of `work` is raised.
    """
    done = _attempt(work, items)
    if done is not None:
        return list(done)
    _give_back()
    if len(items) == 1:
        return [no_room(items[0])]
    middle = len(items) // 2
    return [*in_halves(work, items[:middle], no_room), *in_halves(work, items[middle:], no_room)]


def is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error).lower() for words in _SAYS_SO)


def _attempt(work: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> Sequence[Result] | None:
    """None where there was no room. By then the error is gone, and with it what its traceback kept alive."""
    try:
        return work(items)
    except Exception as error:  # ONNX Runtime's are no RuntimeErrors
        if not is_out_of_memory(error):
            raise
        return None


def _give_back() -> None:
    """What torch keeps of the device for later is of another shape than what is tried next."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
