"""What equal requests at the same moment cost together."""

from collections.abc import Sequence
from statistics import median

from benchmarks.archives import NOOP, SHIPPED
from benchmarks.field import Field
from benchmarks.load import Door
from benchmarks.pictures import copies, photo
from benchmarks.report import Table, milliseconds

EQUAL = 32
_ABOUT = f"""\
{EQUAL} connections send the same new image (1024 x 768, 300 kB) at the same moment; medians of all rounds. TorchServe
itself counts the inferences."""


def equal(field: Field) -> Table:
    columns = ("model", "inferences", f"all {EQUAL} answers, ms", "a lone answer, ms")
    return Table("Equal images at once", _ABOUT, columns, [_row(field, model) for model in (NOOP, SHIPPED)])


def _row(field: Field, model: str) -> Sequence[str]:
    fresh = copies(photo((1024, 768), 300_000))
    together, lone, inferences = [], [], set()
    with field.proxy(model) as proxy:
        door = Door(proxy.port, "/v1/mask")
        for _ in field.rounds(f"equal, {model}"):
            lone.append(field.rush(door, [next(fresh)]).wall)
            before = field.backend.inferences(model)
            together.append(field.rush(door, [next(fresh)] * EQUAL).wall)
            inferences.add(field.backend.inferences(model) - before)
    counted = " or ".join(map(str, sorted(inferences)))
    return model, counted, milliseconds(median(together)), milliseconds(median(lone))
