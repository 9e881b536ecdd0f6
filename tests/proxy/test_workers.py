import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from proxy.workers import FIRST_PAUSE_S, LONGEST_PAUSE_S, TRIES, CannotStart, Place, Workers
from tests.support.eventually import eventually

PATIENCE_S, TICK_S = 20.0, 0.05
announced: list[str] = []
buried: list[int] = []


def work(folder: Path, ready: Semaphore) -> None:
    """Leaves its number, and another when it was asked to end."""

    def end(_number: int, _frame: object) -> None:
        (folder / f"{os.getpid()}.ended").touch()
        raise SystemExit

    signal.signal(signal.SIGTERM, end)
    (folder / f"{os.getpid()}").touch()
    ready.release()
    while True:
        time.sleep(0.05)


def stubborn_work(folder: Path, ready: Semaphore) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    work_without_end(folder, ready)


def work_without_end(folder: Path, ready: Semaphore) -> None:
    (folder / f"{os.getpid()}").touch()
    ready.release()
    while True:
        time.sleep(0.05)


def broken_work(folder: Path, ready: Semaphore) -> None:
    (folder / f"{os.getpid()}").touch()
    raise SystemExit(3)


def short_work(folder: Path, ready: Semaphore) -> None:
    ready.release()
    broken_work(folder, ready)


def numbers(folder: Path) -> set[int]:
    return {int(file.name) for file in folder.iterdir() if file.name.isdecimal()}


def alive(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


@pytest.fixture
def meanwhile(tmp_path):
    """Runs the workers here (signals come to the main thread) and a visitor beside them, who ends it all."""

    def run(job, visit, patience_s: float = PATIENCE_S, count: int = 2, tick_s: float = TICK_S) -> None:
        announced.clear()
        buried.clear()

        def visitor() -> None:
            try:
                visit(tmp_path)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=visitor)
        thread.start()
        workers = Workers(
            count,
            job,
            (tmp_path,),
            announce=lambda: announced.append("all are ready"),
            bury=buried.append,
            tick_s=tick_s,
        )
        try:
            workers.run(patience_s)
        finally:
            thread.join()

    return run


def test_all_are_started_announced_once_and_asked_to_end(meanwhile, tmp_path):
    meanwhile(work, lambda folder: eventually(lambda: announced))
    assert len(numbers(tmp_path)) == 2
    assert {int(file.stem) for file in tmp_path.glob("*.ended")} == numbers(tmp_path)
    assert announced == ["all are ready"]


def test_one_that_dies_is_replaced(meanwhile, tmp_path):
    killed: list[int] = []

    def visit(folder: Path) -> None:
        eventually(lambda: len(numbers(folder)) == 2)
        killed.append(min(numbers(folder)))
        os.kill(killed[0], signal.SIGKILL)
        eventually(lambda: len(numbers(folder)) == 3)

    meanwhile(work, visit)
    assert buried == killed
    assert not any(alive(number) for number in numbers(tmp_path))


def test_one_that_does_not_end_is_killed(meanwhile, tmp_path):
    meanwhile(stubborn_work, lambda folder: eventually(lambda: len(numbers(folder)) == 2), patience_s=1.0)
    assert not any(alive(number) for number in numbers(tmp_path))


def test_one_that_serves_and_dies_again_and_again_is_replaced_ever_later(meanwhile, tmp_path):
    meanwhile(short_work, lambda folder: eventually(lambda: len(numbers(folder)) == 4), count=1, tick_s=FIRST_PAUSE_S)
    births = sorted((tmp_path / str(number)).stat().st_mtime for number in numbers(tmp_path))
    pauses = [later - earlier for earlier, later in pairwise(births)]
    assert all(pause >= least for pause, least in zip(pauses, (0.5, 1.0, 2.0), strict=True))


def test_one_that_cannot_start_ends_all_in_one_line(tmp_path):
    workers = Workers(1, broken_work, (tmp_path,), announce=pytest.fail, bury=buried.append, tick_s=TICK_S)
    with pytest.raises(CannotStart, match=rf"^A worker process ended {TRIES} times .* with exit status 3\.$"):
        workers.run(PATIENCE_S)
    assert len(numbers(tmp_path)) == TRIES


def test_one_that_cannot_be_replaced_now_is_replaced_later_and_the_others_stay(meanwhile, tmp_path, caplog):
    left: list[bool] = []

    def visit(folder: Path) -> None:
        eventually(lambda: announced)
        dies, stays = numbers(folder)
        with no_more_files():
            os.kill(dies, signal.SIGKILL)
            eventually(lambda: "cannot be started (Too many open files)" in caplog.text)
        eventually(lambda: len(numbers(folder)) == 3)
        left.append(alive(stays))

    meanwhile(work, visit)
    assert left == [True]


@contextmanager
def no_more_files() -> Iterator[None]:
    """Those that are open stay so: for a parent of processes this is a machine that has run out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_has_lived_long_is_replaced_soon_however_often_others_died_before():
    place = Place(get_context("spawn").Semaphore(1))
    assert [place.pause(0.0) for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert {place.pause(0.0) for _ in range(2000)} == {30.0}, "for days, too"
    place.move_in(get_context("spawn").Process(), 100.0)
    place.move_out(100.0 + LONGEST_PAUSE_S + 1)
    assert place.pause(0.0) == FIRST_PAUSE_S
