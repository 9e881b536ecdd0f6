"""Pictures and masks matched by name, within each part of a data set."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
        if there := [files for choice in part.choices if (files := _files(tree, choice))]:
            found = True
            _match(dataset, part, there, candidates, left_out)
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
    dataset: Ingested,
    part: Part,
    there: Sequence[tuple[Named, Named]],
    candidates: list[Candidate],
    left_out: list[LeftOut],
) -> None:
    """Each of the part's choices that are there takes what the ones before it have left."""
    source = part.source or dataset.name
    taken: set[Path] = set()
    for images, masks in (tuple(_less(taken, named) for named in files) for files in there):
        matched = [two for name in images if name in masks for two in _nearest(images[name], masks[name])]
        candidates += [Candidate(image, mask, source, part.side, dataset.held_out) for image, mask in matched]
        taken.update(file for two in matched for file in two)
    images, masks = (_together(named) for named in zip(*there, strict=True))
    for named, others, kind in ((images, masks, "mask"), (masks, images, "picture")):
        for name, files in named.items():
            twins = [file for file in files if file in taken]
            left = [file for file in files if file not in taken]
            left_out += [LeftOut(file, source, _reason(file, twins, kind, name in others)) for file in left]


def _less(taken: set[Path], named: Named) -> Named:
    return {name: [file for file in files if file not in taken] for name, files in named.items()}


def _together(several: Iterable[Named]) -> Named:
    together: Named = {}
    for named in several:
        for name, files in named.items():
            together[name] = list(dict.fromkeys([*together.get(name, []), *files]))
    return together


def _nearest(images: list[Path], masks: list[Path]) -> list[tuple[Path, Path]]:
    """Of one name, each picture and mask that are nearest to each other: train/images/1.jpg and val/images/1.jpg have
    masks of their own."""
    images_under, masks_under = _by_folder(images), _by_folder(masks)
    nearest = ((image, _neighbour(image, masks_under)) for image in images)
    return [(image, mask) for image, mask in nearest if mask and _neighbour(mask, images_under) == image]


def _by_folder(files: list[Path]) -> dict[Path, list[Path]]:
    """By every folder that they lie in, however deep."""
    under: defaultdict[Path, list[Path]] = defaultdict(list)
    for file in sorted(files):
        for folder in file.parents:
            under[folder].append(file)
    return under


def _neighbour(file: Path, under: dict[Path, list[Path]]) -> Path | None:
    """What shares the most folders with the file and then lies the least deep. None where several folders have one that
    does: whose it is would be a guess."""
    there = next((under[folder] for folder in file.parents if folder in under), [])
    depth = min((len(other.parents) for other in there), default=0)
    nearest = [other for other in there if len(other.parents) == depth]
    return nearest[0] if len({other.parent for other in nearest}) == 1 else None


def _reason(file: Path, twins: list[Path], kind: str, is_there: bool) -> str:
    """`twins` are the files of the same name that have their `kind`; `is_there`: one of this name is there at all."""
    if not is_there:
        return f"no {kind} of this name"
    if not twins:
        return f"several {kind}s of this name are equally near: make data sets of their own of the folders"
    twin = min(twins, key=lambda other: _steps(other, file))
    if twin.parent == file.parent:
        return f"same name: as {twin.name}"
    return f"no {kind} of this name: the nearest is that of {os.path.relpath(twin, file.parent)}"


def _steps(one: Path, other: Path) -> int:
    """Through folders."""
    return len(Path(os.path.relpath(one, other)).parts)


def _nothing(dataset: Ingested) -> str:
    parts = _parts(dataset)
    looked_for = "; ".join(" and ".join(choice) for part in parts for choice in part.choices[:1])
    where = ", ".join(str(root) for root in dataset.roots)
    remedy = "; say what yours are called with `images` and `masks`" if dataset.layout == FOLDER else ""
    return f"{dataset.name}: none of the folders of layout {dataset.layout} is in {where}: {looked_for}{remedy}"
