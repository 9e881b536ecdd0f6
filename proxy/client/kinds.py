"""What can be fetched: how it is asked for, and what is made of the answer before it is written."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from proxy.client.errands import BadErrand, Errand
from proxy.core.fingerprint import image_of
from proxy.errors import BadImage
from proxy.imaging.containers import MEDIA_TYPES
from proxy.imaging.mask_formats import FILES
from proxy.imaging.picture import upright_size
from proxy.imaging.renderers import scaled_png


@dataclass(frozen=True, slots=True)
class Ask:
    """How one picture's answer is asked for, and what is made of it (in a thread)."""

    options: Mapping[str, str] = field(default_factory=dict)
    finish: Callable[[bytes], bytes] = bytes


def plainly(_errand: Errand, _picture: bytes) -> Ask:
    return Ask()


@dataclass(frozen=True, slots=True)
class Kind:
    """What is fetched: from which path, how it is asked for, and what it must be."""

    path: str
    ask: Callable[[Errand, bytes], Ask] = plainly
    media_type: str = "image/png"


def small(_errand: Errand, picture: bytes) -> Ask:
    """A mask as the model made it, scaled here as the server would have done it: of twelve megapixels it has hundreds
    of kilobytes, as it was made some tens. What cannot be measured here is the server's to judge."""
    try:
        size = upright_size(image_of(picture, seed=0), max_pixels=sys.maxsize)
    except BadImage:
        return Ask()
    return Ask({"size": "model"}, partial(scaled_png, size=size))


MASKS, CUTOUTS = Kind("/v1/mask", small), Kind("/v1/cutout")


def masks(name: str) -> Kind:
    """Masks in one of the server's formats. Raises BadErrand for a name that is none of them."""
    file = next((file for kind, file in FILES.items() if kind == name), None)
    if file is None:
        raise BadErrand(f"--format {name}: there is no such format; these are: {', '.join(FILES)}.")
    if name == "png":
        return MASKS
    return Kind(MASKS.path, partial(_in_format, name), file.media_type)


def cutouts(name: str) -> tuple[Kind, str]:
    """Cutouts in one of the server's formats, and how their files' names end. Raises BadErrand likewise."""
    media_type = next((type_ for kind, type_ in MEDIA_TYPES.items() if kind == name), None)
    if media_type is None:
        raise BadErrand(f"--format {name}: there is no such format; these are: {', '.join(MEDIA_TYPES)}.")
    suffix = ".jpg" if name == "jpeg" else f".{name}"
    return (CUTOUTS if name == "png" else Kind(CUTOUTS.path, partial(_in_format, name), media_type)), suffix


def suffix_of(name: str) -> str:
    """Of the files of a mask's format that there is."""
    return next(file.suffix for kind, file in FILES.items() if kind == name)


def lies_beside(name: str) -> bool:
    """Whether its files may lie beside their pictures: they are none themselves, which the next run would take."""
    return suffix_of(name) in (".json", ".txt")


def _in_format(name: str, errand: Errand, _picture: bytes) -> Ask:
    return Ask({"format": name}, partial(_naming, errand) if name == "labelme" else bytes)


def _naming(errand: Errand, document: bytes) -> bytes:
    """labelme opens the image that its file names, seen from where the file lies."""
    path = os.path.relpath(errand.source.resolve(), errand.target.parent.resolve())
    return json.dumps(json.loads(document) | {"imagePath": path}).encode()
