import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_serving.datasets.downloads import download, verify
from model_serving.datasets.errors import DataError
from tests.model_serving.datasets.serving import Shop, shop

CONTENT = os.urandom(3_000_000)
SHA = ("sha256", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def served() -> Iterator[Shop]:
    with shop(CONTENT) as one:
        yield one


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_arrives_whole(served: Shop, tmp_path: Path):
    told: list[tuple[int, int | None]] = []
    download(served.url, tmp_path / "d.zip", SHA, lambda done, whole: told.append((done, whole)))
    assert (tmp_path / "d.zip").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert names(tmp_path) == ["d.zip"]


def test_md5_will_do(served: Shop, tmp_path: Path):
    download(served.url, tmp_path / "d.zip", ("md5", hashlib.md5(CONTENT).hexdigest()))


def test_a_connection_that_breaks_is_taken_up_where_it_broke(served: Shop, tmp_path: Path):
    served.breaks_after = [1_000_000, 500_000]
    download(served.url, tmp_path / "d.zip", SHA)
    assert (tmp_path / "d.zip").read_bytes() == CONTENT
    assert served.asked == [None, "bytes=1000000-", "bytes=1500000-"]


def test_what_came_before_it_gave_up_is_used_the_next_time(served: Shop, tmp_path: Path):
    served.breaks_after = [500_000] * 3
    with pytest.raises(DataError, match="run it again to go on where it stopped") as told:
        download(served.url, tmp_path / "d.zip", SHA)
    assert str(told.value).startswith(served.url)
    assert names(tmp_path) == ["d.zip.part"]
    download(served.url, tmp_path / "d.zip", SHA)
    assert served.asked[-1] == "bytes=1500000-"
    assert names(tmp_path) == ["d.zip"]


def test_after_ctrl_c_nothing_bears_the_name_and_the_next_run_goes_on(served: Shop, tmp_path: Path):
    def stop(done: int, _whole: int | None) -> None:
        if done >= 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(served.url, tmp_path / "d.zip", SHA, stop)
    assert names(tmp_path) == ["d.zip.part"]
    download(served.url, tmp_path / "d.zip", SHA)
    assert served.asked[-1] is not None
    assert (tmp_path / "d.zip").read_bytes() == CONTENT


def test_a_server_that_cannot_go_on_begins_anew(served: Shop, tmp_path: Path):
    served.ranges = False
    (tmp_path / "d.zip.part").write_bytes(b"from another time")
    download(served.url, tmp_path / "d.zip", SHA)
    assert (tmp_path / "d.zip").read_bytes() == CONTENT


def test_what_had_arrived_whole_is_only_checked(served: Shop, tmp_path: Path):
    (tmp_path / "d.zip.part").write_bytes(CONTENT)
    download(served.url, tmp_path / "d.zip", SHA)
    assert names(tmp_path) == ["d.zip"]


def test_what_is_longer_than_the_file_is_fetched_anew(served: Shop, tmp_path: Path):
    (tmp_path / "d.zip.part").write_bytes(CONTENT + b"more")
    download(served.url, tmp_path / "d.zip", SHA)
    assert (tmp_path / "d.zip").read_bytes() == CONTENT


def test_another_file_than_was_meant_is_thrown_away(served: Shop, tmp_path: Path):
    with pytest.raises(DataError, match=r"its sha256 is .* and not 000") as told:
        download(served.url, tmp_path / "d.zip", ("sha256", "0" * 64))
    assert str(told.value).startswith(served.url)
    assert names(tmp_path) == []


def test_a_missing_page_is_told(served: Shop, tmp_path: Path):
    with pytest.raises(DataError, match="the server answered 404 Not Found; check the address"):
        download(served.url + "x", tmp_path / "d.zip", SHA)
    assert names(tmp_path) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/data.zip"
        with pytest.raises(DataError, match=url) as told:
            download(url, tmp_path / "d.zip", SHA)
    assert "\n" not in str(told.value)


def test_a_file_of_another_checksum_is_told(tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(b"x")
    verify(tmp_path / "x.zip", ("md5", hashlib.md5(b"x").hexdigest()))
    with pytest.raises(DataError, match=r"x.zip: its md5 is"):
        verify(tmp_path / "x.zip", ("md5", "0" * 32))
