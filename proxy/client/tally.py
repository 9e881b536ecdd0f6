"""What the person at the terminal sees of the errands: a bar while they run, a line for each, a sum at the end."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from proxy.client.sending import Outcome


class Tally:
    """Counts outcomes; the bar is there while it is entered, and only on a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("pictures", total=total)
        self._console = console
        self._began = time.monotonic()
        self.hits = self.misses = self.failures = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        seconds = time.monotonic() - self._began
        if self.hits + self.misses + self.failures:
            self._say(f"hits: {self.hits}, misses: {self.misses}, failures: {self.failures}, {seconds:.1f} s")

    def tell(self, outcome: Outcome) -> None:
        source, milliseconds = outcome.errand.source, f"{outcome.seconds * 1000:.0f} ms"
        if outcome.trouble:
            self.failures += 1
            self._say(f"{source}  failed  {milliseconds}  {outcome.trouble}")
        else:
            self.hits += outcome.found.startswith("hit")
            self.misses += outcome.found.startswith("miss")
            self._say(f"{source}  {outcome.found}  {milliseconds}  {outcome.errand.target}")
        self._bar.advance(self._task)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
