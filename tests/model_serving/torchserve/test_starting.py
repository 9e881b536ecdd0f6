import os
import subprocess
import sys
from pathlib import Path

from model_serving.torchserve.ready import is_ready


def test_without_an_archive_it_says_in_one_line_how_to_make_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_serving.torchserve", "--model-store", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"There is no inspyrenet.mar in {tmp_path}: `make model` builds it.\n"


def test_a_damaged_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    """TorchServe itself would start, and serve no model."""
    archive = tmp_path / "inspyrenet.mar"
    archive.write_bytes(b"PK\3\4 cut short")
    command = [sys.executable, "-m", "model_serving.torchserve", "--model-store", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"{archive} is damaged or no archive (File is not a zip file); build it"
        " anew with `make model`, with VARIANT and WEIGHTS as before\n"
    )


def test_starting_it_imports_no_torch() -> None:
    imports = "import sys, model_serving.torchserve.__main__, model_serving.torchserve.ready"
    program = f"{imports}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_server_that_is_away_is_not_ready() -> None:
    assert not is_ready("http://127.0.0.1:9")


def test_the_probe_of_a_server_that_is_away_fails() -> None:
    command = [sys.executable, "-m", "model_serving.torchserve.ready", "http://127.0.0.1:9"]
    assert subprocess.run(command, env=os.environ | {"http_proxy": "http://127.0.0.1:9"}).returncode == 1
