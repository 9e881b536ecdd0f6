import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proxy.up.child import Child
from tests.proxy.up.processes import FOREVER, is_gone, python
from tests.support.eventually import eventually


@contextmanager
def started(folder: Path, *command: str) -> Iterator[Child]:
    child = Child.start("Child", command, os.environ, folder / "child.log")
    try:
        yield child
    finally:
        child.stop(0, nobody_hurries)


def nobody_hurries(_seconds: float) -> bool:
    return False


def somebody_hurries(_seconds: float) -> bool:
    return True


def words(child: Child, count: int = 1) -> list[str]:
    return eventually(lambda: said if len(said := child.last_words()) >= count else [])


def test_a_child_is_asked_before_it_is_killed(tmp_path):
    with started(tmp_path, "sh", "-c", "trap 'echo goodbye; exit 0' TERM; echo ready; sleep 1000 & wait") as child:
        words(child)
        child.stop(10, nobody_hurries)
        assert child.last_words() == ["ready", "goodbye"]
        assert child.status == 0


def test_a_child_that_will_not_listen_is_killed(tmp_path):
    with started(tmp_path, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done") as child:
        words(child)
        child.stop(0.2, nobody_hurries)
        assert child.status == -signal.SIGKILL


def test_whoever_is_in_a_hurry_need_not_wait_for_it(tmp_path):
    with started(tmp_path, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done") as child:
        words(child)
        child.stop(1000, somebody_hurries)
        assert child.status == -signal.SIGKILL


def test_what_a_child_has_started_is_gone_with_it(tmp_path):
    with started(tmp_path, "sh", "-c", "trap '' TERM; (trap '' TERM; sleep 1000) & echo $!; exit 0") as child:
        grandchild = int(words(child)[0])
        eventually(lambda: child.status is not None)
        child.stop(10, nobody_hurries)
        assert is_gone(grandchild)


def test_a_child_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path):
    with started(tmp_path, "sh", "-c", "echo $$; sleep 1000") as child:
        assert os.getpgid(int(words(child)[0])) != os.getpgrp()


def test_a_child_goes_even_when_we_are_killed(tmp_path):
    code = (
        "import os, time; from pathlib import Path; from proxy.up.child import Child\n"
        f"Child.start('Child', ('sh', '-c', 'echo $$; sleep 1000'), os.environ, Path({str(tmp_path)!r}, 'log'))\n"
        "time.sleep(1000)"
    )
    with subprocess.Popen(python(code)) as parent:
        pid = int(eventually(lambda: said(tmp_path / "log")))
        parent.kill()
    assert is_gone(pid)


def said(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def test_the_last_words_are_the_last_lines_that_say_something(tmp_path):
    with started(tmp_path, "printf", "one\\n\\ntwo\\nthree\\n\\n") as child:
        eventually(lambda: child.status is not None)
        assert child.last_words(2) == ["two", "three"]


def test_a_running_child_has_no_status(tmp_path):
    with started(tmp_path, *FOREVER) as child:
        assert child.status is None
