import json
from base64 import b64encode
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.api.submission import Submission, image_in_base64, submission
from proxy.core.fingerprint import Fingerprinter, Image
from proxy.errors import BadUpload, RematteError, UnsupportedUpload, UploadTooLarge
from tests.proxy.api.asgi import body
from tests.proxy.api.house import MAX_BYTES, house
from tests.proxy.api.test_form import form, part

MULTIPART = "multipart/form-data; boundary=----edge"
URL_ENCODED = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


async def submitted(media_type: str, *pieces: bytes, **headers: str) -> Submission:
    messages = body(*pieces)

    async def receive():
        return messages.pop(0)

    async with house() as it:
        fields = {"content-type": media_type} | {name.replace("_", "-"): value for name, value in headers.items()}
        return await submission(receive, fields, it.app.state.service, ["image_file", "bg_image_file"])


def bytes_of(image: Image) -> bytes:
    return b"".join(image.chunks)


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        (MULTIPART, form(part("size", b"full"), part("crop", b"true"), part("bg_color", b""))),
        (URL_ENCODED, b"size=full&crop=true&bg_color="),
        (JSON, b'{"size": "full", "crop": true, "bg_color": "", "scale": null}'),
    ],
    ids=["form", "URL-encoded", "JSON"],
)
async def test_three_kinds_of_body_say_the_same(media_type: str, data: bytes):
    assert (await submitted(media_type, data)).texts == {"size": "full", "crop": "true"}


@settings(max_examples=20)  # each opens a house
@given(picture=st.binary(min_size=1), cut=st.integers(1, 200))
async def test_however_a_form_is_cut_its_files_and_texts_are_the_same(picture: bytes, cut: int):
    data = form(part("image_file", picture), part("size", b"full"), part("bg_image_file", b"sky"), part("empty", b""))
    came = await submitted(MULTIPART, data[:cut], data[cut:])
    assert {name: bytes_of(image) for name, image in came.images.items()} == {
        "image_file": picture,
        "bg_image_file": b"sky",
    }
    assert came.texts == {"size": "full"}


async def test_an_image_in_a_form_has_the_name_that_it_has_anywhere():
    came = await submitted(MULTIPART, form(part("image_file", b"cat")))
    fingerprinter = Fingerprinter(seed=1)
    fingerprinter.feed(b"cat")
    assert came.images["image_file"].xxh3 == fingerprinter.finish().xxh3


async def test_an_empty_file_is_not_there():
    assert not (await submitted(MULTIPART, form(part("image_file", b"")))).images


async def test_of_two_texts_of_one_name_the_last_one_counts():
    assert (await submitted(MULTIPART, form(part("size", b"hd"), part("size", b"full")))).texts == {"size": "full"}


async def test_numbers_in_json_are_told_as_a_form_would():
    assert (await submitted(JSON, json.dumps({"type_level": 2, "shadow_opacity": 0.5}).encode())).texts == {
        "type_level": "2",
        "shadow_opacity": "0.5",
    }


DEEP = b'{"a": ' + b"[" * 100_000


@pytest.mark.parametrize(
    ("media_type", "data", "error"),
    [
        (MULTIPART, part("image_file", b"cat"), BadUpload),
        (MULTIPART, form(part("image_file", b"cat"), part("image_file", b"dog")), BadUpload),
        (MULTIPART, form(*[part(f"field{number}", b"1") for number in range(40)]), BadUpload),
        (MULTIPART, form(part("size", b"\xff")), BadUpload),
        (MULTIPART, form(part("image_file", bytes(MAX_BYTES + 1))), UploadTooLarge),
        (MULTIPART, form(part("note", bytes(3 * MAX_BYTES))), UploadTooLarge),
        ("multipart/form-data", b"", BadUpload),
        (URL_ENCODED, b"&".join(b"a=1" for _ in range(40)), BadUpload),
        (URL_ENCODED, b"a=" + bytes(3 * MAX_BYTES), UploadTooLarge),
        (JSON, b"{", BadUpload),
        (JSON, b"[]", BadUpload),
        (JSON, b'{"size": ["full"]}', BadUpload),
        (JSON, DEEP, BadUpload),
        ("image/png", b"cat", UnsupportedUpload),
        ("", b"cat", UnsupportedUpload),
    ],
)
async def test_what_cannot_be_taken_apart_is_refused(media_type: str, data: bytes, error: type[RematteError]):
    with pytest.raises(error):
        await submitted(media_type, data)


async def test_an_image_in_a_field_of_another_name_is_told_where_it_belongs():
    with pytest.raises(BadUpload, match=r"`photo` is no text in UTF-8; .* `image_file` or `bg_image_file`"):
        await submitted(MULTIPART, form(part("photo", b"\xff\xd8\xff")))


async def test_an_image_that_curl_calls_a_form_is_told_what_to_call_itself():
    with pytest.raises(BadUpload, match=r"no URL-encoded form.*`image/jpeg`"):
        await submitted(URL_ENCODED, b"\xff\xd8\xff")


async def test_values_without_number_are_refused_before_they_are_made():
    with pytest.raises(BadUpload, match="more than 1,000 commas"):
        await submitted(JSON, b'{"size": [' + b"[]," * 2000)  # what is cut off would be no JSON


async def test_a_body_with_a_coding_is_refused():
    with pytest.raises(UnsupportedUpload):
        await submitted(JSON, b"{}", content_encoding="gzip")


@pytest.mark.parametrize("size", [5, 70_000])
@pytest.mark.parametrize(
    "told",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: "data:image/png;base64," + text,
        lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        lambda text: text.replace("+", " "),  # of a form whose sender did not escape it
    ],
    ids=["plain", "unpadded", "data URL", "in lines", "in an unescaped form"],
)
async def test_an_image_may_come_in_base64(told, size: int):
    picture = b"\xfb\xef\xbe" * (size // 3) + b"\xfb"
    async with house() as it:
        image = await image_in_base64(told(b64encode(picture).decode()), it.app.state.service)
    assert bytes_of(image) == picture


@pytest.mark.parametrize(
    ("text", "error"), [("cat!", BadUpload), ("ü", BadUpload), ("A" * (2 * MAX_BYTES), UploadTooLarge)]
)
async def test_what_is_no_base64_or_too_large_is_refused(text: str, error: type[RematteError]):
    async with house() as it:
        with pytest.raises(error):
            await image_in_base64(text, it.app.state.service)


async def test_base64_in_a_url_encoded_form_comes_as_it_was():
    text = "+/+/=="
    for encoded in (urlencode({"image_file_b64": text}), f"image_file_b64={quote_plus(text)}"):
        assert (await submitted(URL_ENCODED, encoded.encode())).texts == {"image_file_b64": text}
