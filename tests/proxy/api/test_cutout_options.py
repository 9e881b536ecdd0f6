import io
import zipfile
from hashlib import sha256

import httpx
import pytest
from PIL import Image as Pillow

from proxy.api.cutout_options import CutoutOptions
from proxy.errors import BadUpload
from proxy.imaging.backgrounds import Backdrop, Blur, Colour, Gradient
from proxy.imaging.composition import Composition
from proxy.imaging.geometry import Length, Margins, Placing, Region
from proxy.imaging.refinement import Refinement
from proxy.imaging.shadow import Shadow
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of, image, picture_in
from tests.support.drawings import drawn, levels_of
from tests.support.fakes import DictCache, FakeBackend, renders

PICTURE = file_of(corners(60, 40))
DIGEST = sha256(PICTURE).hexdigest()
SUBJECT = (20, 10, 44, 30)
RING = """
    ........
    .######.
    .#....#.
    .#....#.
    .######.
    ........
"""


def subject() -> bytes:
    levels = Pillow.new("L", (60, 40))
    levels.paste(255, SUBJECT)
    return file_of(levels)


async def asked(it: House, path: str = "/v1/cutout", picture: bytes = PICTURE, **options: object) -> httpx.Response:
    headers = {"Content-Type": "image/png"}
    return await it.client.post(path, content=picture, headers=headers, params=options)  # type: ignore[arg-type]


async def one(**options: object) -> httpx.Response:
    async with house(FakeBackend(mask=subject())) as it:
        return await asked(it, **options)


async def refusal(**options: object) -> str:
    answer = await one(**options)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


async def test_all_that_can_be_asked_of_a_picture_costs_one_inference():
    backend = FakeBackend(mask=subject())
    async with house(backend) as it:
        for options in ({}, {"format": "webp"}, {"crop": True}, {"bg_color": "fff"}, {"grow": 2}, {"shadow": True}):
            assert (await asked(it, **options)).status_code == 200
        assert (await asked(it, "/v1/mask", feather=2)).status_code == 200
    assert backend.calls == 1


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("zip", "application/zip"),
        ("auto", "image/png"),
    ],
)
async def test_a_format_is_asked_for_by_name(format: str, media_type: str):
    assert (await one(format=format)).headers["content-type"] == media_type


async def test_accept_asks_for_a_format():
    async with house(FakeBackend(mask=subject())) as it:
        headers = {"Content-Type": "image/png", "Accept": "image/webp, image/png;q=0.5"}
        answer = await it.client.post("/v1/cutout", content=PICTURE, headers=headers)
    assert answer.headers["content-type"] == "image/webp"


async def test_a_zip_has_the_colours_and_the_alpha():
    with zipfile.ZipFile(io.BytesIO((await one(format="zip", crop=True)).content)) as archive:
        assert [picture_in(archive.read(name)).size for name in archive.namelist()] == [(24, 20), (24, 20)]


async def test_a_cutout_with_options_is_kept_under_its_digest_with_its_own_etag():
    cache = DictCache()
    async with house(FakeBackend(mask=subject()), cache) as it:
        plain, made = await asked(it), await asked(it, bg_color="navy", crop=True)
        kept = await it.client.get(f"/v1/cutouts/{DIGEST}", params={"crop": True, "bg_color": "000080"})
        other = await it.client.get(f"/v1/cutouts/{DIGEST}", params={"bg_color": "000080"})
    assert kept.content == made.content
    assert kept.headers["etag"] == made.headers["etag"] != plain.headers["etag"]
    assert other.status_code == 404
    assert {dict(rendered.facts).get("foreground_left") for rendered in renders(cache)} >= {20}


async def test_a_refined_mask_is_made_of_the_kept_one():
    backend = FakeBackend(mask=file_of(drawn(RING)))
    picture = file_of(corners(8, 6))
    async with house(backend) as it:
        await asked(it, "/v1/mask", picture)
        path = f"/v1/masks/{sha256(picture).hexdigest()}"
        filled = await it.client.get(path, params={"fill_holes": True})
        shrunk = await it.client.get(path, params={"fill_holes": True, "grow": -1})
    assert levels_of(picture_in(filled.content)) == levels_of(drawn(RING.replace("#....#", "######")))
    assert "." not in levels_of(picture_in(shrunk.content).crop((3, 2, 5, 4)))
    assert backend.calls == 1


async def test_lengths_are_pixels_of_the_image_also_in_a_small_mask():
    square = Pillow.new("L", (20, 20))
    square.paste(255, (5, 5, 15, 15))
    async with house(FakeBackend(mask=file_of(square))) as it:
        small = await asked(it, "/v1/mask", file_of(corners(200, 200)), size="model", grow=-20)
    assert picture_in(small.content).getbbox() == (7, 7, 13, 13)


def test_options_are_a_composition():
    options = CutoutOptions.model_validate(
        {
            "largest": "true",
            "roi": "0% 0% 50% 100%",
            "edges": "plain",
            "crop": "true",
            "crop_margin": "10% 5px",
            "scale": "80%",
            "position": "center 100%",
            "max_pixels": "250000",
            "bg_gradient": "90deg, white, black",
            "shadow": "true",
            "shadow_opacity": "20",
        }
    )
    nothing, half, whole = (Length(part, relative=True) for part in (0, 0.5, 1))
    tenth, five = Length(0.1, relative=True), Length(5)
    assert options.composition("webp") == Composition(
        refinement=Refinement(largest=True),
        roi=Region(nothing, nothing, half, whole),
        edges="plain",
        placing=Placing(Margins(tenth, five, tenth, five), 0.8, (0.5, 1), 250_000),
        background=Gradient((Colour(255, 255, 255), Colour(0, 0, 0)), 90),
        shadow=Shadow(0.2),
        format="webp",
    )


def test_the_background_may_be_blurred():
    assert CutoutOptions(bg_blur="12px").background == Blur(Length(12))


def test_a_picture_behind_leaves_no_room_for_another_background():
    backdrop = Backdrop("d", image(b""))
    assert CutoutOptions().composition("png", backdrop).background is backdrop
    with pytest.raises(BadUpload, match="two backgrounds"):
        CutoutOptions(bg_color="fff").composition("png", backdrop)


def test_without_options_nothing_is_asked_for():
    assert CutoutOptions().composition("png") == Composition()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "bmp"}, "query.format: Input should be 'png', 'webp', 'avif', 'jpeg', 'zip', 'auto' or 'jpg'"),
        ({"threshold": 0}, "query.threshold"),
        ({"grow": 101}, "query.grow"),
        ({"crop": True, "crop_margin": "9em"}, "query.crop_margin: `9em` is no length; write pixels (`30px`)"),
        ({"bg_color": "blau"}, "query.bg_color: `blau` is no colour; write hex digits"),
        ({"roi": "1 2 3"}, "query.roi: `1 2 3` is no region"),
        ({"bg_color": "fff", "bg_blur": "2%"}, "`bg_color` and `bg_blur` are two backgrounds; send one of them."),
        ({"crop_margin": "5%"}, "`crop_margin` means nothing without `crop=true`; add it."),
        ({"shadow_blur": "5%"}, "`shadow_blur` means nothing without `shadow=true`; add it."),
        ({"channels": "alpha", "bg_color": "fff"}, "`channels=alpha` is the mask alone"),
        ({"cropp": True}, "query.cropp"),
    ],
)
async def test_what_cannot_be_done_is_named_with_the_remedy(options: dict[str, object], words: str):
    assert words in await refusal(**options)
