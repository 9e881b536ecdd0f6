import os
import signal
import threading
import time
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from proxy.workers import Workers
from tests.support.eventually import eventually

PATIENCE_S = 20.0
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


def numbers(folder: Path) -> set[int]:
    return {int(file.name) for file in folder.iterdir() if file.name.isdecimal()}


def alive(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


@pytest.fixture
def meanwhile(tmp_path):
    """Runs the workers here (signals come to the main thread) and a visitor beside them, who ends it all."""

    def run(job, visit, patience_s: float = PATIENCE_S) -> None:
        announced.clear()
        buried.clear()

        def visitor() -> None:
            try:
                visit(tmp_path)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=visitor)
        thread.start()
        Workers(2, job, (tmp_path,), announce=lambda: announced.append("all are ready"), bury=buried.append).run(
            patience_s
        )
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
