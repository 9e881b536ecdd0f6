"""Progress on a terminal; nothing but the last state where there is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

_CONSOLE = Console(stderr=True)


@contextmanager
def bytes_bar(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Gives what takes the bytes done, and those of the whole where they are known."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, whole: progress.update(task, completed=done, total=whole)


@contextmanager
def count_bar(title: str, whole: int) -> Iterator[Callable[[], None]]:
    """Gives what is called for each of `whole` things that is done."""
    with Progress(console=_CONSOLE) as progress:
        task = progress.add_task(title, total=whole)
        yield lambda: progress.advance(task)
