"""`python -m benchmarks.hundred` measures, prints, and writes docs/model-benchmark.md and its plot."""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import Progress

from benchmarks.hundred.album import COUNT, album
from benchmarks.hundred.entrant import Entrant
from benchmarks.hundred.plot import plot
from benchmarks.hundred.sitting import CALLERS, STAGES, Sitting, sit
from benchmarks.report import Table, machine, mebibytes

_DOCS = Path(__file__).parents[2] / "docs"
_QUICK_COUNT = 5
ENTRANTS = (
    Entrant("small"),
    Entrant("small", precision="equal"),
    Entrant("small", "torch", "equal"),
    Entrant("small", batch=8),
    Entrant("fast"),
)

_ABOUT = f"""\
Each row is an archive of its own in a TorchServe of its own, behind a proxy without Redis: {COUNT} different pictures
of 0.05 to 12 megapixels (four of scikit-image's photos in 25 sizes; JPEG, WebP and PNG), first one at a time, then by
{CALLERS} callers at once in front of a fresh proxy. Every picture is new and every answer a mask of its size. `fast`
has random weights: it takes as long, and its masks mean nothing.

*Start*: from nothing to a worker that is READY, its warm-up picture included. *First*: the first request after that,
1024 x 768. *p50*, *p99*: one at a time, from the first byte sent to the last received. *Pictures/s*: {CALLERS}
callers."""
_STAGES_ABOUT = """\
Medians in milliseconds, one picture at a time, as `Server-Timing` tells them. *Pixels*: whether the proxy knows the
picture in another file, for which it decodes what is no JPEG. *Transfer* is what is left of the inference's time after
the handler's three parts: to TorchServe and its worker, and back. The last columns are of the second half, with all
callers: processors kept busy by worker and proxy together, the GPU's share, and the most memory that either held
(TorchServe's Java is not in it)."""
_SLOWEST_ABOUT = "The picture that took longest one at a time, in milliseconds: what the 99th percentile is made of."


def page(where: str, sittings: Sequence[Sitting], pictures: Sequence[bytes]) -> str:
    head = "# A hundred pictures\nWritten by `make bench-model`.\n"
    plotted = "![The way of a new image, by stages](images/model-benchmark.svg)\n"
    tables = _speed(sittings).markdown(), plotted, _stages(sittings).markdown(), _slowest(sittings, pictures).markdown()
    return "\n".join([head, where, *tables])


def _speed(sittings: Sequence[Sitting]) -> Table:
    columns = ("model", "build s", "start s", "first ms", "p50 ms", "p99 ms", "pictures/s")
    rows = [
        (
            sitting.entrant.name,
            *(f"{seconds:.1f}" for seconds in (sitting.build_s, sitting.cold_start_s)),
            *(f"{1000 * seconds:.0f}" for seconds in (sitting.first_s, *sitting.alone)),
            f"{sitting.rate:.2f}",
        )
        for sitting in sittings
    ]
    return Table("Speed", _ABOUT, columns, rows)


def _stages(sittings: Sequence[Sitting]) -> Table:
    columns = ("model", *STAGES, "cores", "GPU", "worker", "proxy")
    rows = [
        (
            sitting.entrant.name,
            *(f"{1000 * sitting.stage(stage):.1f}" for stage in STAGES),
            f"{sitting.usage.cores:.2f}",
            "none" if sitting.usage.gpu is None else f"{sitting.usage.gpu:.0%}",
            mebibytes(sitting.usage.worker_peak_bytes),
            mebibytes(sitting.usage.proxy_peak_bytes),
        )
        for sitting in sittings
    ]
    return Table("Where the time goes", _STAGES_ABOUT, columns, rows)


def _slowest(sittings: Sequence[Sitting], pictures: Sequence[bytes]) -> Table:
    rows = [
        (
            sitting.entrant.name,
            _told(pictures[sitting.slowest]),
            f"{1000 * sitting.alone_s[sitting.slowest]:.0f}",
            *(f"{1000 * sitting.stages[sitting.slowest].get(stage, 0.0):.0f}" for stage in STAGES),
        )
        for sitting in sittings
    ]
    return Table("The slowest picture", _SLOWEST_ABOUT, ("model", "picture", "all", *STAGES), rows)


def _told(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as opened:
        return f"{opened.format}, {opened.width} x {opened.height}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hundred", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_COUNT} pictures, and no page")
    quick = parser.parse_args().quick
    where = machine()
    pictures = list(album(_QUICK_COUNT if quick else COUNT))
    with Progress(console=Console(stderr=True)) as progress:
        sittings = [sit(one, pictures) for one in progress.track(ENTRANTS, description="a hundred pictures")]
    text = page(where, sittings, pictures)
    print(text)
    if not quick:
        (_DOCS / "model-benchmark.md").write_text(text)
        plot(sittings, _DOCS / "images" / "model-benchmark.svg")


if __name__ == "__main__":
    main()
