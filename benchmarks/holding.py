"""What a server holds, to be compared before and after: whatever has grown has leaked."""

from dataclasses import dataclass
from typing import Self

import psutil  # type: ignore[import-untyped]

from benchmarks.servers import Served

MEMORY_TIER = 4 * 2**20
FAREWELL_S = 2.0
"""For the proxy to notice that all have left."""
MOST_GROWTH = 1.05
MOST_NEW_FILES = 8
"""Open files that may come and go: connections to Redis and TorchServe are made when they are needed."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Bytes of resident memory, open files of every kind, and connections of callers that are not closed."""

    resident: int
    files: int
    callers: int

    @classmethod
    def of(cls, server: Served) -> Self:
        process = psutil.Process(server.pid)
        connections = process.net_connections(kind="tcp")
        callers = sum(it.laddr.port == server.port and it.status != psutil.CONN_LISTEN for it in connections)
        return cls(process.memory_info().rss, process.num_fds(), callers)

    def __str__(self) -> str:
        return f"{self.resident / 2**20:.1f} MiB resident, {self.files} open files, {self.callers} callers"


def leaks(before: Holding, after: Holding) -> list[str]:
    """What is wrong when all callers have left, one line each."""
    faults = []
    if after.resident > MOST_GROWTH * before.resident:
        faults.append(f"resident memory grew by {after.resident / before.resident - 1:.1%}")
    if after.files > before.files + MOST_NEW_FILES:
        faults.append(f"{after.files - before.files} more files are open")
    if after.callers:
        faults.append(f"{after.callers} connections of callers who have left are still held")
    return faults
