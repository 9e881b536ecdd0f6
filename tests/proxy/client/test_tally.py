from io import StringIO
from pathlib import Path

from rich.console import Console

from proxy.client import Errand, Outcome, Tally

ERRAND = Errand(Path("in/[cat].jpg"), Path("out/[cat].png"))


def test_every_picture_has_a_line_and_the_end_a_sum():
    screen = StringIO()
    with Tally(Console(file=screen, width=20), 3) as tally:
        tally.tell(Outcome(ERRAND, 0.0123, "hit (memory)"))
        tally.tell(Outcome(ERRAND, 1.5, "miss"))
        tally.tell(Outcome(ERRAND, 0.002, trouble="This is no picture."))
    lines = screen.getvalue().splitlines()
    assert lines[:3] == [
        "in/[cat].jpg  hit (memory)  12 ms  out/[cat].png",
        "in/[cat].jpg  miss  1500 ms  out/[cat].png",
        "in/[cat].jpg  failed  2 ms  This is no picture.",
    ]
    assert lines[3].startswith("hits: 1, misses: 1, failures: 1, ")
    assert tally.failures == 1


def test_where_nothing_was_done_nothing_is_summed_up():
    screen = StringIO()
    with Tally(Console(file=screen), 3):
        pass
    assert screen.getvalue() == ""
