"""Every format of a mask, as the tools that it is for read it."""

import io
import json

import httpx
import numpy as np
import pytest
from cvat_sdk.masks import decode_mask
from label_studio_sdk.converter.brush import decode_rle
from label_studio_sdk.label_interface import LabelInterface
from PIL import Image as Pillow
from pycocotools import mask as coco

from proxy.imaging.mask_formats import FILES
from tests.proxy.api.house import House, house
from tests.proxy.imaging.pictures import corners, file_of
from tests.proxy.imaging.solids import ring
from tests.proxy.imaging.test_outlines import filled
from tests.support.fakes import FakeBackend, grey_png

WIDTH, HEIGHT = 48, 32
SOLID = ring(WIDTH, HEIGHT)
GREY = np.where(SOLID, np.uint8(200), np.uint8(60))
PICTURE = file_of(corners(WIDTH, HEIGHT), "PNG")
PNG = {"Content-Type": "image/png"}
TEMPLATE = """<View><Image name="image" value="$image"/>
<BrushLabels name="tag" toName="image"><Label value="Foreground"/></BrushLabels></View>"""


def backend(levels: np.ndarray = GREY) -> FakeBackend:
    return FakeBackend(mask=file_of(Pillow.fromarray(levels)))


async def sent(it: House, query: str = "", **headers: str) -> httpx.Response:
    answer = await it.client.post(f"/v1/mask{query}", content=PICTURE, headers=PNG | headers)
    assert answer.status_code == 200, answer.text
    return answer


async def answered(query: str) -> httpx.Response:
    async with house(backend()) as it:
        return await sent(it, query)


def pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(answer.content)))


