from pathlib import Path
from xml.etree import ElementTree

from benchmarks.hundred.entrant import Entrant
from benchmarks.hundred.plot import plot
from benchmarks.hundred.sitting import Sitting
from benchmarks.hundred.usage import Usage


def test_every_entrant_has_its_bar(tmp_path: Path):
    usage = Usage(cores=1.5, gpu=None, worker_peak_bytes=2**30, proxy_peak_bytes=2**27)
    stages = ({"network": 0.1, "decode": 0.02}, {"network": 0.2})
    sittings = [
        Sitting(Entrant("small", batch=batch), 1.0, 5.0, 0.2, (0.1, 0.2), stages, 0.3, usage) for batch in (1, 4)
    ]
    plot(sittings, tmp_path / "plot.svg")
    drawn = ElementTree.parse(tmp_path / "plot.svg")
    assert drawn.getroot().tag.endswith("svg")
    comments = (tmp_path / "plot.svg").read_text()
    assert "small, auto auto, batch 1" in comments
    assert "small, auto auto, batch 4" in comments
