"""The run directory: who runs here, what they said, and the files that go with them."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOM_BYTES = 128 * 1024 * 1024
"""The archive, the copy that TorchServe unpacks, the logs. What meets a full disk later on can only say so to a log."""

LONGEST_NAME = 85
"""Bytes. A Unix socket's path may have 107, and TorchServe's sockets are called `.ts.sock.9000` and so on."""


class Occupied(Exception):
    """Another `rematte up` runs here. `str(error)` says which process it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """`logs` are kept until the next start, `scratch` until the end: nobody else may look into it.

    The path of `scratch` is short enough for the Unix sockets in it.
    """

    logs: Path
    scratch: Path


@contextmanager
def occupy(folder: Path) -> Iterator[Place]:
    """Raises Occupied, or OSError when the disk refuses. A process that was killed occupies nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    with (folder / "lock").open("a+") as lock:
        _take(lock.fileno())
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        with _scratch(folder / "scratch") as scratch:
            yield Place(folder, scratch)


def _take(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(lock, 20, 0).decode()
        raise Occupied(
            f"Rematte is already running from this folder (process {pid}): stop that one with Ctrl-C, or `kill {pid}`."
        ) from None


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        with _short_name(folder.resolve()) as name:
            yield name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _short_name(folder: Path) -> Iterator[Path]:
    if len(os.fsencode(folder)) <= LONGEST_NAME:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="rematte-") as holder:
        name = Path(holder, "r")
        name.symlink_to(folder)
        yield name
