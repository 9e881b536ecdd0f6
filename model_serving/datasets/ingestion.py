"""Every wanted data set brought where it can be read, once."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_serving.datasets.bars import bytes_bar
from model_serving.datasets.downloads import download, verify
from model_serving.datasets.errors import DataError
from model_serving.datasets.layouts import COMPOSITES
from model_serving.datasets.scenes import Scenes
from model_serving.datasets.unpacking import unpack
from model_serving.datasets.wanted import Ingested, Place, Wanted

RECORD = ".ingested.json"
DOWNLOADS = ".downloads"


def ingest(wanted: Sequence[Wanted], folder: Path) -> list[Ingested]:
    """Leaves in `folder`/<name> what has to be fetched, unpacked or made; a folder is read where it lies.

    What is there already from the same places is not fetched again. DataError, or OSError when the disk refuses; then
    the data sets before it are there, and downloads and scenes go on where they stopped.
    """
    return [_ingest(one, folder) for one in wanted]


def _ingest(one: Wanted, folder: Path) -> Ingested:
    roots = [place.path.absolute() for place in one.places if _is_folder(place)]
    archives = [place for place in one.places if not _is_folder(place)]
    home = (folder / one.name).absolute()
    if one.layout == COMPOSITES:
        Scenes(home, one.side, one.seed, one.assets).make(one.pairs)
        roots = [home]
    elif archives:
        _install(one.name, archives, home)
        roots += [home / str(number) for number in range(1, len(archives) + 1)]
    shared = one.model_dump(include={"name", "layout", "images", "masks", "held_out"})
    return Ingested(roots=tuple(roots), **shared)


def _is_folder(place: Place) -> bool:
    return not place.is_url and place.path.is_dir()


def _install(name: str, archives: Sequence[Place], home: Path) -> None:
    """Each archive in a folder of its own, by number, and beside them the record of what they came from."""
    if _is_same(_recorded(home), archives):
        return
    downloads = home.parent / DOWNLOADS
    with _fresh(home.parent / f".{name}.part") as work:
        for number, place in enumerate(archives, start=1):
            _unpack(name, _fetched(name, place, downloads), work / str(number))
        (work / RECORD).write_text(json.dumps([_identity(place) for place in archives]))
        _put_in_place(work, home)
    for place in archives:
        if place.is_url:
            _downloaded(name, place, downloads).unlink(missing_ok=True)


def _fetched(name: str, place: Place, downloads: Path) -> Path:
    """The archive as a file, of the right checksum."""
    if not place.is_url:
        if not place.path.exists():
            raise DataError(f"{name}: {place.where}: no such file or folder")
        if place.checksum:
            verify(place.path, place.checksum)
        return place.path
    file = _downloaded(name, place, downloads)
    if not file.exists():
        assert place.checksum is not None  # Place asks for it
        with bytes_bar(f"{name}: fetching") as advance:
            download(place.where, file, place.checksum, advance)
    return file


def _downloaded(name: str, place: Place, downloads: Path) -> Path:
    assert place.checksum is not None  # Place asks for it
    return downloads / f"{name}-{place.checksum[1][:16]}{Path(urlsplit(place.where).path).suffix[:8]}"


def _unpack(name: str, archive: Path, folder: Path) -> None:
    with bytes_bar(f"{name}: unpacking") as advance:
        unpack(archive, folder, advance=lambda written: advance(written, None))


def _identity(place: Place) -> dict[str, Any]:
    """What tells whether it is still the same archive: its checksum, or else its size and time."""
    told: dict[str, Any] = {"from": place.where, "checksum": place.checksum and list(place.checksum)}
    if not place.is_url and place.path.exists():
        state = place.path.stat()
        told |= {"size": state.st_size, "mtime_ns": state.st_mtime_ns}
    return told


def _is_same(recorded: list[dict[str, Any]], archives: Sequence[Place]) -> bool:
    """An archive that was removed since is no other one."""
    identities = [_identity(place) for place in archives]
    return len(recorded) == len(identities) and all(
        now.items() <= then.items() for now, then in zip(identities, recorded, strict=True)
    )


def _recorded(home: Path) -> list[dict[str, Any]]:
    try:
        recorded = json.loads((home / RECORD).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    return recorded if isinstance(recorded, list) else []


@contextmanager
def _fresh(folder: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards, whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(work: Path, home: Path) -> None:
    """What came from other places earlier goes; between the two, nothing bears the name."""
    if home.exists() and not (home / RECORD).exists():
        raise DataError(f"{home}: is no data set of ours; move it away, or choose another name")
    shutil.rmtree(home, ignore_errors=True)
    work.replace(home)
