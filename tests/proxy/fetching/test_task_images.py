from collections.abc import Mapping

import pytest

from proxy.app import build_app
from proxy.errors import BadUrl, RefusedAddress
from proxy.fetching import Fetcher, TaskImages
from proxy.settings import Settings
from tests.proxy.fetching.servers import PICTURE, plainly, serving


class Told(Fetcher):
    """Remembers what it was to fetch, and says its own name."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        self.asked.append((url, headers or {}))
        return self.name


def images(url: str | None = "http://ls.lan:8080/labels/") -> tuple[TaskImages, Told, Told]:
    internet, own = Told(b"internet"), Told(b"own")
    return TaskImages(internet, own, url, "secret"), internet, own


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("/data/upload/1/cat.jpg", "http://ls.lan:8080/labels/data/upload/1/cat.jpg"),
        ("upload/1/cat.jpg", "http://ls.lan:8080/labels/data/upload/1/cat.jpg"),
        ("/data/local-files/?d=a/cat.jpg", "http://ls.lan:8080/labels/data/local-files/?d=a/cat.jpg"),
        ("http://ls.lan:8080/x/cat.jpg", "http://ls.lan:8080/x/cat.jpg"),
    ],
)
async def test_what_lies_in_label_studio_is_fetched_there_with_its_token(address: str, url: str):
    task_images, internet, own = images()
    assert await task_images.fetch(address) == b"own"
    assert own.asked == [(url, {"Authorization": "Token secret"})]
    assert internet.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "https://images.example/cat.jpg",
        "http://ls.lan:8081/cat.jpg",
        "https://ls.lan:8080/cat.jpg",
        "http://ls.lan:8080@evil.example/cat.jpg",
        "http://ls.lan.evil.example:8080/cat.jpg",
        "s3://bucket/cat.jpg",
    ],
)
async def test_everything_else_is_fetched_from_the_internet_and_without_it(address: str):
    task_images, internet, own = images()
    assert await task_images.fetch(address) == b"internet"
    assert internet.asked == [(address, {})]
    assert own.asked == []


async def test_a_path_that_means_another_host_gets_no_token():
    task_images, _, own = images()
    await task_images.fetch("//evil.example/cat.jpg")
    assert own.asked[0][0] == "http://ls.lan:8080/labels/evil.example/cat.jpg"


async def test_without_an_address_of_label_studios_its_files_are_refused_with_the_remedy():
    task_images, _, _ = images(url=None)
    with pytest.raises(BadUrl, match="REMATTE_LABEL_STUDIO_URL"):
        await task_images.fetch("/data/upload/1/cat.jpg")


async def test_label_studio_may_lie_where_nothing_else_is_fetched_from():
    async with serving(plainly()) as label_studio:
        url = f"http://127.0.0.1:{label_studio.port}"
        app = build_app(Settings(label_studio_url=url, label_studio_token="secret"))
        task_images = app.state.service.task_images
        assert await task_images.fetch("/data/upload/1/cat.png") == PICTURE
        assert "GET /data/upload/1/cat.png HTTP/1.1" in label_studio.asked[0]
        assert "Authorization: Token secret" in label_studio.asked[0]
        with pytest.raises(RefusedAddress):
            await task_images.fetch("http://127.0.0.2:80/cat.png")
        with pytest.raises(RefusedAddress):
            await app.state.service.fetcher.fetch(f"{url}/cat.png")
