from pathlib import Path
from xml.etree import ElementTree

from benchmarks.hundred.plot import plot
from tests.benchmarks.hundred.sittings import sitting


def test_every_entrant_has_its_bar(tmp_path: Path):
    plot([sitting(batch) for batch in (1, 4)], tmp_path / "plot.svg")
    drawn = ElementTree.parse(tmp_path / "plot.svg")
    assert drawn.getroot().tag.endswith("svg")
    comments = (tmp_path / "plot.svg").read_text()
    assert "small, auto auto, batch 1" in comments
    assert "small, auto auto, batch 4" in comments
