from pathlib import Path

import pytest
from rich.console import Console

from model_serving.datasets.errors import DataError
from model_serving.datasets.pairing import LeftOut
from model_serving.datasets.preprocessing import Prepared, prepare, write_left_out
from model_serving.datasets.summary import counts, reasons
from model_serving.datasets.wanted import Ingested
from tests.model_serving.datasets.files import mask, pairs, picture


def own(root: Path, name: str = "mine", layout: str = "folder") -> Ingested:
    return Ingested(name=name, layout=layout, roots=(root,))


def by_source(done: Prepared) -> dict[tuple[str, str], int]:
    sides = [(pair.source, pair.split) for pair in done.pairs]
    return {side: sides.count(side) for side in set(sides)}


def test_every_source_is_split_and_the_test_sets_are_not(tmp_path: Path):
    pairs(tmp_path / "DUTS", "abcdefgh", "DUTS-TR-Image", "DUTS-TR-Mask")
    pairs(tmp_path / "DUTS", "abc", "DUTS-TE-Image", "DUTS-TE-Mask", first=20)
    pairs(tmp_path / "mine", "abcdefgh", first=40)
    done = prepare([own(tmp_path / "DUTS", "DUTS", "DUTS"), own(tmp_path / "mine")], share=0.3, seed=1)
    found = by_source(done)
    assert found["DUTS-TE", "held-out"] == 3
    assert ("DUTS-TE", "train") not in found
    assert found["DUTS-TR", "train"] + found["DUTS-TR", "held-out"] == 8
    assert found["mine", "train"] + found["mine", "held-out"] == 8
    assert done.left_out == []


def test_what_does_not_fit_is_left_out_and_told(tmp_path: Path):
    pairs(tmp_path, "abcd")
    picture(tmp_path / "images/lonely.png", 30)
    mask(tmp_path / "masks/b.png", salient=0)
    mask(tmp_path / "masks/c.png", (5, 5))
    (tmp_path / "images/again.png").write_bytes((tmp_path / "images/a.png").read_bytes())
    mask(tmp_path / "masks/again.png")
    done = prepare([own(tmp_path)], share=0.0, seed=1)
    assert [pair.image.name for pair in done.pairs] == ["a.png", "d.png"]
    assert {one.file.name: one.reason.partition(":")[0] for one in done.left_out} == {
        "lonely.png": "no mask of this name",
        "b.png": "empty mask",
        "c.png": "sizes differ",
        "again.png": "same picture",
    }


def test_nothing_left_is_told_with_the_first_reason(tmp_path: Path):
    pairs(tmp_path, "a")
    mask(tmp_path / "masks/a.png", salient=1)
    with pytest.raises(DataError, match=r"no pair can be used, of 1 files left out; the first: .*a\.png: empty mask"):
        prepare([own(tmp_path)], share=0.1, seed=1)
    (tmp_path / "images/a.png").unlink()
    (tmp_path / "masks/a.png").unlink()
    with pytest.raises(DataError, match="no pictures: the folders are there and empty"):
        prepare([own(tmp_path)], share=0.1, seed=1)


def test_the_list_of_files_left_out_has_their_reasons(tmp_path: Path):
    write_left_out(tmp_path / "left-out.csv", [LeftOut(Path("/a, b.png"), "mine", "sizes differ: 1 and 2")])
    assert (tmp_path / "left-out.csv").read_text() == 'file,source,reason\n"/a, b.png",mine,sizes differ: 1 and 2\n'


def test_the_summary_counts_pairs_and_reasons(tmp_path: Path):
    done = prepare([own(pairs(tmp_path, "abcd"))], share=0.0, seed=1)
    left_out = [LeftOut(Path(f"{n}.png"), "[odd]", f"sizes differ: {n}") for n in range(1200)]
    console = Console(record=True, width=80)
    console.print(counts(done.pairs, left_out))
    console.print(reasons(left_out))
    rows = [" ".join(line.replace("│", " ").split()) for line in console.export_text().splitlines()]
    assert "mine 4 0 0" in rows
    assert "[odd] 0 0 1,200" in rows
    assert "sizes differ 1,200" in rows
