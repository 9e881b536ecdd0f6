import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from model_serving.evaluation.report import by_source, tables, write_report
from model_serving.evaluation.score import MEASURES, Score, measure

PAGE = Image.new("RGB", (8, 8))


def scored(source: str, name: str, right: int) -> Score:
    truth, found = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.float32)
    truth[:, :5] = 1.0
    found[:, :right] = 1.0
    return measure(source, name, found, truth)


def printed(scores: list[Score]) -> str:
    page = io.StringIO()
    Console(width=120, file=page).print(*tables(scores), sep="\n")
    return page.getvalue()


def test_scores_are_told_by_source_in_the_order_of_the_sources():
    scores = [scored("b", "1", 5), scored("a", "2", 5), scored("b", "3", 4)]
    assert {source: [score.name for score in found] for source, found in by_source(scores).items()} == {
        "b": ["1", "3"],
        "a": ["2"],
    }
    assert list(by_source(scores)) == ["b", "a"]


def test_the_table_shows_mean_median_and_the_worse_end_of_each_measure():
    text = printed([scored("photos", str(right), right) for right in (5, 5, 3)])
    assert "photos: 3 pictures" in text
    iou = next(line for line in text.splitlines() if " iou " in line)
    assert [cell.strip() for cell in iou.split("│")[2:5]] == ["0.867", "1.000", "0.680"]
    mae = next(line for line in text.splitlines() if " mae " in line)
    assert [cell.strip() for cell in mae.split("│")[2:5]] == ["0.067", "0.000", "0.160"], "of an error, the high end"


def test_beside_the_papers_numbers_where_it_has_some():
    text = printed([scored("ECSSD", "1", 5)])
    assert "ECSSD: beside the paper" in text
    swin = next(line for line in text.splitlines() if "SwinB" in line)
    assert [cell.strip() for cell in swin.split("│")[4:8]] == ["0.949", "0.960", "0.023", "–"]
    assert "beside the paper" not in printed([scored("photos", "1", 5)])


def test_a_row_for_each_picture_and_the_means_are_left_in_files(tmp_path: Path):
    write_report(
        tmp_path / "new" / "folder", "mine.safetensors", [scored("mine", "1", 5), scored("mine", "2", 3)], PAGE
    )
    folder = tmp_path / "new" / "folder"
    with (folder / "scores.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["name"] for row in rows] == ["1", "2"]
    assert rows[1].keys() == {"source", "name", *MEASURES}
    assert rows[1]["iou"] == "0.60000"
    told = json.loads((folder / "scores.json").read_text())
    assert told["weights"] == "mine.safetensors"
    assert told["sources"]["mine"]["pictures"] == 2
    assert told["sources"]["mine"]["iou"] == pytest.approx(0.8)
    with Image.open(folder / "sheet.png") as page:
        assert page.size == PAGE.size


def test_nothing_half_written_is_left(tmp_path: Path):
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(OSError, match=r"scores\.csv"):
        write_report(tmp_path, "mine.safetensors", [scored("mine", "1", 5)], PAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]
