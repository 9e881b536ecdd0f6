"""`python3 scripts/virtual_environment.py .venv` makes a virtual environment with pip in it.

Debian's python3 comes without `ensurepip` (it is in the package python3-venv), so that `python3 -m venv` fails there.
Then pip is taken from the package index that pip itself would ask.
"""

import configparser
import hashlib
import importlib.util
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import venv
from pathlib import Path
from urllib.parse import urljoin, urlsplit

OLDEST, NEWEST = (3, 11), (3, 13)
WHEEL = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"  # pip's own default


def main() -> None:
    folder = Path(sys.argv[1])
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"Python {sys.version.split()[0]} is not in 3.11 to 3.13: name another, as in `make up PYTHON=python3.13`."
        )
    if _has_pip(folder):
        return
    if importlib.util.find_spec("ensurepip"):
        venv.create(folder, with_pip=True)
    else:
        venv.create(folder)
        _install_pip(folder)


def _has_pip(folder: Path) -> bool:
    python = folder / "bin" / "python"
    return python.exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0


def _install_pip(folder: Path) -> None:
    index = _index()
    try:
        content = _wheel(index)
    except (OSError, ValueError) as error:
        sys.exit(f"pip cannot be fetched from {index} ({error}): `apt install python3-venv`, then try again.")
    with tempfile.TemporaryDirectory() as work:
        wheel = Path(work, WHEEL)
        wheel.write_bytes(content)
        subprocess.run([folder / "bin" / "python", wheel / "pip", "install", "-q", "--no-index", wheel], check=True)


def _index() -> str:
    if index := os.environ.get("PIP_INDEX_URL"):
        return index
    files = [Path("/etc/pip.conf"), Path.home() / ".pip/pip.conf", Path.home() / ".config/pip/pip.conf"]
    settings = configparser.ConfigParser(interpolation=None)
    settings.read([*files, os.environ.get("PIP_CONFIG_FILE", os.devnull)])
    return settings.get("global", "index-url", fallback=DEFAULT_INDEX)


def _wheel(index: str) -> bytes:
    """Raises OSError when the index cannot be reached, ValueError when what comes is not what was expected."""
    page = f"{index.rstrip('/')}/pip/"
    found = re.search(rf'href="([^"]*{re.escape(WHEEL)})', _get(page).decode(errors="replace"))
    if found is None:
        raise ValueError(f"it has no {WHEEL}")
    content = _get(urljoin(page, found[1]))
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"its {WHEEL} is damaged")
    return content


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bytes(answer.read())
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError) or "@" in urlsplit(url).netloc:
            raise
    # A fresh Debian has no certificates to verify with (pip brings its own). The checksum is the proof, not the line.
    with urllib.request.urlopen(url, timeout=60, context=ssl._create_unverified_context()) as answer:
        return bytes(answer.read())


if __name__ == "__main__":
    main()
