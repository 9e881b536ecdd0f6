from pathlib import Path
from typing import Any

import pytest

from model_serving.datasets.errors import DataError
from model_serving.datasets.wanted import read_wanted

SHA = "0" * 64


def test_a_folder_of_ones_own_is_a_name_and_a_place():
    (mine,) = read_wanted([{"name": "mine", "from": "~/pictures"}])
    assert (mine.layout, mine.places[0].path) == ("folder", Path("~/pictures").expanduser())


def test_the_name_of_a_known_set_is_its_layout():
    (duts,) = read_wanted([{"name": "DUTS", "from": ["DUTS-TR.zip", {"from": "DUTS-TE.zip", "md5": "0" * 32}]}])
    assert duts.layout == "DUTS"
    assert [place.checksum for place in duts.places] == [None, ("md5", "0" * 32)]


def test_so_is_the_layout_of_a_known_part_so_that_a_published_test_set_is_never_trained_on():
    wanted = read_wanted([{"name": name, "from": name} for name in ("DUTS-TE", "HRSOD-TR", "DIS-TE4")])
    assert [one.layout for one in wanted] == ["DUTS", "HRSOD", "DIS5K"]


@pytest.mark.parametrize(("name", "layout"), [("ecssd", "ECSSD"), ("Duts-te", "DUTS"), ("Composites", "composites")])
def test_upper_and_lower_case_of_a_known_name_are_one(name: str, layout: str):
    place = {} if layout == "composites" else {"from": name}
    assert read_wanted([{"name": name, **place}])[0].layout == layout


def test_a_known_layout_may_have_any_name():
    assert read_wanted([{"name": "ours", "layout": "DIS5K", "from": "DIS5K"}])[0].layout == "DIS5K"


def test_a_checksum_beside_a_url_is_the_urls():
    (one,) = read_wanted([{"name": "far", "from": "https://example.org/far.zip", "sha256": SHA.upper()}])
    assert one.places[0].is_url
    assert one.places[0].checksum == ("sha256", SHA)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (None, "must be a list of data sets"),
        ([], "must be a list of data sets"),
        (["DUTS"], "number 1: must be a mapping with a name"),
        ([{"from": "x"}], "name: Field required"),
        ([{"name": "../x", "from": "x"}], "name: String should match pattern"),
        ([{"name": "mine"}], "mine: `from` is missing"),
        ([{"name": "mine", "from": 5}], "mine: from.0"),
        ([{"name": "mine", "from": "x", "fro": "y"}], "mine: fro: Extra inputs are not permitted"),
        ([{"name": "mine", "from": "x", "layout": "COCO"}], "there is no layout COCO: choose from DUTS, "),
        ([{"name": "mine", "from": "https://example.org/x.zip"}], "needs its sha256 or md5"),
        ([{"name": "mine", "from": "ftp://example.org/x.zip", "sha256": SHA}], "is no http or https URL"),
        ([{"name": "mine", "from": "x.zip", "sha256": "abc"}], "sha256: String should match pattern"),
        ([{"name": "mine", "from": ["x.zip", "y.zip"], "sha256": SHA}], "each has its own checksum"),
        ([{"name": "mine", "from": "x", "images": "*.jpg"}], "`images` and `masks` come together"),
        ([{"name": "ECSSD", "from": "x", "images": "a", "masks": "b"}], "only in the layout `folder`"),
        ([{"name": "mine", "from": "x", "images": "*/a", "masks": "b"}], "a pattern has one \\*"),
        ([{"name": "mine", "from": "x", "held_out": 1.5}], "held_out: Input should be less than"),
        ([{"name": "composites", "from": "x"}], "composites are made"),
        ([{"name": "a", "from": "x"}, {"name": "A", "from": "y"}], "two are called A"),
    ],
)
def test_what_is_wrong_with_an_entry_is_told_in_one_line(entries: Any, message: str):
    with pytest.raises(DataError, match=message) as told:
        read_wanted(entries)
    assert str(told.value).startswith("datasets: ")
    assert "\n" not in str(told.value)
