"""Pictures and masks matched by name, within each part of a data set."""

import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from model_serving.datasets.errors import DataError
from model_serving.datasets.files import Pattern, Tree
from model_serving.datasets.layouts import FOLDER, LAYOUTS, Part, Side
from model_serving.datasets.wanted import Ingested


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture and the mask of the same name, not looked into yet. `held_out` is its data set's own share, if any."""

    image: Path
    mask: Path
    source: str
    side: Side
    held_out: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not used. What stands before a colon in `reason` is the kind."""

    file: Path
    source: str
    reason: str


def pair(dataset: Ingested) -> tuple[list[Candidate], list[LeftOut]]:
    """In the order of their names. DataError where no part of the data set is found."""
    for root in dataset.roots:
        if not root.is_dir():
            raise DataError(f"{dataset.name}: {root}: no such folder; run data_ingestion again")
    tree = Tree.walk(dataset.roots)
    candidates: list[Candidate] = []
    left_out: list[LeftOut] = []
    found = False
    for part in _parts(dataset):
        for files in (_files(tree, choice) for choice in part.choices):
            if files:
                found = True
                _match(dataset, part, *files, candidates, left_out)
                break
    if not found:
        raise DataError(_nothing(dataset))
    return candidates, left_out


def _parts(dataset: Ingested) -> tuple[Part, ...]:
    if dataset.images is None or dataset.masks is None:
        return LAYOUTS[dataset.layout]
    return (Part("", "split", ((dataset.images, dataset.masks),)),)


Named = dict[str, list[Path]]


def _files(tree: Tree, choice: tuple[str, str]) -> tuple[Named, Named] | None:
    """Pictures and masks by name, a mask that the other pattern takes too being none of the pictures."""
    images, masks = (tree.find(Pattern.parse(pattern)) for pattern in choice)
    if images is None or masks is None:
        return None
    taken = {file for files in masks.values() for file in files}
    kept = {name: [file for file in files if file not in taken] for name, files in images.items()}
    return {name: files for name, files in kept.items() if files}, masks


def _match(
    dataset: Ingested, part: Part, images: Named, masks: Named, candidates: list[Candidate], left_out: list[LeftOut]
) -> None:
    source = part.source or dataset.name
    matched = [two for name in images if name in masks for two in _nearest(images[name], masks[name])]
    candidates += [Candidate(image, mask, source, part.side, dataset.held_out) for image, mask in matched]
    taken = {file for two in matched for file in two}
    for named, kind in ((images, "mask"), (masks, "picture")):
        for files in named.values():
            twins = [file for file in files if file in taken]
            left_out += [LeftOut(file, source, _reason(file, twins, kind)) for file in files if file not in taken]


def _nearest(images: list[Path], masks: list[Path]) -> list[tuple[Path, Path]]:
    """Of one name, the picture and the mask that lie nearest to each other, and from other folders those that are as
    near: train/images/1.jpg and val/images/1.jpg each have a mask of their own."""
    found: list[tuple[Path, Path]] = []
    folders: set[Path] = set()
    ranked = sorted((_distance(image, mask), image, mask) for image, mask in product(images, masks))
    for distance, image, mask in ranked:
        own = {image.parent, mask.parent}
        if distance == ranked[0][0] and not own & folders:
            found.append((image, mask))
            folders |= own
    return found


def _distance(one: Path, other: Path) -> int:
    """Steps through folders."""
    return len(Path(os.path.relpath(one, other)).parts)


def _reason(file: Path, twins: list[Path], kind: str) -> str:
    """`twins` are the files of the same name that have their `kind`."""
    if not twins:
        return f"no {kind} of this name"
    twin = min(twins, key=lambda other: _distance(other, file))
    if twin.parent == file.parent:
        return f"same name: as {twin.name}"
    return f"no {kind} of this name: the nearest is that of {os.path.relpath(twin, file.parent)}"


def _nothing(dataset: Ingested) -> str:
    parts = _parts(dataset)
    looked_for = "; ".join(" and ".join(choice) for part in parts for choice in part.choices[:1])
    where = ", ".join(str(root) for root in dataset.roots)
    remedy = "; say what yours are called with `images` and `masks`" if dataset.layout == FOLDER else ""
    return f"{dataset.name}: none of the folders of layout {dataset.layout} is in {where}: {looked_for}{remedy}"
