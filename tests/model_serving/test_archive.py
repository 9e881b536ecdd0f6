import io
import json
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model_serving.archive import EXPORTING, SERVING, Archive, ArchiveError, build_archive, exporter_of, main
from model_serving.build import build_network
from model_serving.exporting.agreement import default_photos
from model_serving.exporting.realising import Wish
from model_serving.integrity import check_contents
from model_serving.runtimes.runtime import KINDS
from model_serving.served import open_remover
from model_serving.weights import WeightsError
from tests.support.disk import files_at_most
from tests.support.eventually import eventually
from tests.support.models import TINY, tiny_weights

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="module")
def archive(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return build_archive("small", weights, tmp_path_factory.mktemp("model-store"))


def store_with(archive: Archive, folder: Path) -> Path:
    """A model store of its own with a copy of the archive."""
    shutil.copy(archive.path, folder)
    return folder


def test_the_version_is_the_variant_and_eight_hex_digits(archive: Archive) -> None:
    variant, digits = archive.version.split("-")
    assert variant == "small"
    assert len(bytes.fromhex(digits)) == 4


def test_torchserve_finds_the_version_in_the_manifest(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as mar:
        model = json.loads(mar.read("MAR-INF/MANIFEST.json"))["model"]
    assert (model["modelName"], model["modelVersion"]) == ("inspyrenet", archive.version)


def test_the_same_inputs_give_the_same_version(archive: Archive, weights: Path, tmp_path: Path) -> None:
    assert build_archive("small", weights, tmp_path).version == archive.version


def test_other_weights_give_another_version_which_names_the_one_that_it_replaces(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tiny_weights(tmp_path / "other.safetensors", seed=1))
    main(["--weights", other, "--runtime", "torch", "--out", str(store_with(archive, tmp_path))])
    path, version, replaced = re.split(": |, in the place of ", capsys.readouterr().out.strip())
    assert (path, replaced) == (f"{tmp_path}/inspyrenet.mar", archive.version)
    assert version != replaced


def test_another_resizing_gives_another_version(archive: Archive, weights: Path, tmp_path: Path) -> None:
    assert build_archive("small", weights, tmp_path, resizing="dynamic").version != archive.version


@pytest.fixture(scope="module")
def exported(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """On OpenVINO."""
    store = tmp_path_factory.mktemp("model-store")
    return build_archive("small", weights, store, wish=Wish("openvino", "equal"), say=lambda _: None)


def unpacked(archive: Archive, folder: Path) -> Path:
    with zipfile.ZipFile(archive.path) as mar:
        mar.extractall(folder)
    return folder


def test_another_runtime_gives_another_version(archive: Archive, exported: Archive) -> None:
    assert exported.version != archive.version


def test_an_exported_archive_carries_the_weights_once(archive: Archive, exported: Archive, tmp_path: Path) -> None:
    folder = unpacked(exported, tmp_path)
    assert {path.name for path in folder.glob("network.*")} == {"network.xml", "network.bin"}
    assert not list(folder.glob("weights*"))


def test_an_exported_archive_makes_the_masks_of_torch(archive: Archive, exported: Archive, tmp_path: Path) -> None:
    photo = [default_photos()[0].read_bytes()]
    folders = unpacked(archive, tmp_path / "torch"), unpacked(exported, tmp_path / "openvino")
    masks = [open_remover(folder, torch.device("cpu")).remove(photo)[0] for folder in folders]
    first, second = (np.asarray(Image.open(io.BytesIO(mask.png))).astype(int) for mask in masks)  # type: ignore[union-attr]
    assert np.abs(first - second).max() <= 1
    check_contents(folders[1])


def test_what_was_exported_before_is_neither_exported_nor_looked_at_again(
    exported: Archive, weights: Path, tmp_path: Path
) -> None:
    store = store_with(exported, tmp_path)
    again = build_archive("small", weights, store, wish=Wish("openvino", "equal"), say=pytest.fail)
    assert again == Archive(store / "inspyrenet.mar", exported.version, built=False)


def test_a_runtime_that_cannot_do_it_is_refused_in_one_line(weights: Path, tmp_path: Path) -> None:
    arguments = ["--weights", str(weights), "--runtime", "openvino", "--resizing", "dynamic", "--out", str(tmp_path)]
    with pytest.raises(SystemExit, match=r"^openvino takes one size alone: .+ torch$"):
        main(arguments)


def test_an_archive_of_this_version_is_left_as_it_is(archive: Archive, weights: Path, tmp_path: Path) -> None:
    store = store_with(archive, tmp_path)
    before = (store / "inspyrenet.mar").stat().st_mtime_ns
    assert build_archive("small", weights, store) == Archive(store / "inspyrenet.mar", archive.version, built=False)
    assert (store / "inspyrenet.mar").stat().st_mtime_ns == before


def test_other_numbers_of_workers_make_a_new_archive_of_the_same_version(
    archive: Archive, weights: Path, tmp_path: Path
) -> None:
    serving = tmp_path / "model-config.yaml"
    serving.write_text(SERVING.read_text().replace("minWorkers: 1", "minWorkers: 2"))
    rebuilt = build_archive("small", weights, store_with(archive, tmp_path), serving=serving)
    assert (rebuilt.version, rebuilt.built) == (archive.version, True)


def test_an_archive_that_is_cut_short_is_replaced(archive: Archive, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "inspyrenet.mar").write_bytes(archive.path.read_bytes()[:1000])
    assert build_archive("small", weights, tmp_path).built


def test_one_flipped_bit_in_the_weights_and_the_archive_is_replaced(
    archive: Archive, weights: Path, tmp_path: Path
) -> None:
    content, at = bytearray(archive.path.read_bytes()), archive.path.read_bytes().index(weights.read_bytes())
    content[at + weights.stat().st_size - 1] ^= 1
    (tmp_path / "inspyrenet.mar").write_bytes(content)
    assert build_archive("small", weights, tmp_path).built


def test_an_archive_that_was_packed_anew_with_other_weights_is_replaced(
    archive: Archive, weights: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive.path) as mar, zipfile.ZipFile(tmp_path / "inspyrenet.mar", "w") as packed:
        for name in mar.namelist():
            packed.writestr(name, bytes(100) if name.startswith("weights.") else mar.read(name))
    assert build_archive("small", weights, tmp_path).built


def test_the_worker_needs_nothing_of_this_repository(archive: Archive, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive.path) as mar:
        mar.extractall(tmp_path)
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    program = f"{path}; import inspyrenet, model_serving; print(model_serving.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", program], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "model_serving" / "__init__.py")


def test_the_contract_against_kedro_names_all_that_is_served(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as mar:
        served = {Path(name).with_suffix("").parts[1] for name in mar.namelist() if name.startswith("model_serving/")}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [kedro] = [contract for contract in contracts if contract["name"] == "what is served knows no Kedro"]
    assert {f"model_serving.{name}" for name in served - {"__init__"}} - set(kedro["source_modules"]) == set()


@pytest.fixture
def unfit(request: pytest.FixtureRequest, weights: Path, tmp_path: Path) -> Path:
    """A weights file with something wrong."""
    match request.param:
        case "absent":
            return tmp_path / "absent.pth"
        case "absent safetensors":
            return tmp_path / "absent.safetensors"
        case "truncated":
            (tmp_path / "truncated.safetensors").write_bytes(weights.read_bytes()[:-1000])
            return tmp_path / "truncated.safetensors"
        case "text":
            (tmp_path / "text.pth").write_text("<html>not found</html>")
            return tmp_path / "text.pth"
        case _:
            torch.save(build_network("small", **TINY).state_dict(), tmp_path / "other.pth")
            return tmp_path / "other.pth"


@pytest.mark.parametrize(
    "unfit", ["absent", "absent safetensors", "truncated", "text", "of another network"], indirect=True
)
def test_unfit_weights_are_refused_in_one_line_and_the_old_archive_stays(
    unfit: Path, archive: Archive, tmp_path: Path
) -> None:
    store = store_with(archive, tmp_path)
    before = (store / "inspyrenet.mar").read_bytes()
    with pytest.raises(WeightsError, match=str(unfit)) as caught:
        build_archive("small", unfit, store)
    assert "\n" not in str(caught.value)
    assert (store / "inspyrenet.mar").read_bytes() == before
    assert not list(store.glob(".building-*"))


@pytest.mark.parametrize(
    ("edited", "anew"),
    [
        ("onnx_file.py", {"onnx"}),
        ("openvino_ir.py", {"openvino"}),
        ("__main__.py", set()),
        ("agreement.py", {"torch", "onnx", "openvino", "compile"}),
    ],
)
def test_an_edited_exporter_changes_its_own_archives_alone(tmp_path: Path, edited: str, anew: set[str]) -> None:
    folder = Path(shutil.copytree(EXPORTING, tmp_path / "exporting"))
    before = {kind: exporter_of(kind, folder) for kind in KINDS}
    with (folder / edited).open("a") as file:
        file.write("# edited")
    assert {kind for kind in KINDS if exporter_of(kind, folder) != before[kind]} == anew


def test_a_build_that_is_stopped_leaves_nothing(weights: Path, tmp_path: Path) -> None:
    """By a SIGTERM, which is to become what a Ctrl-C is."""
    wish = ("--runtime", "torch", "--precision", "reduced")
    command = [sys.executable, "-m", "model_serving.archive", "--weights", weights, "--out", tmp_path, *wish]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as build:
        eventually(lambda: list(tmp_path.glob(".building-*/stage")), seconds=180)
        build.send_signal(signal.SIGTERM)
        told = build.communicate(timeout=180)[1]
    assert told.splitlines()[-1] == "stopped: nothing was built; an archive that was there stays"
    assert build.returncode == 130
    assert not list(tmp_path.iterdir())


def test_weights_of_another_variant_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="small, not fast"):
        build_archive("fast", weights, tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("room", [-1, 1], ids=["for the weights", "for the archive"])
def test_a_disk_without_room_leaves_the_old_archive(archive: Archive, weights: Path, tmp_path: Path, room: int) -> None:
    store = store_with(archive, tmp_path)
    before = (store / "inspyrenet.mar").read_bytes()
    with files_at_most(weights.stat().st_size + room), pytest.raises((ArchiveError, OSError), match="File too large"):
        build_archive("small", weights, store, resizing="dynamic")
    assert (store / "inspyrenet.mar").read_bytes() == before
    assert not list(store.glob(".building-*"))


def test_any_name_of_a_model_store_will_do(archive: Archive, weights: Path, tmp_path: Path) -> None:
    assert build_archive("small", weights, tmp_path / "a store, [mine]").version == archive.version


def test_the_command_says_what_it_built(
    archive: Archive, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for ending in ("", ", already there"):
        main(["--weights", str(weights), "--runtime", "torch", "--out", str(tmp_path)])
        assert capsys.readouterr().out == f"{tmp_path}/inspyrenet.mar: {archive.version}{ending}\n"


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"^{tmp_path}/ckpt_base.pth: .+$"):
        main(["--variant", "base", "--weights", f"{tmp_path}/ckpt_base.pth", "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_a_variant_without_shipped_weights_asks_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^base: only the weights of small are shipped; .+ --weights$"):
        main(["--variant", "base", "--out", str(tmp_path)])
