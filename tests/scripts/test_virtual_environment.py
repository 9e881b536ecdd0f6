import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "virtual_environment.py"


def make(folder: Path) -> None:
    # Isolated, as on a bare Debian: whatever is needed lies beside the script.
    subprocess.run([sys.executable, "-I", SCRIPT, folder], check=True)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "new"
    make(folder)
    return folder


def test_it_has_pip_and_nothing_else(new: Path):
    listed = subprocess.run([new / "bin/python", "-m", "pip", "list", "--format=freeze"], capture_output=True)
    assert [line.split("==")[0] for line in listed.stdout.decode().splitlines()] == ["pip"]


def test_one_that_is_there_is_left_as_it_is(new: Path):
    (new / "mine").touch()
    make(new)
    assert (new / "mine").exists()
