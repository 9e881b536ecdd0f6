import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc_info is glibc's")

HEAPS = """
import ctypes, threading
from proxy.heap import LARGE_BYTES, keep_small

keep_small()
together = threading.Barrier(4)

def work():
    together.wait()
    small, large = bytearray(100_000), bytearray(LARGE_BYTES + 1)
    together.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
glibc = ctypes.CDLL(None)
glibc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(glibc.fdopen(1, b"w"))
glibc.malloc_info(0, out)
glibc.fflush(out)
"""


def heaps(**environment: str) -> int:
    """How many a process with four busy threads has at its end."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    ended = subprocess.run(
        [sys.executable, "-c", HEAPS], env=given | environment, check=True, capture_output=True, text=True
    )
    return ended.stdout.count("<heap nr=")


def test_all_threads_share_one_heap():
    assert heaps() == 1


def test_whoever_has_settings_of_their_own_keeps_them():
    assert heaps(MALLOC_ARENA_MAX="3") == 3
