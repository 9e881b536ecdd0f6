"""Whether the proxy stays as small as its memory tier promises."""

from itertools import islice

from benchmarks.archives import NOOP
from benchmarks.field import Field
from benchmarks.load import MISS, Door
from benchmarks.pictures import copies, photo
from benchmarks.report import Table, mebibytes

_TIER = 8 * 2**20
_ABOUT = f"""\
Resident memory of the proxy after so many different images of 640 x 480, 60 kB. They overflow its memory tier, which is
limited to {mebibytes(_TIER)} here (`REMATTE_MEMORY_BYTES`)."""


def memory(field: Field) -> Table:
    fresh = copies(photo((640, 480), 60_000))
    quarter = field.effort.distinct // 4
    with field.proxy(NOOP, memory_bytes=str(_TIER)) as proxy:
        door = Door(proxy.port, "/v1/mask", MISS)
        rows = [("none", mebibytes(proxy.resident_bytes))]
        for turn in range(1, 5):
            field.take_turns(f"memory, {turn} of 4", [door], list(islice(fresh, quarter)))
            rows.append((f"{turn * quarter:,}", mebibytes(proxy.resident_bytes)))
    return Table("Memory", _ABOUT, ("images", "resident"), rows)
