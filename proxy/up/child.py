"""One process that never outlives us, nor do the processes that it starts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

_TIED = str(Path(__file__).with_name("tied.py"))
_TICK_S = 0.05


class Child:
    """A process in a session of its own, so that a Ctrl-C in the terminal reaches us alone; all it says is in `log`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def start(cls, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Self:
        """Raises OSError when the log cannot be written."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", _TIED, str(os.getpid()), *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def last_words(self, lines: int = 8) -> list[str]:
        """The end of what it said."""
        said = self.log.read_text(errors="replace").splitlines()
        return [line for line in said if line.strip()][-lines:]

    def stop(self, patience_s: float, rest: Callable[[float], bool]) -> None:
        """Asks; after `patience_s`, or as soon as `rest` says that somebody is impatient, kills all that is left."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + patience_s
        while self.status is None and time.monotonic() < deadline and not rest(_TICK_S):
            pass
        # The group may outlive its leader: TorchServe's workers do when Java is killed.
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
