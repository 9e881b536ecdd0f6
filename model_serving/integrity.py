"""Whether an archive's files are those that it was made of: its version is made from them, so it tells."""

import hashlib
import json
import zipfile
from collections.abc import Collection
from pathlib import Path

MANIFEST = "MAR-INF/MANIFEST.json"
_REMEDY = "build it anew with `make model`, with VARIANT and WEIGHTS as before"


class DamagedArchive(Exception):
    """Files that are not what the archive was made of. The message is one line."""


def version_of(variant: str, folder: Path, besides: Collection[str] = ()) -> str:
    """The version of an archive of these files: the variant, and 8 hex digits over their names and contents.

    `besides` are files and folders at the top that have no part in it.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder)
        if name.parts[0] not in besides and "__pycache__" not in name.parts:
            for part in (name.as_posix().encode(), path.read_bytes()):
                digest.update(len(part).to_bytes(8, "big"))
                digest.update(part)
    return f"{variant}-{digest.hexdigest()[:8]}"


def check_contents(folder: Path) -> None:
    """Raises DamagedArchive where an unpacked archive's files are not those of its version."""
    model = json.loads((folder / MANIFEST).read_text())["model"]
    version: str = model["modelVersion"]
    found = version_of(version.rpartition("-")[0], folder, besides=("MAR-INF", model["configFile"]))
    if found != version:
        raise DamagedArchive(f"the archive's files are damaged: they are {found} and not {version}; {_REMEDY}")


def check_archive(file: Path) -> None:
    """Raises DamagedArchive for a packed archive that is cut short, or of which a part does not match its checksum;
    OSError for one that cannot be opened."""
    with file.open("rb") as content:
        try:
            with zipfile.ZipFile(content) as archive:
                archive.getinfo(MANIFEST)
                damaged = archive.testzip()
        except Exception as error:  # damaged directories make zipfile raise nearly every built-in error
            raise DamagedArchive(f"{file} is damaged or no archive ({error}); {_REMEDY}") from error
    if damaged:
        raise DamagedArchive(f"{file} is damaged: its {damaged} does not match its checksum; {_REMEDY}")
