"""Archives unpacked by hand: nothing is written outside of the folder, through a link, or without end.

Only folders and plain files are made, every name is checked, and what is written is counted while it is written: what
an archive says of itself is not believed.
"""

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from model_serving.datasets.errors import DataError

MOST_BYTES = 200 * 2**30
MOST_FILES = 1_000_000
"""More than the largest of the published data sets has many times over."""
SPARED = 2**30
"""Bytes of the disk that stay free."""
_PIECE = 1 << 20
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path,
    folder: Path,
    most_bytes: int = MOST_BYTES,
    most_files: int = MOST_FILES,
    advance: Callable[[int], None] = lambda _written: None,
) -> None:
    """Writes the files of a zip or tar (.gz, .bz2, .xz) into `folder`, which is new or empty.

    `advance` is told the bytes written so far. DataError for what is no archive, is damaged or encrypted, is too large,
    has a name that leads out of the folder, a link or a device; what was written by then is the caller's to remove.
    """
    folder.mkdir(parents=True, exist_ok=True)
    most_bytes = min(most_bytes, max(0, shutil.disk_usage(folder).free - SPARED))
    written = 0
    try:
        with closing(_entries(archive)) as entries:
            for number, entry in enumerate(entries, start=1):
                if number > most_files:
                    raise DataError(f"{archive}: has more than {most_files} files; unpack it by hand")
                target = _target(archive, folder, entry.name)
                for piece in _pieces(entry, target):
                    written += piece
                    advance(written)
                    if written > most_bytes:
                        raise DataError(
                            f"{archive}: unpacks to more than {most_bytes:,} bytes, all that there is room for"
                        )
    except _DAMAGED as error:
        raise DataError(f"{archive}: damaged: {' '.join(str(error).split()) or type(error).__name__}") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DataError(f"{archive}: has two entries of one name: {error.filename}; unpack it by hand") from error
    except OSError as error:
        if error.errno is not None:  # the disk's word; gzip and bzip2 say without one that they found damage
            raise
        raise DataError(f"{archive}: damaged: {error}") from error


def _pieces(entry: _Entry, target: Path) -> Iterator[int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with entry.open() as packed, target.open("xb") as file:
        while piece := packed.read(_PIECE):
            file.write(piece)
            yield len(piece)


def _target(archive: Path, folder: Path, name: str) -> Path:
    """Where an entry of that name is written. Both slashes count as such, since archives come from everywhere."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0] or "\0" in name:
        raise DataError(f"{archive}: refused, because its entry {name!r} names no file inside of it")
    return folder.joinpath(*path.parts)


def _entries(archive: Path) -> Generator[_Entry]:
    if not archive.is_file():
        raise DataError(f"{archive}: no such file")
    if tarfile.is_tarfile(archive):  # first, since a zip at the end of a tar looks like one
        return _tarred(archive)
    if zipfile.is_zipfile(archive):
        return _zipped(archive)
    raise DataError(f"{archive}: no zip or tar; unpack it by hand and name the folder")


def _zipped(archive: Path) -> Generator[_Entry]:
    with zipfile.ZipFile(archive) as content:
        for info in content.infolist():
            if info.flag_bits & 1:
                raise DataError(f"{archive}: encrypted; unpack it by hand and name the folder")
            if info.compress_type not in _METHODS:
                raise DataError(
                    f"{archive}: compressed by a method ({info.compress_type}) that is not known here; unpack it by"
                    " hand and name the folder"
                )
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise DataError(f"{archive}: refused, because its entry {info.filename!r} is a link or a device")
            if not info.filename.endswith("/"):
                yield _Entry(info.filename, partial(content.open, info))


def _tarred(archive: Path) -> Generator[_Entry]:
    with tarfile.open(archive) as content:
        for member in content:
            if not (member.isfile() or member.isdir()):
                raise DataError(f"{archive}: refused, because its entry {member.name!r} is a link or a device")
            if member.isfile():
                yield _Entry(member.name, partial(_opened, content, member))
        _check_end(archive, content)


def _check_end(archive: Path, content: tarfile.TarFile) -> None:
    """DataError where no block of zeros follows the last entry: tarfile takes a damaged header for the end.

    One block is enough, since not everybody writes the second. The rest is read for the sake of its checksum.
    """
    assert content.fileobj is not None
    content.fileobj.seek(content.offset)
    if content.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
        read = len(content.getmembers())
        raise DataError(f"{archive}: damaged: after {read} entries comes neither one more nor the end")
    while content.fileobj.read(_PIECE):
        pass


def _opened(content: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = content.extractfile(member)
    assert file is not None  # as for every plain file
    return file
