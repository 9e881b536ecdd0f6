import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api.form import MAX_PARTS, FormParts
from proxy.errors import BadUpload

EDGE = "----edge"
PICTURE = b"\xff\xd8 picture \r\n------ed \r\n--\r not yet \r\n------edg"


def part(name: str, data: bytes, headers: str = "") -> bytes:
    return f'------edge\r\nContent-Disposition: form-data; name="{name}"{headers}\r\n\r\n'.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"------edge--\r\n"


def image_in(data: bytes, sizes: list[int] | None = None) -> bytes:
    parts, pieces = FormParts(EDGE), []
    for size in [*(sizes or []), len(data)]:
        if data[:size]:
            pieces += parts.feed(data[:size])
        data = data[size:]
    parts.finish()
    return b"".join(piece for name, piece in pieces if name == "image")


@given(picture=st.one_of(st.binary(), st.just(PICTURE)), sizes=st.lists(st.integers(1, 40)))
def test_however_a_form_is_cut_the_image_is_the_same(picture: bytes, sizes: list[int]):
    data = form(part("project", b"7"), part("image", picture, '; filename="cat.jpg"'), part("note", b"\r\n--"))
    assert image_in(data, sizes) == picture


def test_an_image_that_comes_whole_is_not_copied_twice():
    head, picture = part("image", b"")[:-2], b"p" * 100_000
    parts = FormParts(EDGE)
    assert list(parts.feed(head)) == [("image", b"")]
    ((_, piece),) = parts.feed(picture)
    assert piece is picture


def test_a_part_that_comes_whole_is_not_copied_twice():
    head, picture = part("image_file", b"")[:-2], b"p" * 100_000
    parts = FormParts(EDGE)
    assert list(parts.feed(head)) == [("image_file", b"")]
    ((field, piece),) = parts.feed(picture)
    assert field == "image_file"
    assert piece is picture


def test_headers_of_the_part_make_no_difference():
    headers = '; filename="a\\"b.png"\r\nContent-Type: image/png\r\nContent-Length: 3'
    assert image_in(form(part("image", b"abc", headers))) == b"abc"


def test_an_empty_image_is_found_and_empty():
    assert image_in(form(part("image", b""))) == b""


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (part("image", b"abc"), "Unexpected end"),
        (form(part("image", b"abc"))[:-8], "Unexpected end"),
        (b"hello", "Unexpected end"),
        (b"------edge\r\nno colon\r\n\r\nabc\r\n------edge--\r\n", "Malformed segment header"),
        (b"------edge\r\n\r\nabc\r\n------edge--\r\n", "Missing Content-Disposition"),
        (b"------edge\r\nX: " + b"x" * 5000 + b"\r\n\r\n", "header length exceeded"),
        (form(*[part("note", b"")] * (MAX_PARTS + 1)), "segment count exceeded"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_that_cannot_be_understood_is_refused(data: bytes, complaint: str):
    with pytest.raises(BadUpload, match=complaint):
        image_in(data)


@pytest.mark.parametrize("boundary", ["", "a\nb"])
def test_a_boundary_that_can_be_none_is_refused(boundary: str):
    with pytest.raises(BadUpload):
        FormParts(boundary)
