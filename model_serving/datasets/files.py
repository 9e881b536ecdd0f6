"""Which files of a data set are meant by a pattern, and what each is called apart from its pattern."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_serving.datasets.errors import DataError

PICTURES = {
    *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".bmp"),
    *(".tif", ".tiff", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm"),
}
"""Endings of the formats that `pixels.decode` reads."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Pictures in any folder whose path ends in `folder`, and below it, their name `before` * `after` `ending`.

    Upper and lower case are one. An empty `folder` is the root alone; an empty `ending` is every picture's.
    """

    folder: str
    before: str = ""
    after: str = ""
    ending: str = ""

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """`masks`, `masks/*_alpha.png` or `*.jpg`. DataError for more than one star, or one in a folder."""
        folder, _, name = text.replace("\\", "/").strip("/").rpartition("/")
        if "*" not in text:
            return cls(text.replace("\\", "/").strip("/"))
        if "*" in folder or name.count("*") != 1:
            raise DataError(f"{text}: a pattern has one *, in the name of the file, as in masks/*_alpha.png")
        before, _, rest = name.partition("*")
        after, ending = os.path.splitext(rest)
        if rest.startswith(".") and not ending:
            after, ending = "", rest
        return cls(folder, before, after, "" if ending == ".*" else ending)

    def name_of(self, file: Path) -> str | None:
        """What stands for the star; None for a file that is not meant."""
        stem, ending = file.stem, file.suffix.lower()
        if ending not in ({self.ending.lower()} if self.ending else PICTURES) or stem.startswith("._"):
            return None
        if not (stem.lower().startswith(self.before.lower()) and stem.lower().endswith(self.after.lower())):
            return None
        return stem[len(self.before) : len(stem) - len(self.after)] or None


@dataclass(frozen=True, slots=True)
class Tree:
    """The folders and files below the roots of one data set, walked once."""

    roots: tuple[Path, ...]
    folders: tuple[tuple[Path, str], ...]
    """Each with its path from the root's own name on, in lower case, between slashes."""

    @classmethod
    def walk(cls, roots: Sequence[Path]) -> "Tree":
        return cls(tuple(roots), tuple(folder for root in roots for folder in _folders(root)))

    def find(self, pattern: Pattern) -> dict[str, list[Path]] | None:
        """Name below the folder -> the files that bear it, sorted. None where there is no such folder."""
        folders = self._ending_in(pattern.folder)
        if not folders:
            return None
        found: dict[str, list[Path]] = {}
        for folder in folders:
            for file in sorted(folder.rglob("*") if pattern.folder else folder.iterdir()):
                if (name := pattern.name_of(file)) is not None and file.is_file():
                    found.setdefault((file.parent.relative_to(folder) / name).as_posix(), []).append(file)
        return found

    def _ending_in(self, folder: str) -> list[Path]:
        """The innermost ones: archives like to hold `HRSOD_train/HRSOD_train`."""
        if not folder:
            return list(self.roots)
        matching = [path for path, told in self.folders if told.endswith(f"/{folder.lower()}/")]
        return [path for path in matching if not any(path in other.parents for other in matching)]


def _folders(root: Path) -> Iterator[tuple[Path, str]]:
    for path, below, _ in os.walk(root):
        below[:] = sorted(name for name in below if name != "__MACOSX" and not name.startswith("."))
        linked = (
            name for name in below if os.path.islink(os.path.join(path, name))
        )  # named, not walked: they may loop
        for folder in (Path(path), *(Path(path, name) for name in linked)):
            told = (root.resolve().name, *folder.relative_to(root).parts)
            yield folder, f"/{'/'.join(told).lower()}/"
