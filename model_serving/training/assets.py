"""The raw material: free pictures in Debian packages, fetched by name and unpacked without root.

`python -m model_serving.training.assets DIR` leaves DIR/usr/share/... as the packages have it.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

PACKAGES = (
    "tuxpaint-stamps-default",
    "openclipart-png",
    "fonts-noto-color-emoji",
    "oxygen-icon-theme",
    "mate-backgrounds",
    "lomiri-wallpapers-20.04",
    "lomiri-wallpapers-16.04",
    "plasma-workspace-wallpapers",
    "propaganda-debian",
    "stellarium-data",
    "sweethome3d",
    "sweethome3d-furniture",
    "wesnoth-1.16-data",
    "endless-sky-data",
    "0ad-data",
)
"""What the composites are made of; docs/shipped-weights.md has the contents and licences."""


class AssetsMissing(RuntimeError):
    """The pictures cannot be fetched or are not where they should be."""


def fetch(folder: Path, packages: tuple[str, ...] = PACKAGES) -> None:
    """Downloads the packages with apt-get and unpacks them into `folder` (2.5 GB, unpacked 4.5, no root).

    Raises AssetsMissing where apt-get or dpkg is missing or a package cannot be had.
    """
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise AssetsMissing(f"{tool} not found: fetch the assets on Debian or Ubuntu, then pass their folder")
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if not _unpacked(folder, package):
            _fetch_one(folder, package)


def _unpacked(folder: Path, package: str) -> bool:
    """A package that still lies there was not unpacked to its end."""
    return (folder / "usr/share/doc" / package).is_dir() and not any(folder.glob(f"{package}_*.deb"))


def _fetch_one(folder: Path, package: str) -> None:
    _run(["apt-get", "download", package], folder)
    archive = next(folder.glob(f"{package}_*.deb"))
    _run(["dpkg", "-x", archive.name, "."], folder)
    archive.unlink()


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssetsMissing(f"`{' '.join(command)}` failed: {done.stderr.strip()} (is `apt-get update` needed?)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m model_serving.training.assets", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to unpack the packages")
    try:
        fetch(parser.parse_args().folder)
    except AssetsMissing as error:
        parser.exit(1, f"assets: {error}\n")


if __name__ == "__main__":
    main()
