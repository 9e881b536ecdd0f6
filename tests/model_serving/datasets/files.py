"""Tiny pictures, masks and archives."""

import io
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def picture(file: Path, seed: int = 0, size: tuple[int, int] = (12, 8), orientation: int = 1) -> Path:
    """A picture of width x height noise, another one for each seed."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, exif=exif)
    return file


def mask(file: Path, size: tuple[int, int] = (12, 8), salient: int = 255) -> Path:
    """Its left half is salient."""
    width, height = size
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, : width // 2] = salient
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def pairs(folder: Path, names: str, images: str = "images", masks: str = "masks", first: int = 0) -> Path:
    """A pair for each letter."""
    for seed, name in enumerate(names, start=first):
        picture(folder / images / f"{name}.png", seed)
        mask(folder / masks / f"{name}.png")
    return folder


def zipped(file: Path, content: Mapping[str, bytes]) -> Path:
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "w") as archive:  # of names that come twice
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return file


def tarred(file: Path, content: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file


def packed(folder: Path) -> dict[str, bytes]:
    """What an archive of the folder holds, the folder's own name in front."""
    return {
        f"{folder.name}/{file.relative_to(folder)}": file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def below(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
