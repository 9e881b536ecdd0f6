import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_serving.datasets.errors import DataError
from model_serving.datasets.unpacking import unpack
from tests.model_serving.datasets.files import below, tarred, zipped

CONTENT = {"a/b/c.txt": b"deep", "d.txt": b"flat", "a/empty.txt": b""}
STEPS = st.sampled_from(["..", ".", "", "a", "b", "C:", "~", " ", "\\", "..\\x", "a\0b", "é", "con"])
NAMES = st.one_of(
    st.lists(STEPS, min_size=1, max_size=6).map("/".join),
    st.text(min_size=1, max_size=20),
)


def told(archive: Path, folder: Path, **bounds: int) -> str:
    with pytest.raises(DataError) as error:
        unpack(archive, folder, **bounds)
    assert str(error.value).startswith(f"{archive}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_kind_of_tar_is_unpacked(tmp_path: Path, mode: str):
    unpack(tarred(tmp_path / "x.tar", CONTENT, mode), tmp_path / "out")
    assert below(tmp_path / "out") == set(CONTENT)
    assert (tmp_path / "out/a/b/c.txt").read_bytes() == b"deep"


def test_a_zip_is_unpacked_and_says_how_far_it_is(tmp_path: Path):
    told: list[int] = []
    unpack(zipped(tmp_path / "x.zip", CONTENT), tmp_path / "out", advance=told.append)
    assert below(tmp_path / "out") == set(CONTENT)
    assert told == [4, 8]


def test_a_tar_whose_last_file_is_a_zip_is_a_tar(tmp_path: Path):
    inner = zipped(tmp_path / "x.zip", {"inside.txt": b"x"}).read_bytes()
    unpack(tarred(tmp_path / "x.tar", {"x.zip": inner}, "w"), tmp_path / "out")
    assert below(tmp_path / "out") == {"x.zip"}


@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=4), st.sampled_from([zipped, tarred]))
@example({"": b"x"}, zipped)
@example({"../evil.txt": b"x"}, zipped)
@example({"/tmp/evil.txt": b"x"}, tarred)
@example({"a/../../evil.txt": b"x"}, tarred)
@example({"..\\evil.txt": b"x"}, zipped)
@example({"a": b"x", "a/b": b"y"}, tarred)
def test_nothing_is_ever_written_outside(content: dict[str, bytes], pack):
    with TemporaryDirectory() as work:
        archive = pack(Path(work, "x.archive"), content)
        target = Path(work, "outer/target")
        with suppress(DataError):
            unpack(archive, target)
        assert below(Path(work)) <= {"x.archive"} | {f"outer/target/{name}" for name in below(target)}
        assert not any(path.is_symlink() for path in Path(work).rglob("*"))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..\\x", "C:\\x", "a/.."])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_leads_out_is_refused_by_name(tmp_path: Path, name: str, pack):
    line = told(pack(tmp_path / "x.archive", {name: b"x"}), tmp_path / "out")
    assert "names no file inside of it" in line
    assert below(tmp_path / "out") == set()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes):
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(member)
        archive.addfile(tarfile.TarInfo("link/passwd"), io.BytesIO())
    assert "is a link or a device" in told(tmp_path / "x.tar", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_in_a_zip_is_refused(tmp_path: Path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry, "/etc")
    assert "is a link or a device" in told(tmp_path / "x.zip", tmp_path / "out")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_bomb_is_stopped_at_the_bound(tmp_path: Path, pack):
    bomb = pack(tmp_path / "x.archive", {f"{n}.txt": bytes(5_000_000) for n in range(4)})
    assert bomb.stat().st_size < 100_000
    assert "unpacks to more than 6,000,000 bytes" in told(bomb, tmp_path / "out", most_bytes=6_000_000)
    assert sum(file.stat().st_size for file in (tmp_path / "out").iterdir()) < 8_000_000


def test_so_are_too_many_files(tmp_path: Path):
    many = zipped(tmp_path / "x.zip", {str(n): b"" for n in range(20)})
    assert "more than 10 files" in told(many, tmp_path / "out", most_files=10)


def test_a_size_that_is_a_lie_is_not_believed(tmp_path: Path):
    """The header says one byte; what is written is counted."""
    archive = zipped(tmp_path / "x.zip", {"a.txt": bytes(3_000_000)})
    content = archive.read_bytes()
    archive.write_bytes(content.replace((3_000_000).to_bytes(4, "little"), (1).to_bytes(4, "little")))
    told(archive, tmp_path / "out", most_bytes=2_000_000)
    assert sum(file.stat().st_size for file in (tmp_path / "out").iterdir()) < 3_000_000


def test_two_entries_of_one_name_are_refused(tmp_path: Path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
        archive.addfile(tarfile.TarInfo("./a.txt"))
    assert "two entries of one name" in told(tmp_path / "x.tar", tmp_path / "out")


def test_an_encrypted_zip_is_refused(tmp_path: Path):
    archive = zipped(tmp_path / "x.zip", {"a.txt": b"x"})
    content = bytearray(archive.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    archive.write_bytes(content)
    assert "encrypted" in told(archive, tmp_path / "out")


def test_a_zip_of_an_unknown_compression_is_refused_as_that(tmp_path: Path):
    archive = zipped(tmp_path / "x.zip", {"a.txt": b"x"})
    content = bytearray(archive.read_bytes())
    for place in (8, content.index(b"PK\x01\x02") + 10):
        content[place] = 9  # Deflate64, as Windows packs large files
    archive.write_bytes(content)
    assert "compressed by a method (9) that is not known here; unpack it by hand" in told(archive, tmp_path / "out")


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_truncated_tar_is_told(tmp_path: Path, mode: str, cut: float):
    archive = tarred(tmp_path / "x.tar", {f"{n}.bin": os.urandom(300_000) for n in range(3)}, mode)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * cut)])
    assert any(word in told(archive, tmp_path / "out") for word in ("damaged", "no zip or tar"))


