import os
import signal
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from proxy.signals import Signals
from proxy.up.crew import CannotRun, Crew, Stopped
from proxy.up.report import Report
from tests.proxy.up.processes import FOREVER
from tests.support.eventually import eventually


@pytest.fixture
def crew(tmp_path) -> Iterator[Crew]:
    with Signals() as signals, Crew(tmp_path, signals, Report(Console(file=StringIO()))).on_duty() as crew:
        yield crew


def never() -> bool:
    return False


def test_one_that_ends_is_named_with_its_last_words(crew):
    crew.start("Redis", ("sh", "-c", "echo out of memory; exit 3"), os.environ)
    with pytest.raises(CannotRun, match=r"^Redis has ended \(exit status 3\)\.$") as caught:
        crew.wait("It starts", never)
    assert caught.value.said == ["out of memory"]


def test_one_that_is_killed_is_named_with_the_signal(crew):
    crew.start("Redis", ("sh", "-c", "kill -9 $$"), os.environ)
    with pytest.raises(CannotRun, match=r"^Redis has ended \(SIGKILL\)\.$"):
        crew.wait("It starts", never)


def test_even_a_good_end_is_not_what_a_server_is_for(crew):
    crew.start("Redis", ("true",), os.environ)
    with pytest.raises(CannotRun, match="exit status 0"):
        crew.wait("It starts", never)


def test_what_does_not_come_is_given_up(crew):
    crew.start("TorchServe", FOREVER, os.environ)
    with pytest.raises(CannotRun, match=r"^Gave up after 0 s: The model is loaded\.$"):
        crew.wait("The model is loaded", never, patience_s=0)


def test_a_signal_ends_the_waiting(crew):
    crew.start("TorchServe", FOREVER, os.environ)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped):
        crew.wait("The model is loaded", never)


def test_a_task_that_ends_well_returns(crew):
    assert crew.run("Archive", ("echo", "built"), os.environ, "It is built").last_words() == ["built"]
    crew.look_after()


def test_a_task_that_fails_is_named_with_its_last_words(crew):
    with pytest.raises(CannotRun, match=r"^Archive failed\.$") as caught:
        crew.run("Archive", ("sh", "-c", "echo the weights are damaged; exit 1"), os.environ, "It is built")
    assert caught.value.said == ["the weights are damaged"]


def test_the_last_to_come_is_the_first_to_go(tmp_path):
    trap = f"trap 'echo %s >> {tmp_path}/order; exit' TERM; echo ready; while :; do sleep 0.1; done"
    with Signals() as signals, Crew(tmp_path, signals, Report(Console(file=StringIO()))).on_duty() as crew:
        children = [
            crew.start(name, ("sh", "-c", trap % name), os.environ) for name in ("Redis", "TorchServe", "Proxy")
        ]
        eventually(lambda: all(child.last_words() for child in children))
    assert (tmp_path / "order").read_text().split() == ["Proxy", "TorchServe", "Redis"]
    assert all(child.status is not None for child in children)
