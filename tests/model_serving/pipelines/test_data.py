"""The data pipelines as people run them: real processes in an empty folder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_serving.datasets.manifest import read_manifest
from tests.model_serving.datasets.files import pairs, picture
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "model_serving.pipelines")
DEADLINE_S = 300.0


@pytest.fixture
def outside() -> Iterator[socket.socket]:
    """The way out to the internet: whoever takes it is seen."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        yield door


def environment(door: socket.socket | None = None) -> dict[str, str]:
    way_out = f"http://127.0.0.1:{door.getsockname()[1]}" if door else ""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEDRO_", "DO_NOT_TRACK"))}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), way_out)
    return kept | proxies | {"PYTHONPATH": str(ROOT), "NO_PROXY": "", "COLUMNS": "100"}


def run(folder: Path, *words: str, door: socket.socket | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=environment(door), capture_output=True, text=True, timeout=DEADLINE_S
    )


def nobody_came(door: socket.socket) -> bool:
    try:
        door.accept()
    except BlockingIOError:
        return True
    return False


def test_from_pictures_and_scenes_to_a_manifest_and_nobody_is_told(tmp_path: Path, outside: socket.socket):
    pairs(tmp_path / "mine", "abcdef")
    picture(tmp_path / "mine/images/lonely.png", 9)
    (tmp_path / "mine.yml").write_text(
        "data_ingestion:\n  datasets:\n    - {name: composites, pairs: 10, side: 32}\n    - {name: mine, from: mine}\n"
    )
    done = run(tmp_path, "data_ingestion", "data_preprocessing", "--config", "mine.yml", door=outside)
    assert done.returncode == 0, done.stderr
    found = read_manifest(tmp_path / "build/data/manifest.csv")
    assert {pair.source for pair in found} == {"composites", "mine"}
    assert all(pair.image.is_file() and pair.mask.is_file() for pair in found)
    assert (tmp_path / "build/data/left-out.csv").read_text().count("lonely.png") == 1
    assert "no mask of this name" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        "build/data/left-out.csv: which files, and why",
        "build/data/manifest.csv: the pairs; `make train` reads it",
    ]
    assert not [word for word in ("INFO", "Kedro", "kedro", "Warning") if word in done.stdout + done.stderr]
    assert nobody_came(outside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "mine", "mine.yml"]


def test_kedros_own_command_runs_them_too_and_nobody_is_told(tmp_path: Path, outside: socket.socket):
    before = (ROOT / "pyproject.toml").read_bytes()
    mine = pairs(tmp_path / "mine", "abcdef")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/ingested.json").write_text(f'[{{"name": "mine", "layout": "folder", "roots": ["{mine}"]}}]')
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipelines", "data_preprocessing", "--params", f"data={tmp_path}"],
        cwd=ROOT,
        env=environment(outside),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(read_manifest(tmp_path / "manifest.csv")) == 6
    assert nobody_came(outside)
    assert (ROOT / "pyproject.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["data_preprocessing"], "data_preprocessing: build/data/raw/ingested.json: nothing was ingested yet"),
        (["data_ingestion", "--params", "dat=x"], "parameters: unknown parameter dat: choose from"),
    ],
)
def test_what_goes_wrong_is_one_line(tmp_path: Path, words: list[str], line: str):
    done = run(tmp_path, *words)
    assert done.returncode == 1
    assert line in done.stderr.replace(f"{tmp_path}/", "")
    assert done.stderr.count("\n") == 1


def test_help_lists_the_pipelines(tmp_path: Path):
    told = run(tmp_path, "--help").stdout
    assert "data_ingestion       Fetches, unpacks or composes the data sets" in told
    assert "data_preprocessing   Matches and checks the pairs" in told
    assert "--params" in told
    assert "invalid choice: 'data'" in run(tmp_path, "data").stderr


def test_ctrl_c_ends_it_with_a_line_and_nothing_half_written(tmp_path: Path):
    many = "data_ingestion.datasets=[{name: composites, pairs: 100000, side: 32}]"
    with subprocess.Popen(
        [*COMMAND, "data_ingestion", "--params", many],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        images = tmp_path / "build/data/raw/composites/train/images"
        eventually(lambda: running.poll() is not None or (images / "000002.jpg").exists(), DEADLINE_S)
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=DEADLINE_S)[1]
    assert running.returncode == 130, told
    assert told.rstrip().endswith("data_ingestion: stopped; run it again to go on")
    assert "Traceback" not in told
    assert not list((tmp_path / "build").rglob("*.part"))
