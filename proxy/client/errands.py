"""Which pictures are sent, and where each answer goes. Nothing is sent before that is beyond doubt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PICTURES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".png"}
    | {".pgm", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Suffixes by which a picture is known in a folder; a file that is named is sent whatever it is called."""


class BadErrand(Exception):
    """`str(error)` is one line that names the files."""


@dataclass(frozen=True, slots=True)
class Errand:
    source: Path
    target: Path


def plan(arguments: Sequence[Path], folder: Path | None, suffix: str = ".png") -> list[Errand]:
    """`photos/cat.jpg` goes to `folder`/cat.png, or without a folder beside itself; of an argument that is a folder,
    every picture at any depth, likewise.

    Raises BadErrand for what is not there, for two pictures with one target, and for a target that is a source.
    """
    found = dict(pair for argument in arguments for pair in _pictures(argument, folder))
    errands = [
        Errand(source, (folder / place if folder else source).with_suffix(suffix)) for source, place in found.items()
    ]
    _refuse_shared_targets(errands)
    _refuse_overwriting(errands)
    return errands


def _pictures(argument: Path, folder: Path | None) -> Iterator[tuple[Path, Path]]:
    """Each picture with its place in the output folder. What lies there already is no input."""
    if argument.is_file():
        yield argument, Path(argument.name)
        return
    if not argument.is_dir():
        raise BadErrand(f"{argument}: no such file.")
    files = sorted(path for path in argument.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
    inside = [path for path in files if folder is None or not _lies_in(folder, path) or _same(argument, folder)]
    if not inside:
        raise BadErrand(f"{argument}: no pictures in this folder.")
    for path in inside:
        yield path, path.relative_to(argument)


def _refuse_shared_targets(errands: Sequence[Errand]) -> None:
    owners: dict[Path, Path] = {}
    for errand in errands:
        if (other := owners.setdefault(errand.target, errand.source)) != errand.source:
            raise BadErrand(
                f"{other} and {errand.source} would both become {errand.target}: rename one, or give each its own -o."
            )


def _refuse_overwriting(errands: Sequence[Errand]) -> None:
    sources = {errand.source.resolve(): errand.source for errand in errands}
    for errand in errands:
        if source := sources.get(errand.target.resolve()):
            raise BadErrand(f"{errand.target} would overwrite the picture {source}: choose another folder with -o.")


def _lies_in(folder: Path, path: Path) -> bool:
    return folder.resolve() in path.resolve().parents


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
