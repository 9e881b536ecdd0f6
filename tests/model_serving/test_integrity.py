import json
import zipfile
from pathlib import Path

import pytest

from model_serving.integrity import DamagedArchive, check_archive, check_contents, version_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An unpacked archive, as its maker and TorchServe leave it."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "network.py").write_text("pass")
    (tmp_path / "weights").write_bytes(bytes(range(256)))
    version = version_of("small", tmp_path)
    (tmp_path / "MAR-INF").mkdir()
    manifest = {"model": {"modelVersion": version, "configFile": "serving.yaml"}}
    (tmp_path / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(manifest))
    (tmp_path / "serving.yaml").write_text("minWorkers: 1")
    (tmp_path / "code" / "__pycache__").mkdir()
    (tmp_path / "code" / "__pycache__" / "network.pyc").write_bytes(b"compiled")
    return tmp_path


@pytest.fixture
def archive(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "inspyrenet.mar"
    with zipfile.ZipFile(file, "w") as packed:
        for path in sorted(path for path in model.rglob("*") if path.is_file()):
            packed.write(path, path.relative_to(model))
    return file


def test_files_as_they_were_made_are_the_versions(model: Path) -> None:
    check_contents(model)


def test_how_many_workers_serve_them_is_no_damage(model: Path) -> None:
    (model / "serving.yaml").write_text("minWorkers: 2")
    check_contents(model)


@pytest.mark.parametrize("change", ["flipped", "moved", "added", "gone"])
def test_other_files_are_not_the_versions(model: Path, change: str) -> None:
    weights = model / "weights"
    match change:
        case "flipped":
            weights.write_bytes(bytes([1]) + weights.read_bytes()[1:])
        case "moved":
            weights.rename(model / "other")
        case "added":
            (model / "more").touch()
        case "gone":
            weights.unlink()
    with pytest.raises(DamagedArchive, match="not small-"):
        check_contents(model)


def test_a_whole_archive_passes(archive: Path) -> None:
    check_archive(archive)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_an_archive_that_is_cut_short_is_refused(archive: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedArchive, match="damaged or no archive"):
        check_archive(archive)


def test_a_part_that_does_not_match_its_checksum_is_named(archive: Path) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content.replace(bytes(range(256)), bytes(255) + bytes([1])))
    with pytest.raises(DamagedArchive, match="its weights does not match its checksum"):
        check_archive(archive)


def test_whatever_bit_is_flipped_the_archive_passes_or_is_refused_in_one_line(tmp_path: Path) -> None:
    archive = tmp_path / "inspyrenet.mar"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("MAR-INF/MANIFEST.json", "{}")
        packed.writestr("weights", b"weights")
    content = archive.read_bytes()
    said: list[str] = []
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        archive.write_bytes(flipped)
        try:
            check_archive(archive)
        except DamagedArchive as error:
            said.append(str(error))
    assert said
    assert "\n" not in "".join(said)


def test_a_zip_that_is_no_archive_is_refused(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("holiday.txt", "sun")
    with pytest.raises(DamagedArchive, match="no archive"):
        check_archive(archive)
