import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model_serving.exporting.__main__ import main
from tests.support.eventually import eventually
from tests.support.models import tiny_weights


def test_the_command_writes_a_file_and_says_how_near_its_masks_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tiny_weights(tmp_path / "tiny.safetensors")
    main(["--weights", str(weights), "--out", str(tmp_path / "out" / "tiny.onnx")])
    assert capsys.readouterr().out.startswith(f"{tmp_path}/out/tiny.onnx: opset 18, float32, masks differ by 0.00")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny.onnx"]


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"^{tmp_path}/absent.pth: no such file"):
        main(["--variant", "base", "--weights", f"{tmp_path}/absent.pth", "--out", str(tmp_path / "out.onnx")])
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_it_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    weights, out = tiny_weights(tmp_path / "tiny.safetensors"), tmp_path / "out"
    command = [sys.executable, "-m", "model_serving.exporting", "--weights", weights, "--out", out / "tiny.onnx"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as export:
        eventually(lambda: list(out.glob(".exporting-*")), seconds=180)
        export.send_signal(signal.SIGINT)
        told = export.communicate(timeout=180)[1]
    assert told.strip() == f"stopped: {out}/tiny.onnx was not written"
    assert export.returncode == 130
    assert not list(out.iterdir())


def test_a_variant_without_shipped_weights_asks_for_a_file() -> None:
    with pytest.raises(SystemExit, match=r"^base: only the weights of small are shipped"):
        main(["--variant", "base"])
