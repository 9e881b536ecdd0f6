"""`python -m benchmarks` measures, prints, and writes docs/benchmarks.md; `--quick` only prints, and is rough."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress

from benchmarks import archives, servers
from benchmarks.beside_triton import beside_triton
from benchmarks.cached import cached
from benchmarks.cutouts import cutouts
from benchmarks.distant import distant
from benchmarks.equal import equal
from benchmarks.field import FULL, QUICK, Effort, Field
from benchmarks.files import files
from benchmarks.load import generator
from benchmarks.memory import memory
from benchmarks.missed import missed
from benchmarks.recalled import recalled
from benchmarks.redis_faults import redis_faults
from benchmarks.report import machine, page
from benchmarks.runtimes import runtimes
from benchmarks.torchserve_faults import shed, torchserve_faults
from model_serving.weights import SHIPPED

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


SCENARIOS = (
    *(cached, beside_triton, missed, equal, distant, recalled, cutouts),
    *(redis_faults, torchserve_faults, shed, memory),
    *(runtimes, files),
)


def measure(effort: Effort, weights: Path) -> str:
    """The page, after a run with the small variant's `weights`."""
    where = machine()
    with _field(effort, weights) as field:
        return page(where, [scenario(field) for scenario in SCENARIOS])


@contextmanager
def _field(effort: Effort, weights: Path) -> Iterator[Field]:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        starting = progress.add_task("archives, TorchServe, Redis", total=None)
        archives.fill(Path(folder), weights)
        backend = stack.enter_context(servers.torchserve(Path(folder)))
        redis_url = stack.enter_context(servers.redis())
        progress.remove_task(starting)
        yield Field(backend, redis_url, stack.enter_context(generator()), effort, progress)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no page")
    quick = parser.parse_args().quick
    text = measure(QUICK if quick else FULL, SHIPPED)
    print(text)
    if not quick:
        _PAGE.write_text(text)


if __name__ == "__main__":
    main()
