import shutil
import signal
import socket
from pathlib import Path

import httpx

from model_serving.archive import Archive
from tests.end_to_end.images import new_image
from tests.proxy.up.processes import is_gone
from tests.support.running_up import running_up


def test_one_command_starts_everything_and_ctrl_c_stops_it(archive: Archive, tmp_path: Path):
    (tmp_path / "model-store").mkdir()
    shutil.copy(archive.path, tmp_path / "model-store")
    with running_up(tmp_path, _free_port()) as up:
        up.wait_until_ready()
        children = up.children()
        assert {"TorchServe", "Proxy"} <= children.keys()
        image = new_image()
        answers = [_mask(up.port, image).headers["cache-status"] for _ in range(2)]
        assert "fwd=miss" in answers[0]
        assert "hit" in answers[1]
        up.process.send_signal(signal.SIGINT)
        status, _, errors = up.end()
    assert (status, errors) == (0, "")
    assert all(is_gone(pid) for pid in children.values())


def _mask(port: int, image: bytes) -> httpx.Response:
    url, headers = f"http://127.0.0.1:{port}/v1/mask", {"content-type": "image/jpeg"}
    return httpx.post(url, content=image, headers=headers, timeout=60, trust_env=False).raise_for_status()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])
