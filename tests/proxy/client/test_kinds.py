import json
from pathlib import Path

import httpx
import pytest

from proxy.client import BadErrand, Door, Errand, cutouts, lies_beside, masks, plan, suffix_of
from tests.proxy.api.house import house
from tests.proxy.imaging.pictures import corners, file_of


def photo(folder: Path) -> Path:
    path = folder / "photos" / "cat.jpg"
    path.parent.mkdir()
    path.write_bytes(file_of(corners(), "JPEG"))
    return path


async def fetched(errand: Errand, name: str) -> bytes:
    async with house() as it:
        outcome = await Door(it.client, masks(name)).send(errand)
    assert outcome.trouble is None
    return errand.target.read_bytes()


async def test_labelmes_files_lie_beside_their_pictures_and_name_them(tmp_path: Path):
    (errand,) = plan([photo(tmp_path)], None, suffix_of("labelme"))
    document = json.loads(await fetched(errand, "labelme"))
    assert errand.target == tmp_path / "photos" / "cat.json"
    assert (document["imagePath"], document["imageWidth"], document["imageHeight"]) == ("cat.jpg", 48, 32)


async def test_in_another_folder_they_name_the_way_to_the_picture(tmp_path: Path):
    (errand,) = plan([photo(tmp_path)], tmp_path / "out", suffix_of("labelme"))
    assert json.loads(await fetched(errand, "labelme"))["imagePath"] == "../photos/cat.jpg"


async def test_other_formats_are_written_as_they_come(tmp_path: Path):
    (errand,) = plan([photo(tmp_path)], tmp_path / "out", suffix_of("yolo"))
    assert (await fetched(errand, "yolo")).startswith(b"0 0.000000 0.000000 1.000000 ")
    assert errand.target.name == "cat.txt"


@pytest.mark.parametrize(("name", "beside"), [("labelme", True), ("yolo", True), ("webp", False), ("png1", False)])
def test_what_is_a_picture_needs_a_folder_of_its_own(name: str, beside: bool):
    assert lies_beside(name) is beside


@pytest.mark.parametrize(
    ("name", "file", "signature"),
    [
        ("png", "cat.png", b"\x89PNG"),
        ("webp", "cat.webp", b"RIFF"),
        ("jpeg", "cat.jpg", b"\xff\xd8"),
        ("zip", "cat.zip", b"PK"),
    ],
)
async def test_cutouts_too_come_in_every_format(tmp_path: Path, name: str, file: str, signature: bytes):
    kind, suffix = cutouts(name)
    (errand,) = plan([photo(tmp_path)], tmp_path / "out", suffix)
    async with house() as it:
        outcome = await Door(it.client, kind).send(errand)
    assert (outcome.trouble, errand.target.name) == (None, file)
    assert errand.target.read_bytes().startswith(signature)


def test_a_format_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(BadErrand, match=r"^--format gif: there is no such format; these are: png, webp, "):
        masks("gif")
    with pytest.raises(BadErrand, match=r"^--format auto: there is no such format; these are: png, webp, "):
        cutouts("auto")


async def test_an_answer_in_another_format_is_trouble(tmp_path: Path):
    (errand,) = plan([photo(tmp_path)], None, suffix_of("labelme"))
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, headers={"content-type": "image/png"}))
    async with httpx.AsyncClient(base_url="http://rematte", transport=transport) as client:
        outcome = await Door(client, masks("labelme")).send(errand)
    assert outcome.trouble == "the answer was 200 OK, image/png"
