"""What preprocessing tells on the terminal: how many pairs of each source, and why files were left out."""

from collections import Counter
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from model_serving.datasets.manifest import HELD_OUT, TRAIN, Pair
from model_serving.datasets.pairing import LeftOut


def counts(pairs: Sequence[Pair], left_out: Sequence[LeftOut]) -> Table:
    """A row for each source."""
    sides = Counter((pair.source, pair.split) for pair in pairs)
    missing = Counter(one.source for one in left_out)
    table = _table("source", "train", "held-out", "files left out")
    for source in sorted({pair.source for pair in pairs} | set(missing)):
        _row(table, source, sides[source, TRAIN], sides[source, HELD_OUT], missing[source])
    return table


def reasons(left_out: Sequence[LeftOut]) -> Table:
    """A row for each kind of reason, the commonest first."""
    table = _table("left out because of", "files")
    for kind, number in Counter(one.reason.partition(":")[0] for one in left_out).most_common():
        _row(table, kind, number)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _row(table: Table, name: str, *numbers: int) -> None:
    table.add_row(escape(name), *(f"{number:,}" for number in numbers))