async def test_a_mask_that_webp_cannot_hold_is_refused_by_name():
    async with house() as it:
        image = file_of(Pillow.new("RGB", (16_384, 1)), "PNG")
        answer = await it.client.post("/v1/mask?format=webp", content=image, headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/side-too-long")


async def test_webp_keeps_every_level():
    levels = np.arange(WIDTH * HEIGHT, dtype=np.uint8).reshape(HEIGHT, WIDTH)
    async with house(backend(levels)) as it:
        answer = await sent(it, "?format=webp")
    assert answer.headers["content-type"] == "image/webp"
    assert (pixels(answer)[..., 0] == levels).all()


async def test_a_one_bit_png_is_white_where_the_object_is():
    answer = await answered("?format=png1")
    assert (answer.headers["content-type"], Pillow.open(io.BytesIO(answer.content)).mode) == ("image/png", "1")
    assert (pixels(answer) == SOLID).all()


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools' own
async def test_coco_is_decoded_by_pycocotools():
    document = (await answered("?format=coco")).json()
    assert (coco.decode(document["segmentation"]) == SOLID).all()
    assert document["area"] == SOLID.sum() == coco.area(document["segmentation"])
    assert document["bbox"] == coco.toBbox(document["segmentation"]).tolist()


async def test_polygons_without_epsilon_are_the_mask():
    document = (await answered("?format=polygons&epsilon=0")).json()
    rings = [np.array(ring["points"]) for polygon in document["polygons"] for ring in polygon["rings"]]
    assert [ring["hole"] for polygon in document["polygons"] for ring in polygon["rings"]] == [False, True, False]
    assert (filled(rings, SOLID) == SOLID).all()


async def test_epsilon_makes_outlines_simpler():
    async with house(backend()) as it:
        exact, simple = await sent(it, "?format=polygons&epsilon=0"), await sent(it, "?format=polygons")
    assert len(simple.content) < len(exact.content) / 2


async def test_a_box_is_told_as_coco_tells_it():
    document = (await answered("?format=box")).json()
    left, top, width, height = document["bbox"]
    assert SOLID[top : top + height, left : left + width].sum() == SOLID.sum() == document["area"]


async def test_label_studios_own_validator_finds_nothing_wrong_and_its_decoder_finds_the_mask():
    document = (await answered("?format=label-studio")).json()
    assert LabelInterface(TEMPLATE).validate_prediction(document, return_errors=True) == []
    rgba = decode_rle(document["result"][0]["value"]["rle"]).reshape(HEIGHT, WIDTH, 4)
    assert (rgba[..., 3] == SOLID * 255).all()


async def test_cvats_sdk_decodes_its_shape():
    (shape,) = (await answered("?format=cvat")).json()["shapes"]
    assert shape["type"] == "mask"
    assert (decode_mask(shape["points"], image_width=WIDTH, image_height=HEIGHT) == SOLID).all()


async def test_a_labelme_file_has_polygons_without_holes_that_are_the_mask():
    document = (await answered("?format=labelme&epsilon=0")).json()
    assert {shape["shape_type"] for shape in document["shapes"]} == {"polygon"}
    assert (filled([np.array(shape["points"]) for shape in document["shapes"]], SOLID) == SOLID).all()
    assert (document["imageWidth"], document["imageHeight"]) == (WIDTH, HEIGHT)


async def test_yolo_has_a_line_for_each_object_in_fractions_of_the_picture():
    answer = await answered("?format=yolo&epsilon=0")
    lines = [line.split() for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert {line[0] for line in lines} == {"0"}
    rings = [np.array(line[1:], float).reshape(-1, 2) * (WIDTH, HEIGHT) for line in lines]
    assert (filled([ring.round() for ring in rings], SOLID) == SOLID).all()


@pytest.mark.parametrize("kind", [kind for kind, file in FILES.items() if file.suffix == ".json"])
async def test_where_nothing_stands_out_there_is_a_document_without_shapes(kind: str):
    async with house(FakeBackend(mask=grey_png(level=0))) as it:
        document = (await sent(it, f"?format={kind}")).json()
    names = ("imageWidth", "imageHeight") if kind == "labelme" else ("width", "height")
    assert [document[name] for name in names] == [WIDTH, HEIGHT]
    assert not any(document.get(name) for name in ("polygons", "shapes", "result", "area"))


async def test_the_threshold_says_from_which_level_on_a_pixel_counts():
    async with house(backend()) as it:
        areas = [
            (await sent(it, f"?format=box{query}")).json()["area"]
            for query in ("", "&threshold=60", "&threshold=200", "&threshold=201")
        ]
    assert areas == [SOLID.sum(), WIDTH * HEIGHT, SOLID.sum(), 0]


async def test_lengths_are_pixels_of_the_image_also_where_the_model_was_smaller():
    async with house(backend(GREY[::2, ::2])) as it:
        small = (await sent(it, "?format=polygons&size=model&epsilon=2")).json()
    assert (small["width"], small["height"]) == (WIDTH // 2, HEIGHT // 2)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/webp", "webp"),
        ("application/json", "polygons"),
        ("application/json; format=coco", "coco"),
        ("text/plain", "yolo"),
        ("image/png; format=png1", "png1"),
        ("application/json, text/plain, */*", "png"),
    ],
)
async def test_what_is_accepted_is_what_the_option_would_have_named(accept: str, kind: str):
    async with house(backend()) as it:
        named, accepted = await sent(it, f"?format={kind}"), await sent(it, accept=accept)
    assert accepted.content == named.content
    assert accepted.headers["etag"] == named.headers["etag"]


async def test_all_formats_are_one_inference_and_each_has_a_tag_of_its_own():
    server = backend()
    async with house(server) as it:
        answers = [await sent(it, f"?format={kind}") for kind in FILES]
        digest = answers[0].headers["x-image-digest"]
        kept = [await it.client.get(f"/v1/masks/{digest}?format={kind}") for kind in FILES]
    assert server.calls == 1
    assert len({answer.headers["etag"] for answer in answers}) == len(FILES)
    assert [answer.content for answer in kept] == [answer.content for answer in answers]


async def test_equal_masks_give_equal_bytes():
    async with house(backend()) as one, house(backend()) as other:
        for kind in FILES:
            query = f"?format={kind}"
            assert (await sent(one, query)).content == (await sent(other, query)).content


async def test_documents_are_json_that_is_not_padded():
    text = (await answered("?format=coco")).text
    assert text == json.dumps(json.loads(text), separators=(",", ":"))
