"""What `rematte up` tells whoever started it: a line for each thing done, and on a terminal what is going on."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Report:
    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Shown with the seconds that it takes, and gone when it is over; a pipe or a file gets nothing of it."""
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as bar:
            bar.add_task(what, total=None)
            yield

    def line(self, name: str, text: str) -> None:
        self._console.print(f"{name:<11}{text}", markup=False, highlight=False, soft_wrap=True)
