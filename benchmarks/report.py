"""Tables, and the page that they make with a description of the machine."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

import psutil  # type: ignore[import-untyped]

_LIBRARIES = (
    *("uvicorn", "httptools", "uvloop", "fastapi", "httpx", "redis", "hiredis"),
    *("xxhash", "blake3", "pillow", "torch", "timm", "openvino", "torchserve"),
)

_HOW_TO_READ = """\
# Benchmarks
Written by `make bench` (`.venv/bin/python -m benchmarks --quick` prints a rough version sooner, and writes nothing).
Absolute figures belong to one machine, whose cores the load generator, the proxy, Redis and TorchServe share. What can
be carried elsewhere are the ratios: all that stands in one table was measured in one run, in turns. The generator is a
process of its own that writes prebuilt requests to raw sockets on loopback, and refuses to time an answer that is not
what its row says: a miss among the hits ends the run.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """`about` says what was done; the cells are ready to read."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"## {self.title}\n{self.about}\n\n{table}\n"


def page(machine: str, tables: Sequence[Table]) -> str:
    return "\n".join([_HOW_TO_READ, machine, *(table.markdown() for table in tables)])


def machine() -> str:
    """A paragraph: when, and on what. Ask before the run, which makes a load of its own."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        "## The machine\n"
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {_processor()}, {os.cpu_count()} cores, {memory:.1f} GiB of memory; "
        f"{platform.system()} {platform.release()}; load average before the run {os.getloadavg()[0]:.1f}.\n"
        f"Python {platform.python_version()}; {libraries}.\n"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def middle_and_tail(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99."""
    return median(seconds), quantiles(seconds, n=100, method="inclusive")[98]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def peak_bytes(process: int | str = "self") -> int:
    """The most memory that a process has held: `VmHWM` of proc(5)."""
    return int(Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def kilobytes(size: int) -> str:
    return f"{size / 1000:.0f} kB"


def mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
