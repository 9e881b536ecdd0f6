import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "virtual_environment.py"


def make(folder: Path) -> None:
    # Isolated, as on a bare Debian: whatever is needed lies beside the script.
    subprocess.run([sys.executable, "-I", SCRIPT, folder], check=True)


def test_it_has_pip_and_nothing_else(tmp_path: Path):
    make(tmp_path / "new")
    listed = subprocess.run([tmp_path / "new/bin/python", "-m", "pip", "list", "--format=freeze"], capture_output=True)
    assert [line.split("==")[0] for line in listed.stdout.decode().splitlines()] == ["pip"]


def test_one_that_is_there_is_left_as_it_is(tmp_path: Path):
    make(tmp_path / "new")
    (tmp_path / "new" / "mine").touch()
    make(tmp_path / "new")
    assert (tmp_path / "new" / "mine").exists()