def plain_tar(path: Path) -> bytearray:
    """Four files of one block: each has its header at a multiple of 1024 bytes, and zeros follow from 4096 on."""
    return bytearray(tarred(path, {f"{n}.bin": bytes([n + 1]) * 512 for n in range(4)}, "w").read_bytes())


@pytest.mark.parametrize("packed", [bytes, gzip.compress, lzma.compress])
def test_a_damaged_header_is_told_and_the_entries_after_it_are_not_lost_silently(tmp_path: Path, packed):
    content = plain_tar(tmp_path / "x.tar")
    content[2 * 1024 + 20] ^= 1
    (tmp_path / "x.tar").write_bytes(packed(bytes(content)))
    assert "damaged: after 2 entries comes neither one more nor the end" in told(tmp_path / "x.tar", tmp_path / "out")


@pytest.mark.parametrize("left", [2 * 1024, 2 * 1024 + 100, 2 * 1024 + 600, 4 * 1024])
def test_so_is_a_plain_tar_that_was_cut_anywhere(tmp_path: Path, left: int):
    (tmp_path / "x.tar").write_bytes(plain_tar(tmp_path / "x.tar")[:left])
    assert "damaged" in told(tmp_path / "x.tar", tmp_path / "out")


def test_a_checksum_behind_the_last_entry_is_looked_at(tmp_path: Path):
    content = bytearray(gzip.compress(bytes(plain_tar(tmp_path / "x.tar"))))
    content[-8] ^= 1
    (tmp_path / "x.tar").write_bytes(content)
    assert "damaged: CRC check failed" in told(tmp_path / "x.tar", tmp_path / "out")


@pytest.mark.parametrize("end", [bytes(512), bytes(1024), bytes(100_000), bytes(1024) + b"padding"])
def test_a_tar_may_end_with_one_block_of_zeros_or_with_more_than_two(tmp_path: Path, end: bytes):
    (tmp_path / "x.tar").write_bytes(plain_tar(tmp_path / "x.tar")[: 4 * 1024] + end)
    unpack(tmp_path / "x.tar", tmp_path / "out")
    assert below(tmp_path / "out") == {f"{n}.bin" for n in range(4)}


@pytest.mark.parametrize("content", [b"", b"Rar!\x1a\x07\x00", b"PK", lzma.compress(b"x"), bz2.compress(b"x")])
def test_what_is_no_archive_is_told_with_the_remedy(tmp_path: Path, content: bytes):
    (tmp_path / "x.rar").write_bytes(content)
    assert "no zip or tar; unpack it by hand and name the folder" in told(tmp_path / "x.rar", tmp_path / "out")


def test_a_missing_archive_is_told(tmp_path: Path):
    assert "no such file" in told(tmp_path / "x.zip", tmp_path / "out")
