"""What a miss costs on top of the inference."""

from collections.abc import Sequence
from itertools import islice
from statistics import median

from benchmarks import servers
from benchmarks.archives import NOOP, NOOP_SMALL, SHIPPED
from benchmarks.field import Field
from benchmarks.load import MISS, Door
from benchmarks.pictures import Size, copies, photo
from benchmarks.report import Table, kilobytes, middle_and_tail, milliseconds

_FILE_BYTES = 300_000
_ABOUT = """\
One request at a time, each image never seen before: through the proxy (`POST /v1/mask`, head start `auto`), then the
same bytes to the same TorchServe and worker directly, and so on in turns. `noop` does nothing and returns a mask of
1024 x 768, the size that the variant `base` makes for this image: what is left is the way there and back.
`noop-small` returns 384 x 216 for a picture of 1920 x 1080: the proxy scales it to two megapixels and encodes a new
PNG, which TorchServe's own answer leaves to the caller, so no bar is set. `inspyrenet` is the shipped model, whose
mask the proxy scales too; with `?size=model` it sends it as TorchServe does, which leaves what the race itself costs.
*Bare relay* is the same ratio for the least that can stand in between: an ASGI application on the same uvicorn that
reads the body, writes it to a kept connection to TorchServe and hands its answer back. It looks nothing up, looks at
no image, scales nothing and keeps nothing."""


def missed(field: Field) -> Table:
    rows = [
        _row(field, (1024, 768), NOOP, field.effort.turns, "≤ 1.30"),
        _row(field, (1920, 1080), NOOP_SMALL, field.effort.turns, ""),
        _row(field, (1024, 768), SHIPPED, field.effort.slow_turns, "≤ 1.02"),
        _row(field, (1024, 768), SHIPPED, field.effort.slow_turns, "", "?size=model"),
    ]
    columns = ("image", "model", "proxy p50 ms", "p99 ms", "direct p50 ms", "p99 ms", "p50 ratio", "bare relay", "bar")
    return Table("A new image", _ABOUT, columns, rows)


def _row(field: Field, size: Size, model: str, turns: int, bar: str, asked: str = "") -> Sequence[str]:
    picture = photo(size, _FILE_BYTES)
    with field.proxy(model) as proxy, servers.relay(field.backend, model) as bare:
        doors = [Door(proxy.port, f"/v1/mask{asked}", MISS), field.direct(model), Door(bare.port, "/")]
        ours, direct, floor = field.take_turns(f"new, {model}", doors, list(islice(copies(picture), turns)))
    image = f"{size[0]} x {size[1]}, {kilobytes(len(picture))}"
    latencies = (milliseconds(figure) for seconds in (ours, direct) for figure in middle_and_tail(seconds))
    ratios = (f"{median(seconds) / median(direct):.3f}" for seconds in (ours, floor))
    return image, f"{model}, `{asked}`" if asked else model, *latencies, *ratios, bar
