"""Where the published data sets keep their pictures and masks. docs/datasets.md says where each is to be had.

The folders are those of the archives as published; beside them, `<set>/images` and `<set>/masks` are known for every
set, which is how InSPyReNet's authors pack them (docs/getting_started.md of their repository).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Side = Literal["train", "held-out", "split"]
"""Of a part: all for training, all held out, or a seeded share held out."""


@dataclass(frozen=True, slots=True)
class Part:
    """One half of a published data set, or all of it.

    `source` is what the published tables call it; empty where it is the data set's own name. Of `choices`, pairs of
    patterns for pictures and masks as `files.py` reads them, all that are there are taken, a file by the first that
    has a partner for it.
    """

    source: str
    side: Side
    choices: tuple[tuple[str, str], ...]


def _published(source: str, side: Side, images: str, masks: str, *others: tuple[str, str]) -> Part:
    return Part(source, side, ((images, masks), (f"{source}/images", f"{source}/masks"), *others))


_PLAIN = ("images", "masks")
COMPOSITES = "composites"
FOLDER = "folder"

LAYOUTS: Mapping[str, tuple[Part, ...]] = {
    "DUTS": (
        _published("DUTS-TR", "split", "DUTS-TR-Image", "DUTS-TR-Mask"),
        _published("DUTS-TE", "held-out", "DUTS-TE-Image", "DUTS-TE-Mask"),
    ),
    "DUT-OMRON": (_published("DUT-OMRON", "held-out", "DUT-OMRON-image", "pixelwiseGT-new-PNG", _PLAIN),),
    "ECSSD": (_published("ECSSD", "held-out", "images", "ground_truth_mask", _PLAIN),),
    "HKU-IS": (_published("HKU-IS", "held-out", "imgs", "gt", _PLAIN),),
    "PASCAL-S": (_published("PASCAL-S", "held-out", "imgs/pascal", "masks/pascal", _PLAIN),),
    "HRSOD": (
        _published("HRSOD-TR", "split", "HRSOD_train", "HRSOD_train_mask"),
        _published("HRSOD-TE", "held-out", "HRSOD_test", "HRSOD_test_mask"),
    ),
    "UHRSD": (
        _published("UHRSD-TR", "split", "UHRSD_TR_2K/image", "UHRSD_TR_2K/mask"),
        _published("UHRSD-TE", "held-out", "UHRSD_TE_2K/image", "UHRSD_TE_2K/mask"),
    ),
    "DIS5K": (
        _published("DIS-TR", "split", "DIS-TR/im", "DIS-TR/gt"),
        *(
            _published(part, "held-out", f"{part}/im", f"{part}/gt")
            for part in ("DIS-VD", "DIS-TE1", "DIS-TE2", "DIS-TE3", "DIS-TE4")
        ),
    ),
    COMPOSITES: (
        Part("", "train", (("train/images", "train/masks"),)),
        Part("", "held-out", (("held-out/images", "held-out/masks"),)),
    ),
    FOLDER: (Part("", "split", (_PLAIN, ("image", "mask"), ("imgs", "masks"), ("im", "gt"))),),
}


def layout_named(name: str) -> str | None:
    """The layout of that name, or that one of its parts bears: a folder called DUTS-TE is a part of DUTS.

    Upper and lower case are one, as for folders: a published test set must not be trained on because of them.
    """
    known = {part.source.lower(): layout for layout, parts in LAYOUTS.items() for part in parts if part.source}
    known |= {layout.lower(): layout for layout in LAYOUTS}
    return known.get(name.lower())
