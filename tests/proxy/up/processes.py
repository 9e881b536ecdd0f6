"""Small real processes to be started, and how to tell that one is gone."""

import os
import select
import sys
from collections.abc import Sequence

FOREVER = ("sleep", "1000")


def python(code: str) -> Sequence[str]:
    return (sys.executable, "-c", code)


def is_gone(pid: int, seconds: float = 10) -> bool:
    """Waits until the process, which need not be our child, has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], seconds)[0])
    finally:
        os.close(process)
