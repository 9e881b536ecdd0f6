import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.up.place import LONGEST_NAME, Occupied, occupy
from tests.proxy.up.processes import python
from tests.support.eventually import eventually


def test_a_second_one_is_told_who_runs_here(tmp_path):
    with (
        occupy(tmp_path),
        pytest.raises(Occupied, match=rf"^Rematte is already running .*\(process {os.getpid()}\).*kill {os.getpid()}"),
        occupy(tmp_path),
    ):
        pass


def test_a_process_that_was_killed_occupies_nothing(tmp_path):
    code = (
        "import time; from pathlib import Path; from proxy.up.place import occupy\n"
        f"with occupy(Path({str(tmp_path)!r})): print(flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.kill()
    (tmp_path / "scratch" / "left behind").touch()
    with occupy(tmp_path) as place:
        assert list(place.scratch.iterdir()) == []


def test_the_scratch_folder_is_this_users_alone(tmp_path):
    with occupy(tmp_path) as place:
        assert stat.S_IMODE(place.scratch.stat().st_mode) == 0o700


@pytest.mark.parametrize("depth", [1, 200])
def test_the_scratch_folder_has_a_short_name_however_deep_the_run_directory_lies(tmp_path, depth):
    with tempfile.TemporaryDirectory() as short:
        deep = Path(short, "d" * depth)
        with occupy(deep) as place:
            assert len(str(place.scratch)) <= LONGEST_NAME
            assert place.scratch.resolve() == (deep / "scratch").resolve()


def test_nothing_but_the_logs_is_left(tmp_path):
    with occupy(tmp_path) as place:
        (place.logs / "redis.log").touch()
        (place.scratch / "redis.sock").touch()
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "redis.log"}
    assert not place.scratch.exists()


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    yield tmp_path
    # A file of it may still be open in a process that is just ending.
    eventually(lambda: subprocess.run(["umount", tmp_path], capture_output=True).returncode == 0)


def test_a_full_disk_is_named_before_anything_is_started(small_disk):
    with pytest.raises(OSError, match="No space left on device") as caught, occupy(small_disk / ".run"):
        pass
    assert caught.value.filename == str(small_disk / ".run")
