"""`rematte up` as users run it: a process of its own, with its state in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.eventually import eventually

_CHECKOUT = Path(__file__).parents[2]


class RunningUp:
    def __init__(self, home: Path, port: int, **settings: str) -> None:
        number = len(list(home.glob("output-*")))
        self._output, self._errors = output, errors = home / f"output-{number}", home / f"errors-{number}"
        self.port = port
        with output.open("w") as out, errors.open("w") as err:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "proxy.cli", "up", "--home", str(home)),
                cwd=home,  # a folder without a `.env`
                env=_environment({"port": str(port)} | settings),
                stdout=out,
                stderr=err,
            )

    def wait_until_ready(self) -> None:
        eventually(self._is_ready, seconds=180)

    def children(self) -> dict[str, int]:
        """The process numbers of those it has started, by what they run."""
        command = ("ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid))
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        return {_name(line): int(line.split()[0]) for line in lines}

    def end(self) -> tuple[int, str, str]:
        """Exit status, output and errors."""
        status = self.process.wait(60)
        return status, self._output.read_text(), self._errors.read_text()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.end()
        return "\nReady " in self._output.read_text()


@contextmanager
def running_up(home: Path, port: int, **settings: str) -> Iterator[RunningUp]:
    """On its way. `torchserve_url=...` is REMATTE_TORCHSERVE_URL, and so on."""
    up = RunningUp(home, port, **settings)
    try:
        yield up
    finally:
        up.process.terminate()
        up.process.wait(60)


def _environment(settings: dict[str, str]) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("REMATTE_")}
    ours = {f"REMATTE_{name.upper()}": value for name, value in settings.items()}
    return others | ours | {"PYTHONPATH": str(_CHECKOUT)}


def _name(process: str) -> str:
    names = {"redis-server": "Redis", "ModelServer": "TorchServe", "proxy.cli serve": "Proxy"}
    return next((name for word, name in names.items() if word in process), process)
