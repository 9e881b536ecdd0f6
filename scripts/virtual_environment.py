"""`python3 scripts/virtual_environment.py .venv` makes a virtual environment with pip in it.

Debian's python3 comes without `ensurepip` (it is in the package python3-venv), so `python3 -m venv` fails there. pip's
own wheel lies beside this script and installs itself.
"""

import subprocess
import sys
import venv
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
PIP = Path(__file__).with_name("pip-26.3-py3-none-any.whl")


def main() -> None:
    folder = Path(sys.argv[1])
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"Python {sys.version.split()[0]} is not in 3.11 to 3.13: name another, as in `make up PYTHON=python3.13`."
        )
    if not _has_pip(folder):
        venv.create(folder, symlinks=True)
        subprocess.run([folder / "bin" / "python", PIP / "pip", "install", "-q", "--no-index", PIP], check=True)


def _has_pip(folder: Path) -> bool:
    python = folder / "bin" / "python"
    return python.exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0


if __name__ == "__main__":
    main()
