"""Pictures and masks matched by name, within each part of a data set."""

import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from model_serving.datasets.errors import DataError
from model_serving.datasets.files import Pattern, Tree
from model_serving.datasets.layouts import LAYOUTS, Part, Side
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
    for name in images.keys() & masks.keys():
        # Folders may bear the same names: a/images/1.jpg and b/images/1.jpg each have a mask of their own.
        images[name], masks[name] = _nearest_first(images[name], masks[name])
    for named, others, kind in ((images, masks, "mask"), (masks, images, "picture")):
        for name, files in named.items():
            left_out += [LeftOut(file, source, f"same name: as {files[0].name}") for file in files[1:]]
            if name not in others:
                left_out.append(LeftOut(files[0], source, f"no {kind} of this name"))
    candidates += [
        Candidate(images[name][0], masks[name][0], source, part.side, dataset.held_out)
        for name in images
        if name in masks
    ]


def _nearest_first(images: list[Path], masks: list[Path]) -> tuple[list[Path], list[Path]]:
    """The picture and the mask that share the most folders before the others; the first of equally near ones."""
    image, mask = max(product(images, masks), key=lambda two: len(Path(os.path.commonpath(two)).parts))
    return sorted(images, key=lambda file: file != image), sorted(masks, key=lambda file: file != mask)


def _nothing(dataset: Ingested) -> str:
    parts = _parts(dataset)
    looked_for = "; ".join(" and ".join(choice) for part in parts for choice in part.choices[:1])
    where = ", ".join(str(root) for root in dataset.roots)
    return f"{dataset.name}: none of the folders of layout {dataset.layout} is in {where}: {looked_for}"
