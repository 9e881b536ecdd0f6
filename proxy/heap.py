"""glibc's allocator, told to hand back what pictures leave behind.

By itself it gives each thread a heap of its own, and learns from every large piece that is freed to keep the next one
of that size: a server that works on pictures in threads then keeps more than it holds (docs/why.md has the figures).
"""

import ctypes
import os
import platform

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
LARGE_BYTES = 512 * 1024
"""From here on a piece is asked of the kernel and goes back to it: pictures, and nothing that a hit is made of."""
SPARE_BYTES = 8 * 1024 * 1024
"""So much may lie free at the heap's end. With less, each large upload would ask the kernel for its pages anew."""


def keep_small() -> None:
    """One heap for all threads, and large pieces outside it. Where somebody has settings of their own (`MALLOC_…`), and
    where there is no glibc, nothing is done."""
    if platform.libc_ver()[0] != "glibc" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    glibc = ctypes.CDLL(None)
    glibc.mallopt(_M_ARENA_MAX, 1)
    glibc.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
    glibc.mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)
