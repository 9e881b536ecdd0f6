import os
import subprocess
import sys
from pathlib import Path


def fetch(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_serving.training.assets", str(folder)]
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)


def tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_without_apt_one_clear_line(tmp_path: Path):
    done = fetch(tmp_path / "assets", path=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("assets: apt-get not found: fetch the assets on Debian or Ubuntu")
    assert done.stderr.count("\n") == 1


def test_a_package_that_cannot_be_had_is_named(tmp_path: Path):
    tool(tmp_path / "bin", "apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
    tool(tmp_path / "bin", "dpkg", "exit 0")
    done = fetch(tmp_path / "assets", path=f"{tmp_path / 'bin'}:/bin:/usr/bin")
    assert done.returncode == 1
    assert "apt-get download tuxpaint-stamps-default" in done.stderr
    assert "Unable to locate package" in done.stderr


def test_what_is_unpacked_is_not_fetched_again(tmp_path: Path):
    log = tmp_path / "asked"
    tool(tmp_path / "bin", "apt-get", f'echo "$2" >> {log}; touch "$2_1_all.deb"')
    tool(tmp_path / "bin", "dpkg", 'name=$(basename "$2" _1_all.deb); mkdir -p "usr/share/doc/$name"')
    for _ in range(2):
        done = fetch(tmp_path / "assets", path=f"{tmp_path / 'bin'}:/bin:/usr/bin")
        assert done.returncode == 0, done.stderr
    asked = log.read_text().split()
    assert len(asked) == len(set(asked)) > 5


def test_what_was_unpacked_in_part_is_unpacked_again(tmp_path: Path):
    tool(tmp_path / "bin", "apt-get", 'touch "$2_1_all.deb"')
    tool(tmp_path / "bin", "dpkg", 'name=$(basename "$2" _1_all.deb); mkdir -p "usr/share/doc/$name"; test -e room')
    path = f"{tmp_path / 'bin'}:/bin:/usr/bin"
    assert fetch(tmp_path / "assets", path=path).returncode == 1
    (tmp_path / "assets/room").touch()
    done = fetch(tmp_path / "assets", path=path)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "assets").glob("*.deb"))
